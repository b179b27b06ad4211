# SPDX-License-Identifier: Apache-2.0
"""Every administration command against a real server: table, JSON, exit codes, questions, secrets in files."""
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import time

import pytest
from support import BIN, Server

API = "https://api.example.com"


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    """A server of this file's own: it has many clients, and no other test counts them."""
    s = Server(tmp_path_factory.mktemp("cli") / "data")
    yield s
    s.stop()


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def fields(card):
    """A card as a dictionary; the lines that continue one are left out."""
    return dict(line.split(None, 1) for line in card.splitlines() if line and line[0] != " ")


def on_terminal(server, *args, answer=b""):
    """The exit code and everything shown when stdin, stdout and stderr are a terminal."""
    env = {**server.environment, "JETON_DATA": server.data}
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(BIN, [BIN, *args], env)
    shown = b""
    asked = False
    try:
        while chunk := os.read(fd, 65536):
            shown += chunk
            if not asked and b"[y/N]" in shown:
                asked = True
                os.write(fd, answer)
    except OSError:  # the other end has closed
        pass
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(), asked


# -- resources ---------------------------------------------------------------------------------------------------------
def test_resource_format_and_algorithm(dev):
    made = dev.cli_json("resource", "create", "urn:cli:opaque", "--scope", "a", "--format", "opaque", "--alg", "EdDSA")
    assert made["format"] == "opaque" and made["alg"] == "EdDSA"
    card = dev.cli("resource", "update", "urn:cli:opaque", "--format", "jwt", "--alg", "PS256", "--lifetime", "15m").stdout
    assert fields(card)["format"] == "jwt" and fields(card)["algorithm"] == "PS256" and fields(card)["lifetime"] == "15m"
    table = dev.cli("resource", "list").stdout
    assert "FORMAT" in table.splitlines()[0] and "urn:cli:opaque" in table


def test_resource_delete(dev):
    dev.cli("resource", "create", "urn:cli:gone", "--scope", "a")
    dev.client("holder", "--allow", "urn:cli:gone=a")
    r = dev.cli("resource", "delete", "urn:cli:gone", ok=False)
    assert r.returncode == 6 and "holder" in r.stderr and r.stdout == ""
    dev.cli("client", "delete", "holder")
    assert dev.cli_json("resource", "delete", "urn:cli:gone") == {"audience": "urn:cli:gone", "deleted": True}
    assert dev.cli("resource", "show", "urn:cli:gone", ok=False).returncode == 4
    assert dev.cli("resource", "delete", "urn:cli:gone", ok=False).returncode == 4
    assert dev.cli("resource", "delete", dev.issuer, ok=False).returncode == 6  # built in


# -- clients -----------------------------------------------------------------------------------------------------------
def test_client_create_with_everything(dev, tmp_path):
    out = tmp_path / "secret"
    made = dev.cli_json("client", "create", "full", "--owner", "team", "--allow", f"{API}=api:read", "--cidr", "127.0.0.0/8",
                        "--cidr", "2001:db8::1", "--label", "prod", "--expires", "90d", "--secret-out", str(out))
    assert made["secret_file"] == str(out) and "client_secret" not in made
    assert made["networks"] == ["127.0.0.0/8", "2001:db8::1"]
    credential = made["credentials"][0]
    assert credential["label"] == "prod" and credential["state"] == "active" and "expires" in credential
    assert dev.token("full", out.read_text()).status == 200
    r = dev.cli("client", "create", "bad", "--no-secret", "--label", "x", ok=False)
    assert r.returncode == 2 and "--no-secret and --label" in r.stderr


def test_client_update(dev):
    dev.client("upd", "--owner", "a", "--cidr", "10.0.0.0/8")
    r = dev.cli_json("client", "update", "upd", "--name", "Updated", "--owner", "b", "--cidr", "127.0.0.1", "--no-cidr", "10.0.0.0/8",
                     "--compat", "cidaas-or")
    assert (r["name"], r["owner"], r["networks"], r["compat"]) == ("Updated", "b", ["127.0.0.1"], ["cidaas-or"])
    card = dev.cli("client", "update", "upd", "--no-compat", "cidaas-or", "--no-cidr", "127.0.0.1/32").stdout
    assert "only from" not in card and "compatible" not in card
    r = dev.cli_json("client", "show", "upd")
    assert r["networks"] == [] and r["compat"] == [] and r["owner"] == "b"


