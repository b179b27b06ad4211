# SPDX-License-Identifier: Apache-2.0
"""admin.listen: who may administer from elsewhere, what, and what is written down about it (threat S17)."""
import http.client
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest
from certs import Maker, context
from far import SCOPES, Far
from support import BIN, ROOT, Server, basic, free_port, jti, until
from threats import elsewhere

DOC = json.loads((ROOT / "api/openapi.json").read_text())
API = "https://api.example.com"


def needed(op):
    """The scope that an operation names; None: it is for everybody."""
    return next((s["administrator"][0] for s in op.get("security", []) if "administrator" in s), None)


# Every operation of the administration with the scope that it needs.
ROUTES = [(method.upper(), re.sub(r"{\w+}", "none", path), needed(op)) for path, item in DOC["paths"].items()
          for method, op in item.items() if "operationId" in op and (path.startswith("/admin/") or path == "/metrics")]


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    f = Far(tmp_path_factory.mktemp("far"))
    yield f
    f.s.stop()


@pytest.fixture(scope="module")
def proofs(far):
    """What a caller shows, the scopes that it stands for, and the reason of the refusal when that is none."""
    tokens = {s: far.admin(s.replace(":", "-"), s) for s in (*SCOPES, "jeton:introspect")}
    both = far.admin("reader-and-auditor", "jeton:read", "jeton:audit")
    revoked, disabled = far.admin("revoked", "jeton:admin"), far.admin("disabled", "jeton:admin")
    taken = far.admin("taken", "jeton:admin")
    far.s.cli("revoke", "--jti", jti(revoked))
    far.s.cli("client", "disable", "disabled")
    far.s.cli("grant", "remove", "taken", far.s.issuer)
    opaque = far.s.token(scope="api:read").json["access_token"]
    other = Maker(far.maker.folder)
    other.n = 100
    foreign_ca = other.ca("/CN=Administrators")  # the same name, another key
    return {
        "nothing": ({}, (), "admin_proof"),
        "Basic": ({"headers": [("Authorization", basic("demo", far.s.secret))]}, (), "admin_proof"),
        "garbage": ({"token": "garbage"}, (), "bearer_invalid"),
        "malformed": ({"token": "a b"}, (), "admin_proof"),
        "a token with another signature": ({"token": tokens["jeton:admin"][:-6] + "AAAAAA"}, (), "bearer_invalid"),
        "a token of an API": ({"token": opaque}, (), "bearer_audience"),
        "a revoked token": ({"token": revoked}, (), "bearer_invalid"),
        "a disabled client's": ({"token": disabled}, (), "bearer_invalid"),
        "a token whose grant was taken": ({"token": taken}, (), "bearer_invalid"),
        "jeton:introspect": ({"token": tokens["jeton:introspect"]}, ("jeton:introspect",), None),
        "jeton:read": ({"token": tokens["jeton:read"]}, ("jeton:read",), None),
        "jeton:audit": ({"token": tokens["jeton:audit"]}, ("jeton:audit",), None),
        "read and audit": ({"token": both}, ("jeton:read", "jeton:audit"), None),
        "jeton:admin": ({"token": tokens["jeton:admin"]}, SCOPES, None),
        "certificate": ({"cert": far.cert}, SCOPES, None),
        "of an unknown CA": ({"cert": other.client(foreign_ca, "/O=Acme/CN=ops")}, (), "admin_certificate"),
        "self-signed": ({"cert": other.make("/O=Acme/CN=ops")}, (), "admin_certificate"),
        "expired": ({"cert": other.client(far.ca, "/O=Acme/CN=ops", days=-1)}, (), "admin_certificate"),
        "of a server": ({"cert": other.client(far.ca, "/O=Acme/CN=ops", usage="serverAuth")}, (), "admin_certificate"),
        "certificate and a lesser token": ({"cert": far.cert, "token": tokens["jeton:read"]}, ("jeton:read",), None),
        "certificate and a revoked token": ({"cert": far.cert, "token": revoked}, (), "bearer_invalid"),
    }


