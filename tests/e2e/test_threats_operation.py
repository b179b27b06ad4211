# SPDX-License-Identifier: Apache-2.0
"""The process itself under attack: stopped, killed, its log not read, its workers asked one by one (P4, P11, P15 to P18)."""
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from support import BIN, Server, audit_rows, basic, check_chain, free_port, jti, until
from threats import API, call, connect, elsewhere

REST = "https://o.example.com"


def prepared(data, **options):
    """A server with clients, and what they need; stopped by who asked for it."""
    s = Server(data, dev=False, **options)
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", REST, "--scope", "r", "--format", "opaque")
    s.good = s.client("good", "--allow", f"{API}=r", "--allow", f"{REST}=r")
    s.rs = s.client("rs")
    for a in (API, REST):
        s.cli("resource", "update", a, "--introspect-by", "rs")
    return s


def ask(s, c, resource=API):
    return call(c, body=f"grant_type=client_credentials&resource={resource}".encode(), headers=[("Authorization", basic(*s.good))])


# -- P11 -------------------------------------------------------------------------------------------------------------
def broken(folder):
    """Ways to break a configuration that was good, and what is said of each."""
    good, key = (folder / "jeton.yaml").read_text(), folder / "key.pem"
    yield "syntax", good + "  : [\n", "jeton.yaml:"
    yield "unknown key", good + "nonsense: 1\n", "nonsense"
    yield "twice", good + good, "jeton.yaml:"
    yield "tab", good.replace("  tls_cert", "\ttls_cert"), "jeton.yaml:"
    yield "no such certificate", good.replace("cert.pem", "gone.pem"), "gone.pem"
    yield "key and certificate exchanged", good.replace("cert.pem", "x.pem").replace("key.pem", "cert.pem").replace("x.pem", "key.pem"), "pem"
    yield "another key", good.replace("key.pem", "other.pem"), "does not belong"
    yield "no number", good + "keys:\n  jwks_max_age: soon\n", "jwks_max_age"
    yield "everybody a proxy", good + "  trusted_proxies: [0.0.0.0/0]\n", "everybody"
    yield "a key that all can read", good.replace("key.pem", "open.pem"), "mode"
    yield "NUL", "\x00", "jeton.yaml"
    yield "binary", "\x7fELF\x01\x02", "jeton.yaml"
    assert key.exists()