@pytest.mark.parametrize("code,says,args", [
    (2, "nothing to change", []),
    (2, "bits set", ["--cidr", "10.1.0.1/16"]),
    (2, "--cidr takes a network", ["--cidr", "everywhere"]),
    (2, "cidaas-or", ["--compat", "cidaas-xor"]),
    (2, "empty word", ["--compat", "cidaas-or,"]),
    (4, 'no network "10.9.0.0/16"', ["--no-cidr", "10.9.0.0/16"]),
    (4, "no compatibility", ["--no-compat", "cidaas-or"]),
    (2, "did you mean --owner", ["--ownr", "x"]),
])
def test_client_update_refused(dev, code, says, args):
    if dev.cli("client", "show", "still", ok=False).returncode != 0:
        dev.client("still")
    r = dev.cli("client", "update", "still", *args, ok=False)
    assert r.returncode == code and says in r.stderr and r.stdout == ""
    assert dev.cli_json("client", "show", "still")["version"] == 1


def test_updates_at_once_all_count(dev):
    dev.client("busy")
    env = {**dev.environment, "JETON_DATA": dev.data}
    runs = [subprocess.Popen([BIN, "client", "update", "busy", "--cidr", f"10.{i}.0.0/16"], env=env, stdout=subprocess.DEVNULL)
            for i in range(3)]
    assert [r.wait(60) for r in runs] == [0, 0, 0]
    assert sorted(dev.cli_json("client", "show", "busy")["networks"]) == [f"10.{i}.0.0/16" for i in range(3)]


def test_client_enable_disable(dev):
    client, secret = dev.client("switch", "--allow", f"{API}=api:read")
    assert dev.cli_json("client", "disable", client)["enabled"] is False
    assert dev.token(client, secret).json["error"] == "invalid_client"
    r = dev.cli("client", "disable", client)
    assert "disabled already" in r.stderr and fields(r.stdout)["state"] == "disabled"
    assert dev.cli_json("client", "show", client)["version"] == 2  # nothing was changed twice
    assert fields(dev.cli("client", "enable", client).stdout)["state"] == "enabled"
    assert dev.token(client, secret).status == 200
    types = [e["type"] for e in dev.events(client_id=client)]
    assert types.count("client.disabled") == 1 and types.count("client.enabled") == 1


def test_client_delete(dev):
    client, secret = dev.client("leaver", "--allow", f"{API}=api:read")
    assert dev.cli_json("client", "delete", client, "--yes") == {"client_id": client, "deleted": True}
    assert dev.token(client, secret).json["error"] == "invalid_client"
    dev.client("leaver2")
    assert dev.cli("client", "delete", "leaver2").stdout.split() == ["deleted", "client", "leaver2"]
    dev.client("watcher2")
    dev.cli("resource", "create", "urn:cli:watched", "--scope", "a")
    dev.cli("resource", "update", "urn:cli:watched", "--introspect-by", "watcher2")
    r = dev.cli("client", "delete", "watcher2", ok=False)
    assert r.returncode == 6 and "urn:cli:watched" in r.stderr


# -- questions ---------------------------------------------------------------------------------------------------------
def test_only_a_terminal_is_asked(dev):
    dev.client("asked")
    code, shown, asked = on_terminal(dev, "client", "delete", "asked", answer=b"n\n")
    assert asked and code == 1 and "Delete client asked with its 1 credential? [y/N]" in shown
    assert dev.cli("client", "show", "asked").returncode == 0
    code, shown, asked = on_terminal(dev, "client", "delete", "asked", answer=b"y\n")
    assert asked and code == 0 and "deleted" in shown
    assert dev.cli("client", "show", "asked", ok=False).returncode == 4
    assert on_terminal(dev, "client", "delete", "asked", answer=b"y\n")[::2] == (4, False)  # nothing to ask about