CALLERS = ["nothing", "Basic", "garbage", "malformed", "a token with another signature", "a token of an API", "a revoked token",
           "a disabled client's", "a token whose grant was taken", "jeton:introspect", "jeton:read", "jeton:audit", "read and audit",
           "jeton:admin", "certificate", "of an unknown CA", "self-signed", "expired", "of a server", "certificate and a lesser token",
           "certificate and a revoked token"]


def test_the_table_is_whole():
    """All paths of the table of routes are walked, and each names a scope."""
    rows = re.findall(r'^X\((\w+), (\w+), "(/admin/[^"]+|/metrics)"', (ROOT / "src/server/admin/route.def").read_text(), re.M)
    assert len(rows) == len(ROUTES) > 30
    assert {(m, p.replace("*", "none")) for _, m, p in rows} == {(m, p) for m, p, _ in ROUTES}
    assert {n for _, _, n in ROUTES} == set(SCOPES)


@pytest.mark.parametrize("caller", CALLERS)
def test_s17_every_route_and_every_proof(far, proofs, caller):
    assert set(proofs) == set(CALLERS)
    shown, holds, reason = proofs[caller]
    for method, path, need in ROUTES:
        where = f"{method} {path} with {caller}"
        a = far.ask(method, path, **shown)
        if need in holds:
            assert a.status not in (401, 403) or a.json["code"] == "socket", (where, a)
            continue
        assert a.headers["Cache-Control"] == "no-store" and a.headers["Content-Type"] == "application/problem+json", where
        assert a.headers["X-Request-Id"] == a.json["error_ref"], where
        if holds:
            assert a.status == 403 and a.json["code"] == "admin_scope" and a.json["detail"] == f"this needs the scope {need}", (where, a)
            assert a.headers["WWW-Authenticate"].startswith('Bearer realm="jeton", error="insufficient_scope"')
            assert a.headers["WWW-Authenticate"].endswith(f'scope="{need}"')
            assert far.reason(a) == "admin_scope", where
        else:
            assert a.status == 401 and a.json["code"] == "unauthorized", (where, a)
            assert a.headers["WWW-Authenticate"] == 'Bearer realm="jeton"' + (
                ', error="invalid_token", error_description="The access token is not valid."' if reason.startswith("bearer") else ""), where
            assert far.reason(a) == reason, where
            told = {k: v for k, v in a.json.items() if k not in ("error_ref", "detail")}
            assert told == {"type": "about:blank", "title": "Unauthorized", "status": 401, "code": "unauthorized"}


def test_s17_refusals_tell_no_more(far, proofs):
    """What is wrong with a token, or with a certificate, is for the log: the answers are the same."""
    told = {}
    for caller, (shown, holds, reason) in proofs.items():
        if not holds:
            a = far.ask("GET", "/admin/v1/clients", **shown)
            ref = a.json.pop("error_ref") if isinstance(a.json, dict) else None
            body = {k: v for k, v in a.json.items() if k != "error_ref"}
            told.setdefault(reason.split("_")[0], set()).add((a.status, json.dumps(body), a.headers["WWW-Authenticate"]))
            assert ref
    assert {k: len(v) for k, v in told.items()} == {"admin": 1, "bearer": 1}


def test_open_paths(far, proofs):
    """Whether it lives is for everybody, without details; nothing else is there."""
    for path in ("/livez", "/readyz"):
        assert far.ask("GET", path).json == {"status": "ok"}
    for path in ("/token", "/introspect", "/.well-known/jwks.json", "/admin", "/admin/v1", "/admin/v1/clients/"):
        a = far.ask("GET", path)
        assert a.status == 404 and a.json["code"] == "no_path", path
    assert far.ask("PUT", "/admin/v1/clients").status == 405
    assert "# TYPE" in far.ask("GET", "/metrics?name=x", **proofs["jeton:read"][0]).body.decode()


def test_the_public_listener_has_none_of_it(far, proofs):
    token = proofs["jeton:admin"][0]["token"]
    for method, path, _ in ROUTES:
        a = far.s.request(method, path, headers={"Authorization": f"Bearer {token}"})
        assert a.status == 404, (method, path)


