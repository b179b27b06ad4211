# SPDX-License-Identifier: Apache-2.0
"""What keeps a server from starting says what, where, and what to do; and stopping loses nothing."""
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest
from support import BIN, Server, free_port


def run(*args, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JETON_")}
    return subprocess.run([BIN, *args], capture_output=True, text=True, timeout=30, env={**clean, **(env or {})})


def serve(data, *args, port=None, env=None):
    return run("serve", "--data", str(data), "--listen", f"127.0.0.1:{port or free_port()}", *args, env=env)


def test_directory_in_use(start):
    s = start(dev=False)
    r = serve(s.data)
    assert r.returncode == 6 and str(s.process.pid) in r.stderr
    assert s.get("/.well-known/jwks.json").status == 200
    assert os.path.exists(os.path.join(s.data, "admin.sock")) and s.cli("client", "list").returncode == 0


def test_port_in_use(start, tmp_path):
    s = start(dev=False)
    r = serve(tmp_path / "other", port=s.port)
    assert r.returncode == 6 and f"127.0.0.1:{s.port}" in r.stderr and "in use" in r.stderr


def test_unknown_key(tmp_path):
    c = tmp_path / "jeton.yaml"
    c.write_text("server:\n  listen: [127.0.0.1:1]\ntoken:\n  lifetme: 5m\n")
    for command in ("serve", "check"):
        r = run(command, "--config", str(c))
        assert r.returncode == 2 and f"{c}:4:3" in r.stderr and 'did you mean "lifetime"' in r.stderr


def test_unknown_environment_key(tmp_path):
    r = serve(tmp_path / "d", env={"JETON_TOKEN_LIFETME": "5m"})
    assert r.returncode == 2 and "JETON_TOKEN_LIFETME" in r.stderr


def test_plain_http_in_the_open(tmp_path):
    r = run("serve", "--data", str(tmp_path / "d"), "--listen", "0.0.0.0:1")
    assert r.returncode == 2 and "plain HTTP" in r.stderr


def test_socket_path_too_long(tmp_path):
    d = tmp_path / ("d" * 90)
    r = serve(d)
    assert r.returncode == 2 and "bytes long" in r.stderr


def test_master_key_open_to_others(start):
    s = start(dev=False)
    s.stop()
    key = os.path.join(s.data, "master.key")
    os.chmod(key, 0o644)
    r = serve(s.data)
    assert r.returncode == 2 and "chmod 600" in r.stderr


def test_another_master_key(start):
    s = start(dev=False)
    s.stop()
    key = os.path.join(s.data, "master.key")
    old = open(key).read()
    with open(key, "w") as f:
        f.write("00" * 32 + "\n")
    r = serve(s.data)
    assert r.returncode != 0 and "master.key" in r.stderr
    os.unlink(key)
    r = serve(s.data)
    assert r.returncode != 0 and not os.path.exists(key)  # never a new key over old data
    with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(old)
    start(dev=False).stop()


def test_foreign_and_newer_database(start):
    s = start(dev=False)
    s.stop()
    path = os.path.join(s.data, "jeton.db")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    r = serve(s.data)
    assert r.returncode != 0 and "newer" in r.stderr
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs(x)")
    r = serve(s.data)
    assert r.returncode != 0 and "jeton" in r.stderr


def test_directory_writable_by_others(tmp_path):
    d = tmp_path / "d"
    d.mkdir()
    d.chmod(0o777)
    r = serve(d)
    assert r.returncode == 2 and "chmod 700" in r.stderr


def test_stale_socket_is_replaced(start):
    s = start(dev=False)
    s.kill()
    assert os.path.exists(os.path.join(s.data, "admin.sock"))
    t = start(dev=False, port=free_port())
    assert t.cli("client", "list").returncode == 0


def test_sigterm_under_load(start):
    """Every request that was begun is answered; then connections are refused."""
    s = start(dev=False)
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    lost, done, stop = [], [], threading.Event()

    def caller():
        c = s.connect()
        while not stop.is_set():
            try:
                a = s.token(client, secret, connection=c)
                done.append(a.status)
                if a.headers["Connection"] == "close":
                    return
            except (ConnectionRefusedError, socket.timeout):
                return
            except Exception as e:  # noqa: BLE001 - any broken answer is what this test looks for
                lost.append(repr(e))
                return

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for t in threads:
        t.start()
    while len(done) < 200:
        time.sleep(0.01)
    s.process.send_signal(signal.SIGTERM)
    for t in threads:
        t.join(30)
    stop.set()
    s.stop()
    assert not lost and set(done) == {200}, (lost, set(done))


def test_four_workers(start):  # P18
    s = start(dev=False, env={"JETON_SERVER_WORKERS": "4"})
    s.cli("resource", "create", "https://a.example.com", "--scope", "r")
    for i in range(5):
        client, secret = s.client(f"c{i}", "--allow", "https://a.example.com=r")
        # fresh connections spread over the workers: each must know the client at once
        assert [s.token(client, secret).status for _ in range(12)] == [200] * 12


def test_cap_per_address(start):
    s = start(dev=False, env={"JETON_SERVER_MAX_CONNECTIONS_PER_ADDRESS": "5"})
    held = [socket.create_connection((s.host, s.port), 5) for _ in range(5)]
    time.sleep(0.2)
    with socket.create_connection((s.host, s.port), 5) as extra:
        extra.settimeout(5)
        try:
            assert extra.recv(10) == b""
        except ConnectionResetError:
            pass
    other = socket.create_connection((s.host, s.port), 5, source_address=("127.0.0.2", 0))
    other.sendall(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert other.recv(12) == b"HTTP/1.1 200"
    for h in held:
        h.close()
    time.sleep(0.2)
    assert s.get("/.well-known/jwks.json").status == 200


def test_slow_head(plain):
    """One deadline for the whole head, however the bytes drip (S3)."""
    with socket.create_connection((plain.host, plain.port), 30) as s:
        begin = time.monotonic()
        s.settimeout(0.5)
        while time.monotonic() - begin < 25:
            try:
                s.send(b"G" if time.monotonic() - begin < 0.4 else b"E")
                if s.recv(10) == b"":
                    break
            except socket.timeout:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert time.monotonic() - begin >= 9
    assert plain.get("/.well-known/jwks.json").status == 200


def test_aborted_connections(plain):
    def descriptors():
        return len(os.listdir(f"/proc/{plain.process.pid}/fd"))
    before = descriptors()
    for i in range(300):
        c = socket.create_connection((plain.host, plain.port), 5)
        c.sendall(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"[: i % 60])
        if i % 2:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        c.close()
    for _ in range(100):
        if descriptors() <= before + 1:
            break
        time.sleep(0.05)
    assert descriptors() <= before + 1
    assert plain.token().status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_admin_socket_is_private(plain):
    assert os.stat(os.path.join(plain.data, "admin.sock")).st_mode & 0o777 == 0o600
    r = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", BIN, "client", "list", "--socket", f"{plain.data}/admin.sock"],
                       capture_output=True, text=True)
    assert r.returncode in (3, 5), r
