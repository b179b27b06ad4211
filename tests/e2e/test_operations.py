# SPDX-License-Identifier: Apache-2.0
"""Reload, health, metrics, the service manager, proxies, and keys that rotate by themselves."""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest
from support import BIN, Server, audit_rows, free_port, until

BASE = "server:\n  listen: [\"127.0.0.1:{port}\"]\n"


def certificate(folder, name="localhost"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-keyout", folder / "key.new", "-out", folder / "cert.new", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    os.chmod(folder / "key.new", 0o600)
    os.replace(folder / "key.new", folder / "key.pem")
    os.replace(folder / "cert.new", folder / "cert.pem")


@pytest.fixture
def configured(start, tmp_path):
    """A server with a configuration file, and a way to change it."""
    file = tmp_path / "jeton.yaml"

    def begin(text="", **options):
        file.write_text(text)
        s = start(dev=False, args=["--config", str(file)], **options)
        s.config = file
        return s

    return begin


def reload(s, text=None):
    """SIGHUP, and what the log says about it."""
    if text is not None:
        s.config.write_text(text)
    before = s.stderr().count("SIGHUP: ")
    s.process.send_signal(signal.SIGHUP)
    assert until(lambda: s.stderr().count("SIGHUP: ") > before), s.stderr()
    return [line for line in s.stderr().splitlines() if "SIGHUP: " in line][-1]


def with_client(s, *resource_args):
    s.cli("resource", "create", "https://api.example.com", "--scope", "api:read", *resource_args)
    _, s.secret = s.client("demo", "--allow", "https://api.example.com=api:read")
    return s


def test_reload_takes_over(configured):
    s = with_client(configured("keys:\n  jwks_max_age: 5m\n"))
    assert "max-age=300" in s.get("/.well-known/jwks.json").headers["Cache-Control"]
    line = reload(s, "keys:\n  jwks_max_age: 7m\ntoken:\n  max_lifetime: 2m\n  lifetime: 1m\n")
    assert "keys.jwks_max_age" in line and "token.max_lifetime" in line
    assert "max-age=420" in s.get("/.well-known/jwks.json").headers["Cache-Control"]
    assert s.token().json["expires_in"] == 120  # its resource says an hour: the new maximum cuts it
    assert s.events(type="configuration.reloaded")[0]["detail"].startswith("token.lifetime, token.max_lifetime")


def test_broken_reload_changes_nothing(configured):
    s = with_client(configured("keys:\n  jwks_max_age: 5m\n"))
    line = reload(s, "keys:\n  jwks_max_age: 7m\n  publsh_wait: 1h\n")
    assert "nothing was changed" in line and "jeton.yaml:3:3" in line and "publish_wait" in line
    line = reload(s, "keys:\n  jwks_max_age: 50m\n")  # not twice in publish_wait
    assert "nothing was changed" in line and "shorter than twice" in line
    assert "max-age=300" in s.get("/.well-known/jwks.json").headers["Cache-Control"]
    assert not s.events(type="configuration.reloaded")


def test_what_needs_a_restart_is_named(configured):
    s = configured()
    reload(s, "server:\n  workers: 1\n  profile: cidaas\n")
    assert "only after a restart: server.workers, server.profile" in s.stderr()


def tls_server(start, tmp_path):
    certificate(tmp_path)
    port = free_port()
    file = tmp_path / "jeton.yaml"
    file.write_text(f"server:\n  tls_cert: {tmp_path}/cert.pem\n  tls_key: {tmp_path}/key.pem\n")
    s = start(dev=False, port=port, args=["--config", str(file)])
    s.config = file
    return s


def peer(s):
    """The certificate that is shown, as DER."""
    c = ssl.create_default_context()
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((s.host, s.port), 10) as raw, c.wrap_socket(raw) as t:
        return t.getpeercert(binary_form=True)


def test_certificates_reload_under_load(start, tmp_path):
    s = tls_server(start, tmp_path)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    failures, stop, done = [], threading.Event(), []

    def call(keep):
        c = None
        while not stop.is_set():
            try:
                c = c or http.client.HTTPSConnection(s.host, s.port, timeout=20, context=context)
                c.request("GET", "/.well-known/jwks.json")
                r = c.getresponse()
                r.read()
                if r.status != 200:
                    failures.append(r.status)
                done.append(1)
                if not keep:
                    c.close()
                    c = None
            except Exception as e:  # any failure of a request counts
                failures.append(repr(e))
                c = None

    threads = [threading.Thread(target=call, args=(i % 2 == 0,)) for i in range(4)]
    for t in threads:
        t.start()
    seen = {peer(s)}
    for _ in range(5):
        certificate(tmp_path)
        assert "were read again" in reload(s)
        new = peer(s)
        assert new not in seen
        seen.add(new)
    (tmp_path / "cert.pem").write_text("no certificate")
    assert "nothing was changed" in reload(s) and peer(s) in seen
    stop.set()
    for t in threads:
        t.join()
    assert not failures and len(done) > 50


def test_health(configured):
    port = free_port()
    s = configured(f"metrics:\n  listen: 127.0.0.1:{port}\n")
    for path in ("/livez", "/readyz"):
        a = s.get(path)
        assert a.status == 200 and a.json == {"status": "ok"}
        head = s.request("HEAD", path)
        assert head.status == 200 and head.body == b""
        assert s.request("POST", path, "").headers["Allow"] == "GET, HEAD"
    before = len(audit_rows(s.data))
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request("GET", "/readyz")
    details = json.loads(c.getresponse().read())
    assert details["status"] == "ok" and set(details["checks"]) == {"store", "keys", "draining"}
    c.request("GET", "/token")
    assert c.getresponse().status == 404  # nothing else is on that listener
    assert len(audit_rows(s.data)) == before  # health is not recorded
    assert s.get("/metrics").status == 404  # nor are metrics public


def metrics(s):
    r = subprocess.run(["curl", "-s", "--unix-socket", f"{s.data}/admin.sock", "http://jeton/metrics"], capture_output=True, text=True, timeout=20)
    return r.stdout


def sample(text, name):
    found = [line for line in text.splitlines() if line.startswith(name + " ")]
    assert len(found) == 1, (name, text)
    return float(found[0].rsplit(" ", 1)[1])


def test_metrics_count(configured):
    s = with_client(configured())
    for _ in range(3):
        token = s.token().json["access_token"]
    s.token(secret="wrong")
    s.post("/introspect", {"token": token}, auth="Bearer " + token)
    s.post("/revoke", {"token": token}, auth=("demo", s.secret))
    text = metrics(s)
    for line in text.splitlines():
        assert re.fullmatch(r'#( HELP| TYPE) jeton_\w+ .+|jeton_\w+(\{\w+="[^"\\]*"(,\w+="[^"\\]*")*\})? -?[0-9.e+]+', line), line
    assert sample(text, 'jeton_token_requests_total{auth_method="client_secret_basic",result="issued"}') == 3
    assert sample(text, 'jeton_token_requests_total{auth_method="client_secret_basic",result="secret_wrong"}') == 1
    assert sample(text, 'jeton_client_auth_failures_total{reason="secret_wrong"}') == 1
    assert sample(text, 'jeton_introspection_requests_total{result="active"}') == 1
    assert sample(text, "jeton_revocations_total") == 1
    assert sample(text, "jeton_token_request_duration_seconds_count") == 3
    assert sample(text, "jeton_clients") == 1 and sample(text, "jeton_store_up") == 1


def test_service_manager_is_told(tmp_path, start):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as n:
        n.bind(path)
        n.settimeout(20)
        s = start(dev=False, env={"NOTIFY_SOCKET": path})
        ready = n.recv(4096).decode()
        assert "READY=1" in ready and f"MAINPID={s.process.pid}" in ready
        s.process.send_signal(signal.SIGHUP)
        assert re.match(r"RELOADING=1\nMONOTONIC_USEC=\d+", n.recv(4096).decode())
        assert "READY=1" in n.recv(4096).decode()
        s.stop()
        assert "STOPPING=1" in n.recv(4096).decode()


WRAPPER = ("import os, sys\n"
           "os.dup2(int(sys.argv[1]), 3, inheritable=True)\n"
           "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='https')\n"
           "os.execv(sys.argv[2], sys.argv[2:])\n")


def test_socket_activation(tmp_path):
    """The socket is there before the server: a request that comes early waits, and none is lost at a restart."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        os.set_inheritable(listening.fileno(), True)

        def begin():
            return subprocess.Popen([sys.executable, "-c", WRAPPER, str(listening.fileno()), BIN, "serve", "--data", str(tmp_path / "d"),
                                     "--listen", "127.0.0.1:1"], pass_fds=[listening.fileno()], stderr=subprocess.PIPE)

        answers = []

        def ask():
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            c.request("GET", "/.well-known/jwks.json")
            answers.append(c.getresponse().status)

        for _ in range(2):
            early = threading.Thread(target=ask)
            early.start()
            time.sleep(0.2)
            p = begin()
            early.join()
            ask()
            p.send_signal(signal.SIGTERM)
            _, log = p.communicate(timeout=30)
            assert p.returncode == 0 and f"listening on 127.0.0.1:{port}".encode() in log and b"socket of the service manager" in log
        assert answers == [200] * 4


def test_inherited_socket_in_the_open_is_refused(tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        p = subprocess.run([sys.executable, "-c", WRAPPER, str(listening.fileno()), BIN, "serve", "--data", str(tmp_path / "d")],
                           pass_fds=[listening.fileno()], capture_output=True, timeout=30)
        assert p.returncode == 2 and b"plain HTTP in the open" in p.stderr


def test_proxies(configured):
    s = with_client(configured("server:\n  trusted_proxies: [127.0.0.1, 10.0.0.0/8]\n"))

    def ask(*forwarded, secret=None):
        headers = {} if not forwarded else {"X-Forwarded-For": ", ".join(forwarded)}
        return s.post("/token", {"grant_type": "client_credentials"}, auth=("demo", secret or s.secret), headers=headers)

    def last():
        return s.events(type="token.issued")[0]["address"]

    assert ask().status == 200 and last() == "127.0.0.1"
    assert ask("192.0.2.1").status == 200 and last() == "192.0.2.1"
    assert ask("203.0.113.9", "192.0.2.2").status == 200 and last() == "192.0.2.2"  # what a stranger wrote before does not count
    assert ask("192.0.2.3", "10.1.1.1").status == 200 and last() == "192.0.2.3"  # through two proxies
    assert ask("[2001:db8::7]:4711").status == 200 and last() == "2001:db8::7"
    refused = ask("unknown")
    assert refused.status == 400 and s.cli_json("explain", refused.json["error_ref"])["reason"] == "forwarded"
    for _ in range(25):
        wrong = ask("192.0.2.66", secret="wrong")
    assert wrong.status == 429 and int(wrong.headers["Retry-After"]) >= 1
    assert ask("192.0.2.66").status == 429  # the right secret does not jump the queue of that address
    assert ask("192.0.2.67").status == 200  # from another address nothing happened
    reload(s, "server:\n  trusted_proxies: [10.0.0.0/8]\n")
    assert ask("192.0.2.1").status == 200 and last() == "127.0.0.1"  # not trusted any more: ignored


def test_plain_http_in_the_open_for_proxies_only(tmp_path, start):
    config = tmp_path / "c.yaml"
    config.write_text("server:\n  issuer: https://auth.example.com\n  trusted_proxies: [192.0.2.1]\n")
    s = start(dev=False, host="0.0.0.0", args=["--config", str(config)])
    assert "trusted proxies only" in s.stderr()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        s.host = "127.0.0.1"
        s.get("/livez")


def test_keys_rotate_by_themselves(configured):
    s = with_client(configured("keys:\n  jwks_max_age: 1s\n  publish_wait: 2s\n  rotate_every: 4s\n"))
    kid_of = lambda t: json.loads(__import__("base64").urlsafe_b64decode(t.split(".")[0] + "=="))["kid"]
    published, signed, end = {}, {}, time.monotonic() + 60
    while len(signed) < 3:
        assert time.monotonic() < end, (published, signed)
        now = time.monotonic()
        for k in s.get("/.well-known/jwks.json").json["keys"]:
            published.setdefault(k["kid"], now)
        a = s.token()
        assert a.status == 200
        signed.setdefault(kid_of(a.json["access_token"]), time.monotonic())
        assert s.post("/introspect", {"token": a.json["access_token"]}, auth="Bearer " + a.json["access_token"]).json["active"] is True
        time.sleep(0.05)
    first, *later = sorted(signed, key=signed.get)
    for kid in later:  # everybody could know it before it signed
        assert signed[kid] - published[kid] > 1
    # old ones are still published: their tokens live
    assert set(signed) <= {k["kid"] for k in s.get("/.well-known/jwks.json").json["keys"]}
    assert len(s.events(type="key.activated")) >= 2
