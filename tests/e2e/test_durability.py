# SPDX-License-Identifier: Apache-2.0
"""What was answered is on disk: kill -9 under load, a full disk, and the chain afterwards."""
import os
import subprocess
import threading
import time

import jwt
import pytest
from support import Server, audit_rows, check_chain, free_port

ROUNDS = int(os.environ.get("JETON_KILL_ROUNDS", "20"))


def jti(answer):
    return jwt.decode(answer.json["access_token"], options={"verify_signature": False})["jti"]


def test_kill_under_load(tmp_path):
    """Every token that was answered is in the audit log; every client that was created exists."""
    data, port = tmp_path / "data", free_port()
    answered, created = [], []
    s = Server(data, dev=False, port=port)
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    for i in range(ROUNDS):
        got = []

        def caller():
            c = s.connect()
            try:
                while True:
                    a = s.token(client, secret, connection=c)
                    assert a.status == 200
                    got.append(jti(a))
            except (OSError, ValueError, __import__("http").client.HTTPException):
                pass

        threads = [threading.Thread(target=caller) for _ in range(6)]
        for t in threads:
            t.start()
        created.append(s.client(f"round-{i}")[0])
        time.sleep(0.05 + (i * 37 % 50) / 1000)
        s.kill()
        for t in threads:
            t.join(20)
        answered += got
        s = Server(data, dev=False, port=port)
    rows = audit_rows(data)
    check_chain(rows)
    issued = {r["jti"] for r in rows if r["type"] == "token.issued"}
    assert len(answered) > ROUNDS and len(set(answered)) == len(answered)
    assert set(answered) <= issued
    assert set(created) <= {c["client_id"] for c in s.cli_json("client", "list")}
    assert set(created) <= {r["client_id"] for r in rows if r["type"] == "client.created"}
    s.stop()


@pytest.fixture
def small_disk(tmp_path):
    d = tmp_path / "disk"
    d.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(d)], capture_output=True).returncode:
        pytest.skip("a full disk needs root and mount(2)")
    yield d
    subprocess.run(["umount", "-l", str(d)], check=True)


def fill(disk):
    with open(disk / "ballast", "wb", buffering=0) as f:
        for size in (65536, 512):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError:
                pass


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


@pytest.mark.parametrize("policy", ["block", "degrade"])
def test_full_disk(small_disk, policy):
    s = Server(small_disk / "data", dev=False, env={"JETON_AUDIT_ON_FAILURE": policy})
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    assert s.token(client, secret).status == 200
    fill(small_disk)
    answers = [s.token(client, secret) for _ in range(400)]
    assert "disk is full" in s.stderr()
    if policy == "block":
        last = answers[-1]
        assert last.status == 503 and last.headers["Retry-After"] and b"access_token" not in last.body
        assert last.json["error"] == "temporarily_unavailable"
        assert s.get("/.well-known/jwks.json").status == 200  # the documents need no disk
        assert s.cli("client", "create", "no-room", ok=False).returncode == 1
    else:
        assert {a.status for a in answers} == {200}
        assert "WITHOUT audit" in s.stderr()
    os.unlink(small_disk / "ballast")
    assert until(lambda: s.token(client, secret).status == 200)
    assert until(lambda: "can be written again" in s.stderr())
    kept = [jti(a) for a in answers if a.status == 200]
    rows = audit_rows(s.data)
    check_chain(rows)
    if policy == "block":
        assert set(kept) <= {r["jti"] for r in rows}
    s.stop()


def test_retention_by_size(start):
    s = start(dev=False, env={"JETON_AUDIT_MAX_SIZE": "1MiB"})
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    c = s.connect()
    for _ in range(8500):
        assert s.token(client, secret, connection=c).status == 200
    assert until(lambda: any(r["type"] == "audit.pruned" for r in audit_rows(s.data)))
    rows = audit_rows(s.data)
    check_chain(rows)
    assert rows[0]["seq"] > 1


def test_introspections_are_counted(start):
    s = start()
    token = s.token().json["access_token"]
    for _ in range(25):
        assert s.post("/introspect", {"token": token}, auth="Bearer " + token).json["active"]
    assert until(lambda: sum(r["count"] for r in audit_rows(s.data) if r["type"] == "introspection.counted") == 25)


def test_introspections_each(start):
    s = start(env={"JETON_AUDIT_INTROSPECTION": "each"})
    token = s.token().json["access_token"]
    for _ in range(3):
        assert s.post("/introspect", {"token": token}, auth="Bearer " + token).json["active"]
    assert [r["reason"] for r in audit_rows(s.data) if r["type"] == "introspection"] == ["active"] * 3