def test_every_change_says_who_made_it(far):
    token = far.admin("changer", "jeton:admin")
    made = far.ask("POST", "/admin/v1/clients", token, body={"name": "made"})
    assert made.status == 201, made
    e = far.s.events(ref=made.headers["X-Request-Id"])[0]
    assert (e["type"], e["client_id"], e["detail"]) == ("client.created", "made", f"client changer (jti {jti(token)})")
    made = far.ask("PATCH", "/admin/v1/clients/made", cert=far.cert, body={"owner": "me"}, headers=[("If-Match", made.headers["ETag"])])
    assert made.status == 200, made
    e = far.s.events(ref=made.headers["X-Request-Id"])[0]
    who = rf"certificate .*CN ?= ?ops.*, sha256 {far.cert.sha256.hex()}"
    assert e["type"] == "client.updated" and re.fullmatch(who + ": owner", e["detail"]), e
    gone = far.ask("DELETE", "/admin/v1/clients/made", token, cert=far.cert)
    e = far.s.events(ref=gone.headers["X-Request-Id"])[0]
    assert gone.status == 204 and re.fullmatch(rf"client changer \(jti {re.escape(jti(token))}\), " + who, e["detail"]), e
    assert e["address"].startswith("127.")


def test_refusals_say_who_tried_what(far, proofs):
    a = far.ask("POST", "/admin/v1/rekey", **proofs["jeton:read"][0])
    e = far.s.events(ref=a.json["error_ref"])[0]
    assert (e["type"], e["reason"], e["client_id"]) == ("admin.denied", "admin_scope", "jeton-read")
    assert e["detail"] == f"client jeton-read (jti {jti(proofs['jeton:read'][0]['token'])}): POST /admin/v1/rekey"
    a = far.ask("GET", "/admin/v1/keys/k", **proofs["of an unknown CA"][0])
    e = far.s.events(ref=a.json["error_ref"])[0]
    assert re.fullmatch(r"certificate .*ops.*, sha256 [0-9a-f]{64}: GET /admin/v1/keys/k", e["detail"]), e
    for caller, why in (("expired", "the certificate has expired"), ("of a server", "the certificate is not for client authentication")):
        a = far.ask("GET", "/admin/v1/keys/k", **proofs[caller][0])
        assert f"({why}): GET" in far.s.events(ref=a.json["error_ref"])[0]["detail"]
    a = far.ask("GET", "/admin/v1/keys/k")
    e = far.s.events(ref=a.json["error_ref"])[0]
    assert (e["reason"], e["detail"]) == ("admin_proof", "GET /admin/v1/keys/k")


def test_readings_are_recorded_once_a_minute(tmp_path):
    far = Far(tmp_path, env={"JETON_SERVER_WORKERS": "1"})
    token = far.admin("auditor", "jeton:read", "jeton:audit")

    def readings():
        return [e["detail"] for e in far.s.events(type="admin.read")][::-1]

    who = f"client auditor (jti {jti(token)})"
    for _ in range(3):
        assert far.ask("GET", "/admin/v1/audit?limit=1", token).status == 200
    assert readings() == [f"{who}: GET /admin/v1/audit"]
    assert far.ask("GET", "/admin/v1/clients/demo", token).status == 200
    assert far.ask("GET", "/admin/v1/clients/nobody", token).status == 404
    assert far.ask("POST", "/admin/v1/why", token, body={"client_id": "demo"}).status == 200
    assert readings()[1:] == [f"{who}: GET /admin/v1/clients/demo", f"{who}: GET /admin/v1/clients/nobody", f"{who}: POST /admin/v1/why"]
    again = far.admin("auditor", "jeton:read", "jeton:audit")  # another token is another reading
    assert far.ask("GET", "/admin/v1/audit?limit=1", again).status == 200
    assert far.ask("GET", "/admin/v1/audit?limit=1", cert=far.cert).status == 200
    assert len(readings()) == 6 and far.cert.sha256.hex() in readings()[-1]
    assert far.ask("GET", "/metrics", token).status == 200 and far.ask("GET", "/livez").status == 200
    assert len(readings()) == 6
    far.s.cli("audit", "list")  # the socket's are not
    assert len(readings()) == 6
    far.s.stop()


