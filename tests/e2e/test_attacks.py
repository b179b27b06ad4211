# SPDX-License-Identifier: Apache-2.0
"""What somebody with hostile intentions tries, by the number of the threat."""
import os
import pathlib
import pty
import signal
import socket
import subprocess

import pytest
from admin_http import client, resource, state
from support import BIN, free_port
from test_operations import certificate, configured, reload, until, with_client  # noqa: F401

API = "https://api.example.com"


def is_active(s, token):
    """What somebody who may see every token is told about this one."""
    return s.post("/introspect", {"token": token}, auth=s.observer).json["active"]


def observe(s):
    """A client that may introspect everything."""
    made = s.ask("POST", "/clients", {"name": "observer", "grants": [{"resource": s.issuer, "scopes": ["jeton:introspect"]}]})
    s.observer = (made["client_id"], made["client_secret"])


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_i4_a_new_client_of_an_old_name_revives_no_token(start, form):
    """Even after a restart, when the numbers of its credentials are given out again."""
    s = start(dev=False)
    observe(s)
    resource(s, API, format=form)
    client(s, "phoenix", {API: ["api:read"]})
    old = s.token("phoenix", s.ask("POST", "/clients/phoenix/credentials", {"kind": "secret"})["client_secret"]).json["access_token"]
    assert is_active(s, old)
    s.ask("DELETE", "/clients/phoenix")
    assert not is_active(s, old)
    port, observer, issuer = s.port, s.observer, s.issuer
    s.stop()
    s = start(dev=False, port=port)
    s.observer, s.issuer = observer, issuer
    client(s, "phoenix", {API: ["api:read"]})
    s.ask("POST", "/clients/phoenix/credentials", {"kind": "secret"})
    assert s.ask("GET", "/clients/phoenix/credentials")["items"][1]["uses"] == 0
    assert not is_active(s, old)


def test_sighup_does_not_wait_for_a_pipe(configured):
    """A FIFO in place of the configuration: the server says so, and can still be stopped."""
    s = with_client(configured("keys:\n  jwks_max_age: 5m\n"))
    os.unlink(s.config)
    os.mkfifo(s.config)
    line = reload(s)
    assert "nothing was changed" in line and "is not a file" in line, line
    assert s.token().status == 200


def test_an_encrypted_key_asks_nobody(start, tmp_path):
    """OpenSSL would ask for its passphrase on the terminal, and a server would wait for that."""
    certificate(tmp_path)
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "key.pem", "-aes256", "-passout", "pass:secret", "-out",
                    tmp_path / "locked.pem"], check=True, capture_output=True)
    os.chmod(tmp_path / "locked.pem", 0o600)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(BIN, [BIN, "serve", "--data", str(tmp_path / "data"), "--listen", f"127.0.0.1:{free_port()}", "--tls-cert",
                       str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "locked.pem")])
    ended = until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, 5)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.set_blocking(terminal, False)
    said = os.read(terminal, 65536)
    os.close(terminal)
    assert ended and b"cannot use private key" in said, said