def test_p11_a_broken_configuration_changes_nothing(tmp_path):
    """100 reloads of configurations that are broken each in its way, under load: each is named, none is in effect, no request
    fails, and jeton check says the same."""
    for name in ("key", "other", "open"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", tmp_path / f"{name}.pem", "-out", tmp_path / ("cert.pem" if name == "key" else "unused")], check=True, capture_output=True)
        os.chmod(tmp_path / f"{name}.pem", 0o644 if name == "open" else 0o600)
    file, port = tmp_path / "jeton.yaml", free_port()
    good = f"server:\n  listen: [\"127.0.0.1:{port}\"]\n  data: {tmp_path}/data\n  tls_cert: {tmp_path}/cert.pem\n  tls_key: {tmp_path}/key.pem\n"
    file.write_text(good)
    s = Server(tmp_path / "data", dev=False, port=port, args=["--config", str(file)])
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.good = s.client("good", "--allow", f"{API}=r")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    statuses, stop = [], threading.Event()

    def caller():
        c = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
        while not stop.is_set():
            statuses.append(call(c, body=b"grant_type=client_credentials", headers=[("Authorization", basic(*s.good))]).status)
        c.close()

    threads = [threading.Thread(target=caller) for _ in range(2)]
    for t in threads:
        t.start()
    try:
        ways = list(broken(tmp_path))
        for name, text, _ in ways:
            file.write_text(text)
            checked = subprocess.run([BIN, "check", "--config", str(file)], capture_output=True, text=True, timeout=30)
            assert checked.returncode == 2, (name, checked)
        for i in range(100):
            name, text, word = ways[i % len(ways)]
            file.write_text(text)
            before = s.stderr().count("SIGHUP: ")
            s.process.send_signal(signal.SIGHUP)
            assert until(lambda: s.stderr().count("SIGHUP: ") > before, 60)
            line = [x for x in s.stderr().splitlines() if "SIGHUP: " in x][-1]
            assert "nothing was changed" in line and word in line, (name, line)
    finally:
        stop.set()
        for t in threads:
            t.join(60)
    assert set(statuses) == {200} and len(statuses) > 20
    assert not s.events(type="configuration.reloaded")
    file.write_text(good + "keys:\n  jwks_max_age: 7m\n")
    s.process.send_signal(signal.SIGHUP)
    assert until(lambda: s.events(type="configuration.reloaded"))
    s.stop()


# -- P15 -------------------------------------------------------------------------------------------------------------
def in_flight(s, n):
    """Connections whose request is half sent: the server has read their head and waits for the body."""
    body = b"grant_type=client_credentials&resource=" + API.encode()
    head = (f"POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(*s.good)}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    conns = []
    for _ in range(n):
        c = socket.create_connection((s.host, s.port), 20, source_address=(elsewhere(), 0))
        c.sendall(head + body[:10])
        conns.append(c)
    return conns, body[10:]


def read_all(c):
    out = b""
    while chunk := c.recv(65536):
        out += chunk
    return out


def test_p15_a_stop_answers_what_was_begun(tmp_path):
    """No reset, no answer cut short: neither of requests half sent, nor of connections that are idle."""
    s = prepared(tmp_path / "data")
    idle = [connect(s) for _ in range(5)]
    for c in idle:
        assert ask(s, c).status == 200
    conns, rest = in_flight(s, 20)
    time.sleep(0.3)
    s.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    for c in conns:
        c.sendall(rest)
    for c in conns:
        out = read_all(c)  # raises on a reset
        head, _, body = out.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and b"\r\nConnection: close" in head, out
        assert len(body) == int(re.search(rb"Content-Length: (\d+)", head)[1]) and json.loads(body)["access_token"]
        c.close()
    for c in idle:
        with contextlib.suppress(BrokenPipeError):
            assert c.sock.recv(10) == b""  # an end, not a reset
        c.close()
    begun = time.monotonic()
    s.stop()
    assert time.monotonic() - begun < 15
    rows = audit_rows(s.data)
    check_chain(rows)
    assert len([r for r in rows if r["type"] == "token.issued"]) == 25 and rows[-1]["type"] == "server.stopped"


# -- P16 -------------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def with_stderr(data, stderr, **popen):
    """jeton serve with this for stderr, ready; killed at the end if it still runs."""
    port = free_port()
    p = subprocess.Popen([BIN, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"], stderr=stderr, stdin=subprocess.DEVNULL,
                         env={k: v for k, v in os.environ.items() if not k.startswith("JETON_")}, **popen)
    try:
        def ready():
            with contextlib.suppress(OSError):
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                c.request("GET", "/readyz")
                return c.getresponse().status == 200
        assert until(ready, 60)
        yield p, port
    finally:
        if p.poll() is None:
            p.kill()
            p.wait(30)


def livez(port):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request("GET", "/livez")
    return c.getresponse().status


def started(data):
    return len([r for r in audit_rows(data) if r["type"] == "configuration.reloaded"])


def test_p16_nobody_reads_the_log(tmp_path):
    """A full pipe holds up no thread; what it did not take is counted, and the audit log has everything."""
    data, (r, w) = tmp_path / "data", os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
    with with_stderr(data, w) as (p, port):
        os.close(w)
        env = {**os.environ, "JETON_DATA": str(data)}
        for i in range(150):
            p.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        assert livez(port) == 200
        made = subprocess.run([BIN, "client", "create", "c", "-o", "json"], env=env, capture_output=True, timeout=30)
        assert made.returncode == 0, made.stderr
        assert any(e["type"] == "client.created" for e in audit_rows(data))
        os.set_blocking(r, False)
        text = os.read(r, 1 << 20).decode()
        lines = text.splitlines()
        assert text.endswith("\n") and all(json.loads(line) for line in lines), lines[-3:]  # whole lines, as many as went in

        def says():
            p.send_signal(signal.SIGHUP)
            time.sleep(0.1)
            with contextlib.suppress(BlockingIOError):
                lines.append(os.read(r, 1 << 20).decode())
            return re.search(r"(\d+) lines? of this log could not be written", lines[-1])
        found = until(says)
        assert int(found[1]) > 10
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0
    check_chain(audit_rows(data))
    os.close(r)


def test_p16_whoever_read_the_log_is_gone(tmp_path):
    data, (r, w) = tmp_path / "data", os.pipe()
    with with_stderr(data, w) as (p, port):
        os.close(w)
        os.close(r)
        for _ in range(20):
            p.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        assert livez(port) == 200
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0
    assert audit_rows(data)[-1]["type"] == "server.stopped"


@pytest.mark.parametrize("closed", ["2", "0 1 2"])
def test_p16_started_with_closed_descriptors(tmp_path, closed):
    """Then no file, socket or event of ours has the number of stderr, and gets log lines into it."""
    data = tmp_path / "data"
    fds = [int(n) for n in closed.split()]

    def close():
        for fd in fds:
            os.close(fd)

    with with_stderr(data, None, preexec_fn=close) as (p, port):
        for fd in fds:
            assert os.readlink(f"/proc/{p.pid}/fd/{fd}") == "/dev/null"
        p.send_signal(signal.SIGHUP)
        assert livez(port) == 200
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0


# -- P4 --------------------------------------------------------------------------------------------------------------
def test_p4_a_file_at_its_greatest_size_is_a_full_disk(tmp_path):
    """RLIMIT_FSIZE is reached: the kernel's signal does not end the server; it refuses, and says why."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (600 * 1024, resource.RLIM_INFINITY))

    data = tmp_path / "data"
    with open(tmp_path / "log", "wb") as log, with_stderr(data, log, preexec_fn=limit) as (p, port):
        env = {**os.environ, "JETON_DATA": str(data)}
        for args in (["resource", "create", API, "--scope", "r", "--alg", "ES256"], ["client", "create", "c", "--allow", f"{API}=r", "--secret-out", str(tmp_path / "secret")]):
            assert subprocess.run([BIN, *args], env=env, capture_output=True, timeout=30).returncode == 0
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        auth, statuses = [("Authorization", basic("c", (tmp_path / "secret").read_text().strip()))], []
        while len(statuses) < 4000 and statuses[-1:] != [503]:
            statuses.append(call(c, body=b"grant_type=client_credentials", headers=auth).status)
        assert statuses[-1] == 503 and set(statuses) == {200, 503}
        assert livez(port) == 200 and "the audit log cannot be written" in (tmp_path / "log").read_text()
        assert until(lambda: resource.prlimit(p.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)) and
                     call(c, body=b"grant_type=client_credentials", headers=auth).status == 200)
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0
    rows = audit_rows(data)
    check_chain(rows)
    assert len([r for r in rows if r["type"] == "token.issued"]) == statuses.count(200) + 1


@pytest.mark.parametrize("make", [lambda f: f.write_text("precious"), lambda f: f.mkdir(), lambda f: f.symlink_to("elsewhere")], ids=["file", "folder", "link"])
def test_p17_only_a_socket_makes_way(tmp_path, make):
    """What stands where the administration's socket should be, and is none, is not ours to remove."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    make(data / "admin.sock")
    p = subprocess.run([BIN, "serve", "--data", str(data), "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert p.returncode != 0 and "admin.sock" in p.stderr
    assert os.path.lexists(data / "admin.sock") and not os.path.exists(tmp_path / "elsewhere")


# -- P17 -------------------------------------------------------------------------------------------------------------
def test_p17_a_crash_loses_nothing(tmp_path):
    """The process ends at once, by the signal and without a core; the next one has all that was answered."""
    data, port = tmp_path / "data", free_port()
    env = {"ASAN_OPTIONS": "handle_segv=0:detect_leaks=1", "TSAN_OPTIONS": "handle_segv=0"}
    s = prepared(data, port=port, env=env)
    seen, stop = [], threading.Event()

    def caller(resource):
        c = connect(s)
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not stop.is_set():
                a = ask(s, c, resource)
                assert a.status == 200
                seen.append((resource, a.json["access_token"]))

    threads = [threading.Thread(target=caller, args=(r,)) for r in (API, API, REST)]
    for t in threads:
        t.start()
    assert until(lambda: len(seen) > 100)
    before = set(os.listdir("."))
    s.process.send_signal(signal.SIGSEGV)
    code = s.process.wait(30)
    stop.set()
    for t in threads:
        t.join(30)
    assert code == -signal.SIGSEGV
    assert not [f for f in set(os.listdir(".")) - before if f.startswith("core")]
    again = Server(data, dev=False, port=port, env=env)
    try:
        rows = audit_rows(data)
        check_chain(rows)
        assert {jti(t) for r, t in seen if r == API} <= {r["jti"] for r in rows if r["type"] == "token.issued"}
        c = connect(again)
        for r, t in [x for x in seen if x[0] == REST][-20:] + seen[-20:]:
            assert call(c, path="/introspect", body=f"token={t}".encode(), headers=[("Authorization", basic(*s.rs))]).json["active"]
        again.good = s.good
        assert ask(again, c).status == 200
    finally:
        again.stop()


def test_p17_ready_again_soon(tmp_path):
    """A start after a crash does little more than one after an orderly stop: in one run, in CPU time of the process."""
    data = tmp_path / "data"
    s = prepared(data)
    c = connect(s)
    for _ in range(300):
        assert ask(s, c).status == 200
    cpu, wall = [], []
    for end in (signal.SIGTERM, signal.SIGKILL):
        s.process.send_signal(end)
        s.process.wait(30)
        begun = time.monotonic()
        s = Server(data, dev=False)
        wall.append(time.monotonic() - begun)
        ticks = pathlib.Path(f"/proc/{s.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu.append((int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"))
    s.stop()
    print(f"until ready: {wall[0]:.2f} s ({cpu[0]:.2f} of CPU) after a stop, {wall[1]:.2f} s ({cpu[1]:.2f}) after a kill")
    assert cpu[1] < 3 * cpu[0] + 1


# -- the administration ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method, path, known", [
    ("GET", "/audit?client_id=good", True), ("GET", "/audit?reason=x", True), ("GET", "/clients?client=good", True), ("GET", "/grants?client=good", True),
    ("GET", "/clients/good?x=y", False), ("DELETE", "/clients/good/grants/https%3A%2F%2Fapi.example.com?scopes=r", True), ("DELETE", "/clients/good?dry-run=1", False),
    ("POST", "/clients/good/credentials/rotate?now=true", False), ("GET", "/audit?%00", None), ("GET", "/audit?client=a&client=b", None), ("GET", "/audit?=x", True)])
def test_s17_an_unknown_parameter_widens_nothing(four, method, path, known):
    """A filter that is mistyped would show or remove all; it is refused, and named."""
    a = four.api(method, path)
    assert a.status == 400 and a.json["code"] == "query"
    assert ("there may be: " in a.json["detail"]) == bool(known) and ("this takes none" in a.json["detail"]) == (known is False)
    assert four.ask("GET", "/clients/good")["grants"][0]["scopes"] == ["r"]


# -- P18 -------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def four(tmp_path_factory):
    s = prepared(tmp_path_factory.mktemp("four") / "data", env={"JETON_SERVER_WORKERS": "4"})
    yield s
    s.stop()


def everywhere(s, n=48):
    """Enough connections for each of four workers to have some, whoever accepts: counted by the workers' own threads."""
    return [connect(s, "127.0.0.1") for _ in range(n)]


def test_p18_the_limit_of_failures_is_one_for_all_workers(four):
    """20 wrong proofs spread over all connections, and not 20 for each worker."""
    name, secret = four.client("rate", "--allow", f"{API}=r")
    here = elsewhere()
    wrong = basic(name, "wrong")
    got = []
    for _ in range(32):
        c = connect(four, here)  # a fresh one each time: whichever worker is awake takes it
        got.append(call(c, body=b"grant_type=client_credentials", headers=[("Authorization", wrong)]).status)
        c.close()
    assert got.count(401) in range(20, 24) and got[-1] == 429  # it forgets one in 3 s
    told = []
    for _ in range(12):
        c = connect(four, here)
        told.append(call(c, body=b"grant_type=client_credentials", headers=[("Authorization", basic(name, secret))]).status)
        c.close()
    assert set(told) == {429}
    assert call(connect(four), body=b"grant_type=client_credentials", headers=[("Authorization", basic(name, secret))]).status == 200


@pytest.mark.parametrize("resource", [API, REST])
def test_p18_a_revoked_token_is_over_on_every_worker(four, resource):
    conns = everywhere(four)
    t = ask(four, conns[0], resource).json["access_token"]

    def active():
        return {call(c, path="/introspect", body=f"token={t}".encode(), headers=[("Authorization", basic(*four.rs))]).body for c in conns}
    assert len(active()) == 1 and b'"active":true' in active().pop()
    assert call(conns[-1], path="/revoke", body=f"token={t}".encode(), headers=[("Authorization", basic(*four.good))]).status == 200
    assert active() == {b'{"active":false}'}
    for c in conns:
        c.close()


def test_p18_a8_a_changed_secret_is_one_on_every_worker(four):
    name, old = four.client("changing", "--allow", f"{API}=r")
    conns = everywhere(four)

    def statuses(secret):
        """Wrong ones from other networks, or the limit of failures would answer."""
        return {call(c, body=b"grant_type=client_credentials", headers=[("Authorization", basic(name, secret))]).status for c in conns}
    assert statuses(old) == {200}
    made = four.ask("POST", f"/clients/{name}/credentials/rotate", {"overlap": 3600}, status=201)
    assert statuses(old) == {200} and statuses(made["client_secret"]) == {200}
    newest = four.ask("POST", f"/clients/{name}/credentials/rotate", {"now": True}, status=201)
    assert statuses(newest["client_secret"]) == {200}
    assert statuses(old) == {401} and statuses(made["client_secret"]) == {401}  # revoked is not a wrong guess: it is not slowed
    events = [e for e in four.events(client_id=name) if e["type"] == "token.denied"]
    assert {e["reason"] for e in events} == {"secret_revoked"}
    for c in conns:
        c.close()