def test_what_cannot_be_recorded_is_not_shown(tmp_path):
    """The disk of the log is full: reading from elsewhere is refused like a change, the socket tells what is wrong."""
    far = Far(tmp_path, prefix=["prlimit", f"--fsize={700 * 1024}:"])
    token, statuses = far.admin("reader", "jeton:read"), []
    c = far.s.connect()
    while len(statuses) < 4000 and statuses[-1:] != [503]:
        statuses.append(far.s.token(connection=c).status)
    assert statuses[-1] == 503
    for proof in ({"token": token}, {"cert": far.cert}):
        a = far.ask("GET", "/admin/v1/clients", **proof)
        assert a.status == 503 and a.json["code"] == "no_disk" and a.headers["Retry-After"], a
    a = far.ask("GET", "/admin/v1/clients")
    assert a.status == 503 and a.json["detail"] == "The server cannot answer now.", a  # a stranger learns no more
    assert far.s.ask("GET", "/clients") and far.ask("GET", "/livez").status == 200
    assert far.ask("GET", "/readyz").json == {"status": "failing"}
    resource.prlimit(far.s.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert until(lambda: far.ask("GET", "/admin/v1/clients", token).status == 200)
    assert [e["detail"] for e in far.s.events(type="admin.read")] == [f"client reader (jti {jti(token)}): GET /admin/v1/clients"]
    far.s.stop()


def test_bound_tokens_need_their_certificate(far):
    """A token with cnf is nothing without the certificate, whichever CA that is of; with it, it still is an API's."""
    bound = far.maker.client(far.maker.ca("/CN=of clients"), "/CN=bound")
    far.s.cli("resource", "create", "urn:bound", "--scope", "a", "--bind", "certificate")
    far.s.cli("client", "create", "bound", "--no-secret", "--allow", "urn:bound=a")
    far.s.cli("credential", "add", "bound", "--cert", str(bound.crt))
    c = http.client.HTTPSConnection("127.0.0.1", far.s.port, timeout=20, context=context(far.s, bound))
    token = far.s.post("/token", {"grant_type": "client_credentials", "client_id": "bound"}, connection=c).json["access_token"]
    a = far.ask("GET", "/admin/v1/clients", token)
    assert a.status == 401 and far.reason(a) == "bearer_bound"
    a = far.ask("GET", "/admin/v1/clients", token, cert=far.cert)  # a good one, but another
    assert a.status == 401 and far.reason(a) == "bearer_bound"
    a = far.ask("GET", "/admin/v1/clients", token, cert=bound)
    assert a.status == 401 and far.reason(a) == "bearer_audience"


def test_wrong_proofs_cost_patience(far, proofs):
    """By address, whatever the token says; who has a certificate, or comes from elsewhere, is let in."""
    here, good = elsewhere(), proofs["jeton:admin"][0]["token"]
    got = [far.ask("GET", "/admin/v1/clients", "wrong", address=here).status for _ in range(24)]
    assert got[:20] == [401] * 20 and got[-1] == 429
    a = far.ask("GET", "/admin/v1/clients", good, address=here)
    assert a.status == 429 and int(a.headers["Retry-After"]) >= 1 and a.json["code"] == "throttled", a
    assert far.reason(a) == "throttled"
    assert far.ask("GET", "/admin/v1/clients", cert=far.cert, address=here).status == 200
    assert far.ask("GET", "/admin/v1/clients", good).status == 200
    assert far.s.token().status == 200
    idle = elsewhere()  # no proof is not a wrong one
    assert {far.ask("GET", "/admin/v1/clients", address=idle).status for _ in range(30)} == {401}
    assert far.ask("GET", "/admin/v1/clients", good, address=idle).status == 200


def test_nobody_stands_for_others(tmp_path):
    """X-Forwarded-For is not read here, not even from a trusted proxy, and such a proxy is counted like everybody."""
    far = Far(tmp_path, env={"JETON_SERVER_TRUSTED_PROXIES": "127.0.0.0/8", "JETON_SERVER_MAX_CONNECTIONS_PER_ADDRESS": "2"})
    a = far.ask("GET", "/admin/v1/clients", "wrong", headers=[("X-Forwarded-For", "10.9.8.7")], address="127.0.0.9")
    assert far.s.events(ref=a.json["error_ref"])[0]["address"] == "127.0.0.9"
    held = [far.connect(address="127.0.0.9") for _ in range(2)]
    for c in held:
        assert far.ask("GET", "/livez", connection=c).status == 200
    with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
        far.ask("GET", "/livez", address="127.0.0.9")
    for c in held:
        c.close()
    assert until(lambda: tries(far)), "the connections that ended are still counted"
    far.s.stop()


def tries(far):
    try:
        return far.ask("GET", "/livez", address="127.0.0.9").status == 200
    except OSError:
        return False


def test_scopes_of_the_server_itself(far):
    """They belong to the built-in resource, which is never meant when none is named."""
    far.admin("only", *SCOPES)
    a = far.s.token("only", far.secrets["only"])
    assert a.status == 400 and a.json["error"] == "invalid_target"
    shown = far.s.cli_json("resource", "show", far.s.issuer)
    assert {s["name"] for s in shown["scopes"]} == {*SCOPES, "jeton:introspect"}
    a = far.s.token("only", far.secrets["only"], resource=far.s.issuer, scope="jeton:read")
    assert far.ask("POST", "/admin/v1/rekey", a.json["access_token"]).status == 403  # less was asked for


def test_backups_are_for_the_machine_itself(far):
    a = far.ask("POST", "/admin/v1/backup", cert=far.cert, body={"file": "/tmp/x.db"})
    assert a.status == 403 and a.json["code"] == "socket"


def test_plain_http_and_old_tls(far):
    with socket.create_connection(("127.0.0.1", far.port), 10) as c:
        c.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1" not in c.recv(4096)
    tls = ssl.create_default_context(cafile=far.s.ca)
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)), socket.create_connection(("127.0.0.1", far.port), 10) as c:
        tls.wrap_socket(c, server_hostname="127.0.0.1")


