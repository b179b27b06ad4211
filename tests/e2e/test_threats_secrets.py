# SPDX-License-Identifier: Apache-2.0
"""What is written down: hostile text stays one escaped line, and secrets stay out of every place (S14, S15)."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unicodedata
import urllib.parse

import jwt
import pytest
from support import BIN, ROOT, Server, basic, free_port, until
from threats import API, call, connect, events_after, last_seq, still_serves

GRANT = "grant_type=client_credentials"
REST = "https://o.example.com"


def vectors(name):
    """A file of the vectors kept outside the repository, or None."""
    f = pathlib.Path(os.environ.get("JETON_VECTORS", ROOT.parent / "shared" / "vectors")) / name
    return f if f.exists() else None


@pytest.fixture(scope="module")
def s(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("secrets") / "data", dev=False, env={"JETON_LOG_LEVEL": "debug", "JETON_AUDIT_INTROSPECTION": "each"})
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", REST, "--scope", "r", "--format", "opaque")
    s.good = s.client("good", "--allow", f"{API}=r")
    yield s
    s.stop()


# -- S14 -------------------------------------------------------------------------------------------------------------
NASTY = ["\r\n{\"seq\":1,\"type\":\"token.issued\"}", "\n", "\r", "\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\u009b31m", "\u2028", "\u2029", "\u0085", "\u202e", "\u200b", "\ufeff", "\x7f", "\x08" * 20,
         '"', "\\", "\\n", '"}', "'", "%s%s%n%x", "%00", "${jndi:ldap://x/a}", "{{7*7}}", "<script>", "`id`", "$(id)", "; rm -rf /", "\t", "a" * 12000, "\U0001f4a9", "\ud7ff", "\uffff", "ﷺ" * 400, "../" * 50, "NaN", "-1", "null",
         "1795512600.123 info     token.issued client=admin", "\u0000"]


def strings():
    f = vectors("blns/blns.json")
    return NASTY + [b for b in json.loads(f.read_text()) if "\0" not in b] if f else NASTY


def one_line(text):
    """Of JSON lines: each is whole, ASCII control characters, C1 and line separators are escaped in all of them."""
    for line in text.splitlines():
        json.loads(line)
    for c in set(text) - {"\n"}:
        assert unicodedata.category(c) not in ("Cc", "Zl", "Zp"), f"U+{ord(c):04X}"
    return [json.loads(line) for line in text.splitlines()]


def test_s14_hostile_text_is_data(s):
    """In each place that a stranger or a client can fill: one event for each request, and each event one line."""
    all_ = strings()
    if len(all_) == len(NASTY):
        print("without the list of naughty strings: its folder of vectors is absent")
    before = last_seq(s)
    sent = 0
    c = connect(s)
    for i, bad in enumerate(all_):
        q = urllib.parse.quote(bad, errors="surrogatepass")
        bodies = [(f"{GRANT}&client_id={q}&client_secret=x", []), (f"{GRANT}&scope={q}", [("Authorization", basic(*s.good))]),
                  (f"{GRANT}&resource={q}", [("Authorization", basic(*s.good))])]
        for body, headers in bodies if i < 60 else bodies[i % 3:i % 3 + 1]:
            if sent % 8 == 0:
                c.close()
                c = connect(s)  # from another network: floods are counted, not recorded singly
            a = call(c, body=body.encode(), headers=[*headers, ("User-Agent", "x"), ("X-Request-Id", "mine")])
            sent += 1
            assert a.status in (200, 400, 401) and a.headers["X-Request-Id"] != "mine"
            if a.headers["Connection"] == "close":
                c.close()
                c = connect(s)
    c.close()
    told = events_after(s, before)
    assert len(told) == sent, (len(told), sent)
    assert all(len(e["client_id"]) <= 512 and len(e["resource"]) <= 512 and len(e["scope"]) <= 4096 for e in told)
    assert len(one_line(s.cli("audit", "export").stdout)) >= sent
    for line in s.cli("audit", "list", "-o", "jsonl", "--limit", "1000").stdout.splitlines():
        json.loads(line)
    table = s.cli("audit", "list", "--limit", "1000").stdout
    assert not [c for c in set(table) - {"\n"} if unicodedata.category(c) in ("Cc", "Zl", "Zp")]
    assert len(table.splitlines()) <= 1001
    one_line("\n".join(line for line in s.stderr().splitlines() if line.startswith("{")))
    assert "token.issued client=admin" not in s.stderr()
    still_serves(s, connect(s))


# -- S15 -------------------------------------------------------------------------------------------------------------
def forms_of(secret):
    """As it is, in hex, escaped, reversed, and in both alphabets of base64 at each of three alignments."""
    raw = secret.encode()
    yield raw
    yield raw[::-1]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield "".join(f"%{b:02x}" for b in raw).encode()
    yield "".join(f"%{b:02X}" for b in raw).encode()
    yield "".join(f"\\u{b:04x}" for b in raw).encode()
    yield raw.decode().encode("utf-16-le")
    if urllib.parse.quote(secret, safe="") != secret:
        yield urllib.parse.quote(secret, safe="").encode()
    for pad in (b"", b"x", b"xx"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(pad + raw)
            yield text[4:-4]


def everything(s, admin=()):
    """All that is written or shown, by place."""
    places = {"log": s.stderr().encode()}
    for name in os.listdir(s.data):
        path = os.path.join(s.data, name)
        if os.path.isfile(path) and name != "master.key":
            places[name] = open(path, "rb").read()
    for args in (["audit", "list", "--limit", "1000"], ["audit", "export"], ["client", "list", "-o", "json"], ["resource", "list", "-o", "json"], ["key", "list", "-o", "json"],
                 *(["client", "show", c, "-o", "json"] for c in admin), *(["credential", "list", c, "-o", "json"] for c in admin)):
        places[" ".join(args)] = s.cli(*args).stdout.encode()
    for path in ("/clients", "/resources", "/keys", "/audit?limit=1000", "/grants"):
        places["GET " + path] = s.api("GET", path).body
    for name in ("cmdline", "environ", "comm", "status", "maps"):
        places["/proc/" + name] = pathlib.Path(f"/proc/{s.process.pid}/{name}").read_bytes()
    return places


def test_s15_no_secret_anywhere(s):
    """200 requests that carry secrets where they belong and where they do not, at level debug."""
    name, secret = s.client("canary", "--allow", f"{API}=r", "--allow", f"{REST}=r")
    added = s.ask("POST", f"/clients/{name}/credentials", {"kind": "secret", "label": "second"})["client_secret"]
    rotated = s.ask("POST", f"/clients/{name}/credentials/rotate", {"label": "second"}, status=201)["client_secret"]
    wrong = "wrong-Secret/canary+5e1f0c-d2a8"
    token, opaque = (s.token(name, secret, resource=r).json["access_token"] for r in (API, REST))
    canaries = {"secret": secret, "random part": secret.split("_")[2], "second": added, "rotated": rotated, "wrong": wrong, "signature": token.rsplit(".", 1)[1], "payload": token.split(".")[1], "opaque": opaque}
    q = {k: urllib.parse.quote(v, safe="") for k, v in canaries.items()}
    shapes = [
        ("/token", f"{GRANT}", [("Authorization", basic(name, secret))]), ("/token", f"{GRANT}&client_id={name}&client_secret={q['secret']}&resource={API}", []),
        ("/token", GRANT, [("Authorization", basic(name, wrong))]), ("/token", GRANT, [("Authorization", basic("ghost", secret))]), ("/token", GRANT, [("Authorization", basic(secret, name))]),
        ("/token", f"{GRANT}&client_id={q['secret']}&client_secret={name}", []), ("/token", f"{GRANT}&client_id={name}&client_secret={q['wrong']}&scope=x", []),
        ("/token", f"{GRANT}&scope={q['secret']}", [("Authorization", basic(*s.good))]), ("/token", f"{GRANT}&resource={q['opaque']}", [("Authorization", basic(*s.good))]),
        (f"/token?client_secret={q['secret']}&x={q['opaque']}", GRANT, []), (f"/nowhere/{q['secret']}", "", []), ("/token", f"grant_type={q['secret']}", [("Authorization", basic(name, rotated))]),
        ("/token", f"{GRANT}&client_secret={q['secret']}&client_secret={q['second']}", []), ("/token", f"{GRANT}&client_secret={q['secret']}%zz", []), ("/token", f"{GRANT}&{q['secret']}={q['secret']}&{q['secret']}=", []),
        ("/token-srv/token", json.dumps({"client_secret": secret, "grant_type": ["x"]}), [("Content-Type", "application/json")]), ("/introspect", f"token={token}", [("Authorization", "Bearer " + token)]),
        ("/introspect", f"token={opaque}", [("Authorization", basic(name, secret))]), ("/introspect", f"token={opaque}", [("Authorization", "Bearer " + opaque)]), ("/introspect", f"token={token}x", [("Authorization", "Bearer " + token + "x")]),
        ("/introspect", f"token={q['secret']}", [("Authorization", basic(name, wrong))]), ("/revoke", f"token={q['secret']}&token_type_hint={q['second']}", [("Authorization", basic(name, secret))]),
        ("/token", GRANT, [("Authorization", "Bearer " + opaque)]), ("/token", GRANT, [("Authorization", "Basic " + secret)]), ("/token", GRANT, [("Authorization", f"Digest {secret}")]),
        ("/token", GRANT, [("X-Secret", secret), ("Cookie", f"s={opaque}"), ("Authorization", basic(name, added))]), ("/livez", secret, [("Authorization", basic(name, secret))]),
    ]
    for i in range(270):
        path, body, headers = shapes[i % len(shapes)]
        c = connect(s)
        a = call(c, path=path, body=body.encode(), headers=headers)
        assert a.status in (200, 400, 401, 404, 405)
        shown = (a.body + str(a.headers).encode()) if b"access_token" not in a.body else b""
        for what in ("secret", "second", "rotated", "wrong", "opaque"):
            assert canaries[what].encode() not in shown, (what, path, a)
        c.close()
    s.raw(f"GET /{secret} HTTP/1.1\r\nHost: {opaque}\r\nA : {secret}\r\n\r\n".encode())
    assert s.post("/revoke", {"token": opaque}, auth=(name, secret)).status == 200
    assert until(lambda: s.events(type="token.revoked"))
    places = everything(s, [name])
    assert {"log", "jeton.db", "audit.db", "audit export", "/proc/environ"} <= set(places) and all(len(t) > 0 for t in places.values())
    found = [(what, where) for what, value in canaries.items() for where, text in places.items() for f in forms_of(value) if f in text]
    assert not found
    assert b"canary" in places["audit.db"] + places["audit.db-wal"]  # the search finds what is there


def test_s15_no_secret_of_the_command_line(s, tmp_path):
    """Commands take secrets from files, standard input and the environment only, and print none that they were not asked for."""
    secret_file = tmp_path / "secret"
    secret_file.write_text(s.good[1])
    r = subprocess.run([BIN, "token", "--secret", s.good[1]], capture_output=True, text=True, timeout=30)
    assert r.returncode == 2 and s.good[1] not in r.stdout + r.stderr
    for verb in ("token", "introspect", "revoke"):
        r = subprocess.run([BIN, verb, "--help"], capture_output=True, text=True, timeout=30)
        assert "--secret-file" in r.stdout and not re.search(r"--(client-)?secret[ =]", r.stdout)
    r = subprocess.run([BIN, "token", "--issuer", s.issuer, "--client-id", "good", "--secret-file", str(secret_file), "--scope", "nope"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 1 and s.good[1] not in r.stdout + r.stderr


def test_s15_private_files(s):
    """Nothing of the data directory can be read by anybody else, the socket included."""
    assert os.stat(s.data).st_mode & 0o077 == 0
    for name in os.listdir(s.data):
        assert os.lstat(os.path.join(s.data, name)).st_mode & 0o077 == 0, name


def without_sanitizers():
    """The program as it is installed; sanitizers need a process that can be looked into."""
    for binary in (BIN, ROOT / "build-release" / "jeton", ROOT / "build" / "jeton"):
        f = pathlib.Path(binary)
        if f.exists() and not any(mark in f.read_bytes() for mark in (b"__asan_init", b"__tsan_init")):
            return f
    pytest.skip("no build without sanitizers")


def test_s15_no_core_and_no_debugger():
    """RLIMIT_CORE is 0, and the kernel holds the process for not dumpable: its memory is not for its own user."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be another user")
    binary, other = without_sanitizers(), {"user": 65534, "group": 65534, "extra_groups": []}
    with tempfile.TemporaryDirectory() as home:  # where the other user gets to, other than pytest's own
        os.chown(home, 65534, 65534)
        shutil.copy(binary, f"{home}/jeton")
        p = subprocess.Popen([f"{home}/jeton", "serve", "--data", f"{home}/data", "--listen", f"127.0.0.1:{free_port()}"], stderr=subprocess.PIPE, env={}, **other)
        try:
            assert until(lambda: os.path.exists(f"{home}/data/admin.sock"), 60)
            limits = pathlib.Path(f"/proc/{p.pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
            for name in ("mem", "environ", "maps", "auxv", "io"):
                assert os.stat(f"/proc/{p.pid}/{name}").st_uid == 0, name  # root's since it is not dumpable (proc(5))
            for name in ("mem", "environ", "maps"):
                r = subprocess.run(["head", "-c", "1", f"/proc/{p.pid}/{name}"], capture_output=True, **other)
                assert r.returncode != 0 and b"Permission denied" in r.stderr, name
        finally:
            p.terminate()
            p.communicate(timeout=30)
        assert p.returncode == 0


def test_s15_tokens_say_only_what_they_must(s):
    """RFC 9068: no name, owner, address or credential of the client in a token."""
    t = s.token(*s.good).json["access_token"]
    assert set(jwt.decode(t, options={"verify_signature": False})) == {"iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti"}
    assert set(jwt.get_unverified_header(t)) == {"alg", "typ", "kid"}