@pytest.mark.parametrize("question,args", [
    ("Delete resource urn:cli:asked with its 2 scopes?", ["resource", "delete", "urn:cli:asked"]),
    ("Revoke credential nothing of client demo, with its tokens?", ["credential", "revoke", "demo", "nothing"]),
    ("Revoke key nothing: every token it signed stops being good?", ["key", "revoke", "nothing"]),
    ("Revoke all tokens of client demo?", ["revoke", "--client", "demo"]),
    ("Revoke all tokens signed with key nothing?", ["revoke", "--key", "nothing"]),
])
def test_questions(dev, question, args):
    if args[0] == "resource" and dev.cli("resource", "show", "urn:cli:asked", ok=False).returncode != 0:
        dev.cli("resource", "create", "urn:cli:asked", "--scope", "a", "--scope", "b")
    code, shown, asked = on_terminal(dev, *args, answer=b"\n")
    assert asked and code == 1 and question + " [y/N]" in shown


def test_yes_does_not_ask(dev):
    code, shown, asked = on_terminal(dev, "key", "revoke", "nothing", "--yes")
    assert code == 4 and not asked


# -- grants ------------------------------------------------------------------------------------------------------------
def test_grants(dev):
    dev.cli("resource", "create", "urn:cli:grants", "--scope", "a", "--scope", "b")
    client, secret = dev.client("grantee")
    assert dev.cli_json("grant", "list", client) == []
    r = dev.cli("grant", "list", client)
    assert r.stdout == "" and "jeton grant add" in r.stderr
    assert dev.cli_json("grant", "add", client, "urn:cli:grants", "a")["grants"] == [{"resource": "urn:cli:grants", "scopes": ["a"]}]
    dev.cli("grant", "add", client, "urn:cli:grants", "a", "b")
    dev.cli("grant", "add", client, API, "api:read")
    assert {"client_id": client, "resource": "urn:cli:grants", "scopes": ["a", "b"]} in dev.cli_json("grant", "list", client)
    assert dev.cli_json("grant", "list", client, "--resource", API) == [{"client_id": client, "resource": API, "scopes": ["api:read"]}]
    only = dev.cli_json("grant", "list", "--resource", "urn:cli:grants")
    assert [g["client_id"] for g in only] == [client]
    assert "demo" in [g["client_id"] for g in lines(dev.cli("grant", "list", "-o", "jsonl").stdout)]
    table = dev.cli("grant", "list", client).stdout.splitlines()
    assert table[0].split() == ["CLIENT", "RESOURCE", "SCOPES"] and len(table) == 3
    assert dev.token(client, secret, resource="urn:cli:grants").json["scope"] == "a b"
    card = dev.cli("grant", "remove", client, "urn:cli:grants", "b").stdout
    assert "urn:cli:grants  a\n" in card
    dev.cli("grant", "remove", client, "urn:cli:grants")
    assert [g["resource"] for g in dev.cli_json("client", "show", client)["grants"]] == [API]
    assert dev.cli("grant", "remove", client, "urn:cli:grants", ok=False).returncode == 4