# -- configuration ---------------------------------------------------------------------------------------------------
def test_off_by_default(dev):
    assert "administration, HTTPS" not in dev.stderr()
    checked = dev.cli("check").stdout
    assert re.search(r"administration +on +on the Unix socket only", checked)


@pytest.fixture
def house(tmp_path):
    """Files of a server with TLS of its own: certificates, and a configuration to be written."""
    class House:
        maker = Maker(tmp_path)
        ca = maker.ca("/CN=Servers")
        admins = maker.ca("/CN=Administrators")
        cert = maker.make("/CN=127.0.0.1", ca, ["subjectAltName=IP:127.0.0.1", "extendedKeyUsage=serverAuth"])
        admin_cert = maker.make("/CN=127.0.0.1", ca, ["subjectAltName=IP:127.0.0.1", "extendedKeyUsage=serverAuth"])
        port, admin_port = free_port(), free_port()
        config = tmp_path / "jeton.yaml"

        def write(self, server=True, **admin):
            lines = ["server:", f'  listen: ["127.0.0.1:{self.port}"]', f"  data: {tmp_path / 'data'}"]
            lines += [f"  tls_cert: {self.cert.crt}", f"  tls_key: {self.cert.key}"] if server else []
            lines += ["admin:", *(f"  {k}: {v}" for k, v in admin.items())] if admin else []
            self.config.write_text("\n".join(lines) + "\n")

        def check(self):
            return subprocess.run([BIN, "check", "--config", str(self.config)], capture_output=True, text=True, timeout=30)

        def far(self, cert=None, ca=None):
            tls = ssl.create_default_context(cafile=str(ca or self.ca.crt))
            if cert is not None:
                tls.load_cert_chain(cert.crt, cert.key)
            return http.client.HTTPSConnection("127.0.0.1", self.admin_port, timeout=20, context=tls)

    return House()


def ask(c, path="/admin/v1/clients"):
    c.request("GET", path)
    r = c.getresponse()
    r.read()
    return r.status


def shown_certificate(house):
    tls = ssl.create_default_context(cafile=str(house.ca.crt))
    with socket.create_connection(("127.0.0.1", house.admin_port), 10) as s, tls.wrap_socket(s, server_hostname="127.0.0.1") as t:
        return t.getpeercert(binary_form=True)