def test_a_deaf_service_manager_does_not_stop_the_server(configured, tmp_path):
    """Nobody reads NOTIFY_SOCKET, so it fills up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            s = configured("", env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
            with pytest.raises(BlockingIOError):
                for _ in range(100000):
                    other.sendto(b"x", str(tmp_path / "notify"))
        reload(s)
        s.stop()


def test_i4_a_revoked_opaque_token_stays_revoked_for_its_whole_life(configured):
    """It was made when token.max_lifetime allowed more than now."""
    s = configured()
    observe(s)
    reload(s, "token:\n  max_lifetime: 30h\n")
    resource(s, API, format="opaque", lifetime=30 * 3600)
    _, s.secret, _ = client(s, "demo", {API: ["api:read"]})
    token = s.token().json["access_token"]
    told = s.post("/introspect", {"token": token}, auth=s.observer).json
    reload(s, "token:\n  max_lifetime: 1h\n")
    assert s.api("POST", "/revocations", {"jti": told["jti"]}).status == 200
    assert not is_active(s, token)
    s.stop()
    with state(s) as db:
        (until_s,) = db.execute("SELECT expires FROM revocation").fetchone()
    assert until_s >= told["exp"]


def test_a21_a_scope_that_comes_back_is_nobodys(start):
    """What was granted under its name belonged to the former one."""
    s = start(dev=False)
    path = "/resources/https%3A%2F%2Fapi.example.com"
    observe(s)
    resource(s, API, scopes=("api:read", "api:admin"))
    _, s.secret, _ = client(s, "demo", {API: ["api:read", "api:admin"]})
    client(s, "admin-only", {API: ["api:admin"]})
    token = s.token(scope="api:admin").json["access_token"]
    s.patch(path, {"scopes": [{"name": "api:read"}]})
    assert not is_active(s, token)
    s.patch(path, {"scopes": [{"name": "api:read"}, {"name": "api:admin"}]})
    assert not is_active(s, token)
    assert s.token().json["scope"] == "api:read"
    assert s.token(scope="api:admin").json["error"] == "invalid_scope"
    assert s.ask("GET", "/clients/demo")["grants"] == [{"resource": API, "scopes": ["api:read"]}]
    assert s.ask("GET", "/clients/admin-only")["grants"] == []
    event = s.events(type="resource.updated")[1]
    assert event["detail"].endswith(": scopes; 2 clients lost scopes that are gone")


def test_s15_a_secret_in_the_wrong_place_is_not_recorded(start):
    """Halves of Basic exchanged, a token as a scope: it happens, and the log is kept for years."""
    s = start(dev=False)
    resource(s, API)
    resource(s, "urn:o", format="opaque")
    _, s.secret, _ = client(s, "demo", {API: ["api:read"], "urn:o": ["api:read"]})
    canaries = [s.secret, s.token(resource=API).json["access_token"], s.token(resource="urn:o").json["access_token"]]
    for c in canaries:
        s.token(c, "demo")
        s.post("/token", {"grant_type": "client_credentials", "client_id": f'"{c}"', "client_secret": "x"})
        s.token(scope=f"api:read x{c}")
        s.token(resource=c)
        s.token(c, c, scope=c)
    assert {e["client_id"] for e in s.events(reason="client_unknown")} == {"(not recorded: a secret or a token)"}
    assert [e["scope"] for e in s.events(type="token.issued")] == ["api:read"] * 2
    everything = b"".join(f.read_bytes() for f in pathlib.Path(s.data).iterdir() if f.is_file())
    everything += s.stderr().encode()
    for c in canaries:
        assert c[-30:].encode() not in everything
    s.stop()


def test_a2_references_in_a_flood_do_not_tell_who_exists(start):
    """Equal references would be equal reasons: one unknown client to compare with, and each guess is answered."""
    s = start(dev=False)
    client(s, "demo", {})
    refs = [s.post("/token", {"grant_type": "client_credentials"}).json["error_ref"] for _ in range(100)]
    refs += [s.token(name, "wrong").json["error_ref"] for name in ["demo", "nobody"] * 5]
    told = [s.cli_json("explain", r) for r in refs[-20:]]
    assert len([t for t in told if "event" not in t]) > 5  # counted, not recorded singly
    assert {t["reason"] for t in told} == {"auth_missing", "client_unknown", "secret_wrong"}
    assert len(set(refs)) == len(refs)


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0"])
def test_s11_nobody_trusts_everybody(configured, everybody):
    """That would believe any X-Forwarded-For, and let plain HTTP in from anywhere."""
    s = configured()
    line = reload(s, f'server:\n  trusted_proxies: ["10.0.0.0/8", "{everybody}"]\n')
    assert f"nothing was changed: {s.config}:2" in line and f"server.trusted_proxies: {everybody} is everybody" in line, line
    s.stop()