@pytest.mark.parametrize("code,says,args", [
    (2, "SCOPE is missing: jeton grant add CLIENT AUDIENCE SCOPE...", ["grant", "add", "demo", API]),
    (2, "CLIENT is missing", ["grant", "add"]),
    (2, "api:nope", ["grant", "add", "demo", API, "api:nope"]),
    (2, "nope.example.com", ["grant", "add", "demo", "https://nope.example.com", "a"]),
    (4, "client", ["grant", "add", "nobody", API, "api:read"]),
    (4, "client", ["grant", "remove", "nobody", API]),
    (4, "client", ["grant", "list", "nobody"]),
    (2, "one word too many", ["grant", "list", "demo", API]),
    (2, "unknown flag --client: it stands without a flag, jeton grant list [CLIENT]", ["grant", "list", "--client", "demo"]),
    (2, "--client: it stands without a flag, jeton credential list CLIENT", ["credential", "list", "--client=demo"]),
    (2, "--scope: it stands without a flag, jeton grant add CLIENT AUDIENCE SCOPE...", ["grant", "add", "demo", API, "--scope", "a"]),
    (2, "did you mean --client-id?", ["grant", "list", "--client-i", "demo"]),
    (2, 'did you mean "client create"?', ["client", "add", "x"]),
    (2, 'did you mean "client delete"?', ["client", "rm", "x"]),
    (2, 'did you mean "client list"?', ["client", "ls"]),
    (2, 'did you mean "credential add"?', ["credential", "create", "demo"]),
    (2, 'did you mean "credential revoke"?', ["credential", "delete", "demo"]),
    (2, 'did you mean "grant remove"?', ["grant", "delete", "demo"]),
])
def test_grants_refused(dev, code, says, args):
    r = dev.cli(*args, ok=False)
    assert r.returncode == code and says in r.stderr and r.stdout == ""


def test_client_create_shows_what_was_given(dev):
    card = dev.cli("client", "create", "given", "--label", "prod", "--expires", "20d", "--rotation", "required", "--rotate-every", "30d",
                   "--cidr", "127.0.0.0/8").stdout
    for line in (r"label +prod", r"good until +\S+ \(in 20 days\)", r"only from +127\.0\.0\.0/8", r"rotation +required every 30d"):
        assert re.search(f"^{line}$", card, re.M), card
    card = dev.cli("client", "create", "plain-card").stdout
    assert not re.search("^(label|good until|only from|rotation)", card, re.M), card
    card = dev.cli("client", "create", "no-secret-card", "--no-secret", "--rotation", "allowed").stdout
    assert re.search("^rotation +allowed$", card, re.M) and "label" not in card


# -- credentials -------------------------------------------------------------------------------------------------------
def test_credential_add(dev, tmp_path):
    client, first = dev.client("adder", "--allow", f"{API}=api:read")
    out = tmp_path / "secret"
    r = dev.cli("credential", "add", client, "--secret", "--label", "staging", "--expires", "90d", "--cidr", "127.0.0.1",
                "--secret-out", str(out))
    card = fields(r.stdout)
    assert card["client"] == client and card["kind"] == "secret" and card["label"] == "staging" and "in 90 days" in r.stdout and "127.0.0.1" in r.stdout
    assert "jcs_" not in r.stdout + r.stderr and stat.S_IMODE(os.stat(out).st_mode) == 0o600
    assert not out.read_text().endswith("\n")
    assert dev.token(client, out.read_text()).status == 200 and dev.token(client, first).status == 200
    made = dev.cli_json("credential", "add", client, "--secret", "--not-before", "2099-01-01T00:00:00Z")
    assert made["state"] == "pending" and made["not_before"] == "2099-01-01T00:00:00Z" and "expires" not in made
    assert list(made)[:3] == ["client_id", "client_secret", "credential_id"]
    assert dev.token(client, made["client_secret"]).status == 401
    listed = dev.cli("credential", "list", client)
    assert listed.stdout.splitlines()[0] == "ID            KIND    LABEL    STATE    EXPIRES                         LAST USED  BY  USES (24H)  NAME"
    assert [line.split()[-2:] for line in listed.stdout.splitlines()[2:]] == [["0", "(0)"]] * 2
    assert f"hint: {made['credential_id']} is not good yet: it begins 2099-01-01T00:00:00Z (in " in listed.stderr


def test_a_file_that_exists_is_kept(dev, tmp_path):
    client, _ = dev.client("keeper")
    out = tmp_path / "secret"
    out.write_text("mine")
    for verb in (["add", client, "--secret"], ["rotate", client]):
        r = dev.cli("credential", *verb, "--secret-out", str(out), ok=False)
        assert r.returncode == 6 and str(out) in r.stderr and out.read_text() == "mine"
    assert len(dev.cli_json("credential", "list", client)) == 1
    missing = tmp_path / "no" / "secret"
    assert dev.cli("credential", "rotate", client, "--secret-out", str(missing), ok=False).returncode == 1
    gone = tmp_path / "gone"
    assert dev.cli("credential", "rotate", "nobody", "--secret-out", str(gone), ok=False).returncode == 4
    assert not gone.exists()  # nothing is left of a secret that was not made


