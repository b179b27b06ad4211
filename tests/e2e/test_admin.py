# SPDX-License-Identifier: Apache-2.0
"""The command line against a server: what it prints, its exit codes, and what explains a refusal."""
import json
import os
import stat

import pytest
from support import BIN


def test_create_show_list(dev, tmp_path):
    dev.cli("resource", "create", "https://crud.example.com", "--scope", "a:read=Read it", "--scope", "a:write", "--lifetime", "10m")
    r = dev.cli_json("resource", "show", "https://crud.example.com")
    assert r["scopes"] == [{"name": "a:read", "text": "Read it"}, {"name": "a:write", "text": ""}]
    assert r["lifetime"] == 600 and r["alg"] == "RS256" and r["version"] == 1
    made = dev.cli_json("client", "create", "Orders service", "--id", "orders", "--owner", "team orders",
                        "--allow", "https://crud.example.com=a:read")
    assert made["client_id"] == "orders" and made["client_secret"].startswith("jcs_" + made["credential_id"])
    shown = dev.cli_json("client", "show", "orders")
    assert shown["name"] == "Orders service" and shown["grants"] == [{"resource": "https://crud.example.com", "scopes": ["a:read"]}]
    assert "client_secret" not in json.dumps(shown)
    assert "orders" in [c["client_id"] for c in dev.cli_json("client", "list")]
    assert dev.token("orders", made["client_secret"]).json["scope"] == "a:read"


def test_update_resource(dev):
    dev.cli("resource", "create", "urn:example:upd", "--scope", "one")
    client, secret = dev.client("upd", "--allow", "urn:example:upd=one")
    token = dev.token(client, secret).json["access_token"]
    watcher, watch = dev.client("watcher")
    ask = lambda: dev.post("/introspect", {"token": token}, auth=(watcher, watch)).body
    assert ask() == b'{"active":false}'
    dev.cli("resource", "update", "urn:example:upd", "--introspect-by", watcher, "--scope", "two=Second")
    assert json.loads(ask())["active"] is True
    dev.cli("resource", "update", "urn:example:upd", "--no-introspect-by", watcher)
    assert ask() == b'{"active":false}'
    dev.cli("resource", "update", "urn:example:upd", "--no-scope", "one")
    assert dev.post("/introspect", {"token": token}, auth="Bearer " + token).status == 401  # its scope is gone
    assert dev.cli_json("resource", "show", "urn:example:upd")["version"] == 4


def test_introspect_scope(dev):
    token = dev.token().json["access_token"]
    client, secret = dev.client("auditor", "--allow", f"{dev.issuer}=jeton:introspect")
    assert dev.post("/introspect", {"token": token}, auth=(client, secret)).json["active"] is True
    own = dev.token(client, secret, resource=dev.issuer).json["access_token"]
    assert dev.post("/introspect", {"token": token}, auth="Bearer " + own).json["active"] is True
    # never chosen by itself
    assert dev.token(client, secret).json["error"] == "invalid_target"
    # a token that an API received says nothing about others
    assert dev.post("/introspect", {"token": own}, auth="Bearer " + token).body == b'{"active":false}'


def test_secret_out(dev, tmp_path):
    f = tmp_path / "secret"
    r = dev.cli("client", "create", "out", "--allow", "https://api.example.com=api:read", "--secret-out", str(f))
    assert "jcs_" not in r.stdout + r.stderr and stat.S_IMODE(os.stat(f).st_mode) == 0o600
    assert dev.token("out", f.read_text()).status == 200
    again = dev.cli("client", "create", "out2", "--secret-out", str(f), ok=False)
    assert again.returncode != 0 and "out2" not in dev.cli("client", "list").stdout


def test_no_secret(dev):
    assert "client_secret" not in dev.cli_json("client", "create", "bare", "--no-secret")
    assert dev.token("bare", "x").json["error"] == "invalid_client"


@pytest.mark.parametrize("code,args", [
    (2, ["client", "create"]),
    (2, ["client", "create", "x", "--colour"]),
    (2, ["client", "create", "x", "--id", "not an id"]),
    (2, ["client", "create", "x", "--allow", "https://unknown.example.com=a"]),
    (2, ["client", "create", "x", "--allow", "https://api.example.com=unknown"]),
    (2, ["client", "create", "bad\u202ename"]),
    (6, ["client", "create", "demo"]),
    (4, ["client", "show", "nobody"]),
    (2, ["resource", "create", "not a uri", "--scope", "a"]),
    (2, ["resource", "create", "https://x.example.com"]),
    (2, ["resource", "create", "https://x.example.com", "--scope", "a", "--alg", "HS256"]),
    (2, ["resource", "create", "https://x.example.com", "--scope", "a", "--lifetime", "2d"]),
    (6, ["resource", "create", "https://api.example.com", "--scope", "a"]),
    (4, ["resource", "show", "https://nope.example.com"]),
    (4, ["resource", "update", "https://nope.example.com", "--lifetime", "1m"]),
    (2, ["resource", "update", "https://api.example.com", "--introspect-by", "nobody"]),
    (4, ["explain", "aaaaaaaaaaaaaaaaaaaaaaaaaa"]),
    (4, ["audit", "show", "99999999"]),
    (2, ["audit", "list", "--type", "nothing.like.it"]),
    (2, ["clint", "list"]),
    (0, ["--help"]),
    (0, ["client", "create", "--help"]),
    (0, ["version"]),
])
def test_exit_codes(dev, code, args):
    r = dev.cli(*args, ok=False)
    assert r.returncode == code, (r.returncode, r.stderr)
    assert code == 0 or (r.stderr.startswith("jeton: ") and r.stdout == "")