@pytest.mark.parametrize("what, admin, server, says", [
    ("no certificate at all", {"listen": '["127.0.0.1:9443"]'}, False, "admin.listen speaks TLS only"),
    ("a certificate without its key", {"listen": '["127.0.0.1:9443"]', "tls_cert": "CERT"}, True, "admin.tls_cert needs admin.tls_key beside it"),
    ("a key without its certificate", {"tls_key": "KEY"}, True, "admin.tls_key needs admin.tls_cert beside it"),
    ("no address", {"listen": '["localhost:9443"]'}, True, "has no IP address before the port"),
    ("twice the same", {"listen": '["127.0.0.1:9443", "127.0.0.1:9443"]'}, True, "is listed twice"),
    ("the public address", {"listen": '["127.0.0.1:PORT"]'}, True, "is an address of server.listen too"),
    ("an empty list", {"listen": "[]"}, True, "admin.listen is an empty list"),
    ("no CA file", {"client_ca": "/nowhere.pem"}, True, "admin.client_ca: cannot read"),
    ("a CA file with a key in it", {"client_ca": "KEY"}, True, "there is a private key in it"),
    ("a CA file with nothing in it", {"client_ca": "CONFIG"}, True, "admin.client_ca: cannot use"),
    ("a misspelt key", {"client_cas": "x"}, True, 'did you mean "client_ca"?'),
])
def test_wrong_configurations(house, what, admin, server, says):
    admin = {k: v.replace("PORT", str(house.port)) for k, v in admin.items()}
    places = {"CERT": house.cert.crt, "KEY": house.cert.key, "CONFIG": house.config}
    house.write(server, **{k: places.get(v, v) for k, v in admin.items()})
    r = house.check()
    assert r.returncode == 2 and says in r.stderr, (what, r.stderr)


def test_what_check_and_start_say(house):
    house.write(listen=f'["127.0.0.1:{house.admin_port}", "[::1]:{house.admin_port}"]', client_ca=house.admins.crt,
                tls_cert=house.admin_cert.crt, tls_key=house.admin_cert.key)
    r = house.check()
    assert r.returncode == 0, r.stderr
    assert f"with TLS on 127.0.0.1:{house.admin_port}, [::1]:{house.admin_port}" in r.stdout
    assert re.search(r"admin client CA +on +1 certificate in", r.stdout) and re.search(r"admin certificate +\w+ +good until", r.stdout)
    assert "whoever has one of theirs is an administrator" in r.stdout
    house.write(client_ca=house.admins.crt)
    r = house.check()
    assert r.returncode == 0 and "without effect: there is no admin.listen" in r.stdout and "is an administrator" not in r.stdout
    house.write(listen=f'["127.0.0.1:{house.admin_port}"]', tls_cert=house.admin_cert.crt, tls_key=house.admin_cert.key)
    (house.admin_cert.key).chmod(0o644)
    assert "chmod 600" in house.check().stderr


def serve(house, tmp_path):
    return Server(tmp_path / "data", dev=False, port=house.port, args=["--config", str(house.config)])