def test_rotation_with_overlap(dev):
    client, old = dev.client("turner", "--allow", f"{API}=api:read", "--label", "prod")
    card = dev.cli("credential", "rotate", client, "--overlap", "2h")
    new = fields(card.stdout)["secret"]
    assert "retiring, good until" in card.stdout and "(in 2 h)" in card.stdout and "only this once" in card.stderr
    assert dev.token(client, old).status == 200
    shown = {c["state"]: c for c in dev.cli_json("credential", "list", client)}
    assert set(shown) == {"active", "retiring"} and shown["active"]["label"] == "prod"
    first = dev.cli("credential", "list", client)
    assert first.stdout.splitlines()[0].split("  ")[0] == "ID" and "not used yet either: keep it" in first.stderr or "still used" in first.stderr
    assert dev.token(client, new).status == 200
    deadline = time.monotonic() + 30
    while "uses" not in shown["active"] or shown["active"]["uses"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        shown = {c["state"]: c for c in dev.cli_json("credential", "list", client)}
    r = dev.cli("credential", "list", client)
    assert f"{shown['retiring']['credential_id']} (prod) still used" in r.stderr and "from 127.0.0.1" in r.stdout
    assert "hint" not in r.stdout


def test_a_credential_that_can_go(dev):
    client, _ = dev.client("mover", "--allow", f"{API}=api:read")
    made = dev.cli_json("credential", "rotate", client)
    old = made["replaced"][0]["credential_id"]
    assert "not used yet either: keep it" in dev.cli("credential", "list", client).stderr
    assert dev.token(client, made["client_secret"]).status == 200
    deadline = time.monotonic() + 30
    while "safe to retire" not in (hint := dev.cli("credential", "list", client).stderr):
        assert time.monotonic() < deadline, hint
        time.sleep(0.5)
    assert f"jeton credential revoke {client} {old}" in hint
    assert dev.cli_json("credential", "revoke", client, old)["state"] == "revoked"
    assert "hint" not in dev.cli("credential", "list", client).stderr


def test_rotation_now(dev):
    client, old = dev.client("leaked", "--allow", f"{API}=api:read")
    made = dev.cli_json("credential", "rotate", client, "--now", "--expires", "30d")
    assert made["replaced"][0]["state"] == "revoked"
    assert dev.token(client, old).status == 401 and dev.token(client, made["client_secret"]).status == 200
    r = dev.cli("credential", "rotate", client, "--label", "typo", ok=False)
    assert r.returncode == 6 and "nothing would end" in r.stderr and '"" (none)' in r.stderr
    dev.cli("credential", "add", client, "--secret", "--label", "other")
    r = dev.cli("credential", "rotate", client, ok=False)
    assert r.returncode == 6 and "other" in r.stderr  # several labels: name one


def test_credential_revoke(dev):
    client, secret = dev.client("revoked", "--allow", f"{API}=api:read")
    token = dev.token(client, secret).json["access_token"]
    bearer = lambda: dev.post("/introspect", {"token": token}, auth="Bearer " + token).status
    assert bearer() == 200
    cid = dev.cli_json("client", "show", client)["credentials"][0]["credential_id"]
    assert f"{cid}  secret  revoked" in dev.cli("credential", "revoke", client, cid).stdout
    assert dev.cli_json("credential", "revoke", client, cid, "--yes")["state"] == "revoked"
    assert dev.token(client, secret).status == 401 and bearer() == 401


@pytest.mark.parametrize("code,says,args", [
    (2, "--secret", ["add", "demo"]),
    (2, "--expires takes a time", ["add", "demo", "--secret", "--expires", "tomorrow"]),
    (2, "expires", ["add", "demo", "--secret", "--expires", "2020-01-01T00:00:00Z"]),
    (2, "--not-before takes a time", ["add", "demo", "--secret", "--not-before", "2026-12"]),
    (2, "--overlap takes a duration", ["rotate", "demo", "--overlap", "a while"]),
    (2, "exclude each other", ["rotate", "demo", "--overlap", "1h", "--now"]),
    (2, "ID is missing: jeton credential revoke CLIENT ID", ["revoke", "demo"]),
    (4, "credential", ["revoke", "demo", "nothing"]),
    (4, "client", ["add", "nobody", "--secret"]),
    (4, "client", ["list", "nobody"]),
    (4, "client", ["rotate", "nobody"]),
    (2, 'did you mean "credential rotate"', ["rotat", "demo"]),
])
def test_credentials_refused(dev, code, says, args):
    r = dev.cli("credential", *args, ok=False)
    assert r.returncode == code and says in r.stderr and r.stdout == ""


# -- keys --------------------------------------------------------------------------------------------------------------
def test_key_show(dev):
    kid = dev.cli_json("key", "list")[0]["kid"]
    pem = dev.cli("key", "show", "--pem", kid).stdout
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n") and pem.endswith("-----END PUBLIC KEY-----\n")
    shown = dev.cli_json("key", "show", kid)
    assert shown["pem"] == pem and shown["jwk"]["kid"] == kid and "d" not in shown["jwk"]
    assert fields(dev.cli("key", "show", kid).stdout)["key"] == kid
    assert dev.cli("key", "show", "nothing", ok=False).returncode == 4
    r = dev.cli("key", "show", "--pem", "-o", "json", kid, ok=False)
    assert r.returncode == 2 and "exclude" in r.stderr


def test_key_life(start):
    s = start(env={"JETON_KEYS_PUBLISH_WAIT": "2s"})
    first = s.cli_json("key", "list")[0]
    assert first["state"] == "active" and first["alg"] == "RS256"
    r = s.cli("key", "retire", first["kid"], ok=False)
    assert r.returncode == 6 and r.stdout == ""  # nothing would sign
    second = s.cli_json("key", "rotate")[0]
    assert second["alg"] == "RS256" and second["state"] == "published" and second["kid"] != first["kid"]
    es = lines(s.cli("key", "rotate", "--alg", "ES256", "-o", "jsonl").stdout)
    assert [k["alg"] for k in es] == ["ES256"]
    table = s.cli("key", "list").stdout.splitlines()
    assert table[0].split("  ")[0] == "KID" and [row.split()[1] for row in table[1:]] == ["ES256", "RS256", "RS256"]
    deadline = time.monotonic() + 30
    while s.cli("key", "retire", first["kid"], ok=False).returncode != 0:
        states = {k["kid"]: k["state"] for k in s.cli_json("key", "list")}
        if states[first["kid"]] == "retiring":  # the server was faster
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    states = {k["kid"]: k["state"] for k in s.cli_json("key", "list")}
    assert states[first["kid"]] == "retiring" and states[second["kid"]] == "active"
    ended = s.cli_json("key", "revoke", second["kid"])
    assert ended["state"] == "revoked" and ended["kid"] == second["kid"]
    assert s.cli("key", "revoke", second["kid"], ok=False).returncode == 6


def test_key_revoke_ends_tokens(start):
    s = start()
    token = s.token().json["access_token"]
    bearer = lambda: s.post("/introspect", {"token": token}, auth="Bearer " + token).status
    assert bearer() == 200
    card = fields(s.cli("key", "revoke", "--yes", s.cli_json("key", "list")[0]["kid"]).stdout)
    assert card["state"] == "revoked" and card["signs"].startswith("now ")
    assert bearer() == 401 and s.token().status == 200


@pytest.mark.parametrize("code,says,args", [
    (2, "alg", ["rotate", "--alg", "HS256"]),
    (4, "no signing key", ["retire", "nothing"]),
    (4, "no signing key", ["revoke", "nothing"]),
    (2, "KID is missing: jeton key show KID", ["show"]),
    (2, "put -- before it", ["show", "-kid"]),
    (2, "one word too many", ["list", "x"]),
])
def test_keys_refused(dev, code, says, args):
    r = dev.cli("key", *args, ok=False)
    assert r.returncode == code and says in r.stderr and r.stdout == ""


def test_rekey(start):
    s = start()
    before = open(os.path.join(s.data, "master.key"), "rb").read()
    assert s.cli_json("rekey")["data_keys"] > 0
    assert open(os.path.join(s.data, "master.key"), "rb").read() != before
    assert "new master key" in s.cli("rekey").stdout
    s.stop()
    again = start(port=s.port)
    assert again.token().status == 200


# -- revocations -------------------------------------------------------------------------------------------------------
def test_revoke(start):
    s = start()
    cid = s.cli_json("client", "show", "demo")["credentials"][0]["credential_id"]
    kid = s.cli_json("key", "list")[0]["kid"]
    for flag in ("jti", "client", "credential", "key"):
        token = s.token().json["access_token"]
        jti = s.events(type="token.issued")[0]["jti"]
        name = {"jti": jti, "client": "demo", "credential": cid, "key": kid}[flag]
        bearer = lambda: s.post("/introspect", {"token": token}, auth="Bearer " + token).status
        assert bearer() == 200
        r = s.cli("revoke", f"--{flag}={name}")
        assert fields(r.stdout)["revoked"].endswith(name) and bearer() == 401
        assert ("tokens issued from now on are good" in r.stderr) == (flag != "jti")
        assert s.cli_json("revoke", f"--{flag}={name}")["revoked"] == flag
    assert s.token().status == 200  # new ones are good


@pytest.mark.parametrize("code,says,args", [
    (2, "exclude each other", ["--jti", "a", "--client", "demo"]),
    (2, "jti", ["--jti", "not-one-of-ours"]),
    (4, "client", ["--client", "nobody"]),
    (4, "credential", ["--credential", "nothing"]),
    (4, "key", ["--key", "nothing"]),
])
def test_revoke_refused(dev, code, says, args):
    r = dev.cli("revoke", *args, ok=False)
    assert r.returncode == code and says in r.stderr and r.stdout == ""


# -- the audit log -----------------------------------------------------------------------------------------------------
def test_audit_between_times(dev):
    dev.token()
    assert dev.cli_json("audit", "list", "--since", "1h", "--limit", "1") != []
    assert dev.cli_json("audit", "list", "--until", "1h") == []
    assert dev.cli_json("audit", "list", "--since", "2020-01-01T00:00:00Z", "--until", "2021-01-01T00:00:00Z") == []
    assert dev.cli_json("audit", "list", "--since", "2020-01-01T00:00:00Z", "--limit", "1") != []
    for flag in ("--since", "--until"):
        r = dev.cli("audit", "list", flag, "yesterday", ok=False)
        assert r.returncode == 2 and f"{flag} takes a time" in r.stderr


def test_audit_export(start):
    s = start()
    for _ in range(12):
        s.token()
    s.token(secret="wrong")
    events = lines(s.cli("audit", "export").stdout)
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1)) and len(events) >= 13
    issued = lines(s.cli("audit", "export", "--type", "token.issued", "--client", "demo").stdout)
    assert len(issued) == 12 and issued[0]["seq"] < issued[-1]["seq"]
    assert json.loads(s.cli("audit", "export", "-o", "json").stdout)[: len(events)] == events
    assert s.cli("audit", "export", "--until", "1h").stdout == ""