def test_nobody_listens(dev, tmp_path):
    r = dev.cli("client", "list", "--data", str(tmp_path), ok=False)
    assert r.returncode == 5 and "is it running" in r.stderr


def test_suggestions(dev):
    assert 'did you mean "client"' in dev.cli("clent", "list", ok=False).stderr
    assert "--allow" in dev.cli("client", "create", "x", "--alow", "y", ok=False).stderr


REFUSALS = [
    ("secret_wrong", {"auth": ("demo", "no")}, {}),
    ("client_unknown", {"auth": ("ghost", "no")}, {}),
    ("scope_unknown", {}, {"scope": "api:nothing"}),
    ("resource_unknown", {}, {"resource": "https://nowhere.example.com"}),
]


@pytest.mark.parametrize("reason,options,form", REFUSALS)
def test_explain(start, reason, options, form):
    s = start()
    a = s.post("/token", {"grant_type": "client_credentials", **form}, auth=options.get("auth", ("demo", s.secret)))
    ref = a.json["error_ref"]
    assert ref == a.headers["X-Request-Id"] and reason not in a.body.decode()
    told = s.cli_json("explain", ref)
    assert told["reason"] == reason and told["explanation"] and told["advice"]
    assert told["event"]["type"] == "token.denied" and told["event"]["ref"] == ref
    assert reason in s.cli("explain", ref).stdout
    assert s.cli_json("audit", "show", ref)["reason"] == reason


def test_flood_is_counted_and_explained(start):
    s = start()
    refs = [s.token(secret="wrong").json["error_ref"] for _ in range(60)]
    told = [s.cli_json("explain", r) for r in (refs[0], refs[-1])]
    assert told[0]["event"]["reason"] == "secret_wrong"
    counted = [t for t in (s.cli_json("explain", r) for r in refs[10:]) if "event" not in t]
    reasons = {t["reason"] for t in counted}  # after twenty wrong secrets the throttle answers
    assert "throttled" in reasons and reasons <= {"secret_wrong", "throttled"}
    single = len(s.events(type="token.denied"))
    s.stop()
    t = start(port=s.port)
    total = sum(e.get("count", 1) for e in t.events(type="denials.counted"))
    assert single + total == 60


def test_audit_list(start):
    s = start()
    for i in range(15):
        s.token(scope="api:read")
    assert len(s.events(type="token.issued")) == 15
    assert len(s.cli_json("audit", "list", "--limit", "7")) == 7
    assert len(s.cli_json("audit", "list", "--type", "token.issued", "--client", "demo")) == 15
    assert s.cli_json("audit", "list", "--client", "nobody") == []
    assert len(s.cli("audit", "list", "-o", "jsonl", "--since", "1h").stdout.splitlines()) >= 15
    assert "token.issued" in s.cli("audit", "list").stdout
    event = s.cli_json("audit", "list", "--type", "token.issued", "--limit", "1")[0]
    assert set(event) >= {"seq", "time", "type", "ref", "client_id", "credential_id", "address", "resource", "scope", "jti", "hash"}
    assert event["address"] == "127.0.0.1"


def test_hostile_names_stay_one_line(start):  # S14
    s = start()
    for name in ("a\r\nb", "a\u2028b", "\x1b[31mred", "a\"b", "é" * 40, "x" * 5000):
        s.post("/token", {"grant_type": "client_credentials", "client_id": name, "client_secret": "x"})
    out = s.cli("audit", "list", "-o", "jsonl", "--type", "token.denied").stdout
    events = [json.loads(line) for line in out.splitlines()]
    assert len(events) == 6 and "\x1b" not in out and "\u2028" not in out
    assert max(len(e["client_id"]) for e in events) <= 512
    assert "\x1b" not in s.cli("audit", "list").stdout


def test_check(dev, tmp_path):
    c = tmp_path / "c.yaml"
    c.write_text(f"server:\n  listen: [\"127.0.0.1:8443\"]\n  data: {tmp_path}/d\n")
    r = dev.cli("check", "--config", str(c))
    assert "audit" in r.stdout