def test_own_certificate_and_reload(house, tmp_path):
    """Certificate and CAs are taken over by SIGHUP, at once and on connections that are there; a broken file changes nothing."""
    listen = f'["127.0.0.1:{house.admin_port}"]'
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(house.admins.pem)
    house.write(listen=listen, client_ca=trusted, tls_cert=house.admin_cert.crt, tls_key=house.admin_cert.key)
    s = serve(house, tmp_path)
    ops = house.maker.client(house.admins, "/CN=ops")
    new_admins = house.maker.ca("/CN=New administrators")
    new = house.maker.client(new_admins, "/CN=new")
    old_connection, new_connection = house.far(ops), house.far(new)
    assert f"listening on 127.0.0.1:{house.admin_port} (administration, HTTPS)" in s.stderr()
    assert ask(old_connection) == 200 and ask(new_connection) == 401
    assert shown_certificate(house) == house.admin_cert.der

    def reload():
        before = s.stderr().count("SIGHUP")
        s.process.send_signal(signal.SIGHUP)
        assert until(lambda: s.stderr().count("SIGHUP") > before)
        return s.stderr().splitlines()[-1]

    trusted.write_text("nothing\n")
    assert "nothing was changed: admin.client_ca: cannot use" in reload()
    assert ask(old_connection) == 200 and ask(new_connection) == 401
    trusted.write_text(new_admins.pem + house.admins.pem)
    reload()
    assert ask(old_connection) == 200 and ask(new_connection) == 200
    trusted.write_text(new_admins.pem)
    house.write(listen=listen, client_ca=trusted)  # and the certificate is now that of the public side
    assert "admin.tls_cert" in reload()
    assert ask(old_connection) == 401 and ask(new_connection) == 200
    assert shown_certificate(house) == house.cert.der
    house.write(listen=listen)
    reload()
    assert ask(new_connection) == 401 and ask(house.far(new)) == 401
    house.write()  # the listener stays until a restart, with what it has
    assert "admin.listen" in reload() or "only after a restart: admin.listen" in s.stderr()
    assert ask(house.far(), "/livez") == 200
    s.stop()


def test_tokens_only(house, tmp_path):
    """Without admin.client_ca no certificate counts, whoever made it."""
    house.write(listen=f'["127.0.0.1:{house.admin_port}"]')
    s = serve(house, tmp_path)
    c = house.far(house.maker.client(house.ca, "/CN=ops"))
    assert ask(c) == 401
    assert "admin_certificate" in [e["reason"] for e in s.events(type="admin.denied")]
    s.stop()


def test_a_port_in_use_is_said(house, tmp_path):
    house.write(listen=f'["127.0.0.1:{house.admin_port}"]')
    with socket.create_server(("127.0.0.1", house.admin_port)):
        r = subprocess.run([BIN, "serve", "--config", str(house.config)], capture_output=True, text=True, timeout=30)
    assert r.returncode == 6 and f"127.0.0.1:{house.admin_port}: the address is in use" in r.stderr


def test_dev_stays_on_loopback(tmp_path):
    s = subprocess.run([BIN, "dev", "--data", str(tmp_path / "d")], capture_output=True, text=True, timeout=30,
                       env={"JETON_ADMIN_LISTEN": "0.0.0.0:9443", "PATH": "/usr/bin"})
    assert s.returncode == 2 and "listens on loopback only" in s.stderr


def test_socket_activation(house, tmp_path):
    """A socket named admin takes the place of admin.listen; without that setting it is nothing to serve."""
    wrapper = ("import fcntl, os, sys\nfds = [fcntl.fcntl(int(x), fcntl.F_DUPFD, 100) for x in sys.argv[1].split(',')]\n"
               "for i, f in enumerate(fds):\n    os.dup2(f, 3 + i, inheritable=True)\n"
               "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES='public:admin')\n"
               "os.execv(sys.argv[2], sys.argv[2:])\n")
    with socket.create_server(("127.0.0.1", 0)) as public, socket.create_server(("127.0.0.1", 0)) as admin:
        house.admin_port = admin.getsockname()[1]
        fds = [public.fileno(), admin.fileno()]
        command = [sys.executable, "-c", wrapper, ",".join(map(str, fds)), BIN, "serve", "--config", str(house.config)]
        house.write()
        r = subprocess.run(command, pass_fds=fds, capture_output=True, text=True, timeout=30)
        assert r.returncode == 2 and "a socket named admin: it needs admin.listen" in r.stderr, r.stderr
        house.write(listen='["127.0.0.1:1"]', client_ca=house.admins.crt)
        p = subprocess.Popen(command, pass_fds=fds, stderr=subprocess.PIPE, text=True)
        assert until(lambda: os.path.exists(tmp_path / "data/admin.sock"))
        time.sleep(0.5)
        assert ask(house.far(house.maker.client(house.admins, "/CN=ops"))) == 200 and ask(house.far()) == 401
        p.send_signal(signal.SIGTERM)
        _, log = p.communicate(timeout=30)
        assert p.returncode == 0 and "administration, HTTPS, socket of the service manager" in log, log