def test_audit_export_has_all_pages(start):
    s = start()
    connection = s.connect()
    for _ in range(1100):
        s.token(connection=connection)
    events = lines(s.cli("audit", "export").stdout)
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1)) and len(events) > 1100


class Tail:
    def __init__(self, server, *args):
        # a shell that starts the tests in the background has SIGINT ignored, and that is inherited
        self.p = subprocess.Popen([BIN, "audit", "tail", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**server.environment, "JETON_DATA": server.data},
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.rest = b""

    def line(self, timeout=20):
        while b"\n" not in self.rest:
            assert select.select([self.p.stdout], [], [], timeout)[0], "nothing came"
            chunk = os.read(self.p.stdout.fileno(), 65536)
            assert chunk, self.p.stderr.read()
            self.rest += chunk
        text, _, self.rest = self.rest.partition(b"\n")
        return text.decode()

    def end(self, number=signal.SIGINT):
        self.p.send_signal(number)
        code = self.p.wait(20)
        self.p.stdout.close()
        self.p.stderr.close()
        return code


def test_audit_tail(start):
    s = start()
    for _ in range(4):
        s.token()
    tail = Tail(s, "-n", "2", "-o", "jsonl", "--type", "token.issued")
    seen = [json.loads(tail.line())["seq"] for _ in range(2)]
    assert seen == sorted(seen) and seen == [e["seq"] for e in s.events(type="token.issued")][1::-1]
    for _ in range(3):
        s.token(secret="wrong")
        s.token()
    seen += [json.loads(tail.line())["seq"] for _ in range(3)]
    assert seen == [e["seq"] for e in s.events(type="token.issued")][4::-1]
    assert tail.end() == -signal.SIGINT


def test_audit_tail_as_text(start):
    s = start()
    s.token(secret="wrong")
    tail = Tail(s, "-n", "1")
    assert "token.denied" in (text := tail.line()) and "secret_wrong" in text and "demo" in text
    s.token()
    assert "token.issued" in tail.line()
    s.stop()  # a server that has gone ends it, with the code for that
    assert tail.p.wait(20) == 5
    tail.end()


def test_audit_tail_ends_with_its_reader(start):
    s = start()
    tail = Tail(s, "-n", "1")
    tail.line()
    tail.p.stdout.close()
    assert tail.p.wait(20) in (0, -signal.SIGPIPE)  # without waiting for the next event
    tail.p.stderr.close()


def test_audit_tail_refused(dev):
    for n in ("1001", "-1", "many"):
        r = dev.cli("audit", "tail", "-n", n, ok=False)
        assert r.returncode == 2 and "-n takes a number" in r.stderr
    assert dev.cli("audit", "tail", "--type", "nothing.like.it", ok=False).returncode == 2


# -- why ---------------------------------------------------------------------------------------------------------------
def test_why(dev):
    before = len(dev.events())
    told = dev.cli_json("why", "demo", API, "api:read")
    assert told["decision"] == "granted" and told["scope"] == "api:read" and told["expires_in"] == 3600
    assert told["claims"]["aud"] == API and told["claims"]["sub"] == "demo" and "jti" not in told["claims"]
    card = dev.cli("why", "demo", "-").stdout
    assert fields(card)["decision"] == "granted" and "api:read api:write" in card and "1h" in card
    refused = dev.cli("why", "demo", API, "api:nothing").stdout
    assert fields(refused)["reason"] == "scope_unknown" and "what to do" in refused and "claims" not in refused
    assert dev.cli_json("why", "nobody", API)["reason"] == "client_unknown"
    assert len(dev.events()) == before  # asking leaves nothing
    r = dev.cli("why", "demo", API, "--from", "nowhere", ok=False)
    assert r.returncode == 2 and "--from takes an address" in r.stderr


def test_why_from_an_address(dev):
    dev.client("boxed", "--allow", f"{API}=api:read", "--cidr", "10.0.0.0/8")
    assert dev.cli_json("why", "boxed", API, "--from", "10.1.2.3")["decision"] == "granted"
    told = dev.cli_json("why", "boxed", API, "--from", "192.0.2.1")
    assert told["decision"] == "refused" and told["explanation"] and told["advice"]


# -- help --------------------------------------------------------------------------------------------------------------
def test_every_command_has_help(dev):
    words = [line.split("  ")[1].strip() for line in dev.cli("--help").stdout.splitlines() if line.startswith("  ") and line[2] > "9"]
    assert len(words) > 35 and "credential rotate" in " ".join(words)
    for word in words:
        name = [w for w in word.split() if w.islower()][:2]
        text = dev.cli(*name, "--help").stdout
        assert text.splitlines()[0].endswith(".") and "\nExamples\n" in text and "\nUsage\n  jeton " in text
