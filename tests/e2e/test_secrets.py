# SPDX-License-Identifier: Apache-2.0
"""No secret and no token in any log, event, database, output or argument list (S15)."""
import base64
import os
import urllib.parse

from support import basic


def forms_of(secret):
    raw = secret.encode()
    yield raw
    yield urllib.parse.quote(secret, safe="").encode()
    yield raw.hex().encode()
    for pad in (b"", b"x", b"xx"):  # the three alignments of base64
        text = base64.b64encode(pad + raw)
        yield text[4:-4]


def test_canary(start):
    s = start(env={"JETON_LOG_LEVEL": "debug"})
    client, secret = s.client("canary", "--allow", "https://api.example.com=api:read")
    wrong = "wrong-Secret-canary-5e1f0c"
    token = s.token(client, secret).json["access_token"]
    form = {"grant_type": "client_credentials"}
    for i in range(25):
        s.token(client, secret)
        s.token(client, wrong)
        s.token("ghost", secret)
        s.post("/token", {**form, "client_id": client, "client_secret": secret, "scope": "x y"})
        s.post(f"/token?client_secret={secret}", form)
        s.post("/token", body=f"grant_type=client_credentials&client_secret={secret}%zz")
        s.post("/token-srv/token", body=f'{{"client_secret":"{secret}","client_secret":1}}', content_type="application/json")
        s.post("/introspect", {"token": token}, auth="Bearer " + token + ("x" if i % 2 else ""))
        s.post("/introspect", {"token": token, "client_id": client, "client_secret": secret})
        s.get(f"/nowhere/{secret}?t={token}", Authorization=basic(client, secret), X_Other=secret)
    s.cli("client", "list")
    s.cli("client", "show", client)
    listed = s.cli("audit", "list", "-o", "json", "--limit", "1000").stdout
    cmdline = open(f"/proc/{s.process.pid}/cmdline", "rb").read()
    s.stop()
    places = {"stderr": s.stderr().encode(), "audit list": listed.encode(), "arguments": cmdline,
              "stdout": s.process.stdout.read()}  # after the first line, which says the demo client's
    for name in os.listdir(s.data):
        if name != "dev.json" and os.path.isfile(os.path.join(s.data, name)):
            places[name] = open(os.path.join(s.data, name), "rb").read()
    assert {"jeton.db", "audit.db", "master.key"} <= set(places)
    canaries = {"secret": secret, "wrong secret": wrong, "demo secret": s.secret, "signature": token.rsplit(".", 1)[1], "payload": token.split(".")[1]}
    found = [(what, where) for what, value in canaries.items() for where, text in places.items() for f in forms_of(value) if f in text]
    assert not found
