# SPDX-License-Identifier: Apache-2.0
"""What was answered is on disk: kill -9 under load, a full disk, and the chain afterwards."""
import http.client
import os
import subprocess
import threading
import time

import pytest
from support import Server, audit_rows, check_chain, free_port, jti, until

ROUNDS = int(os.environ.get("JETON_KILL_ROUNDS", "20"))


class Load:
    """Callers that note what they were told, until the server is gone."""

    def __init__(self, server, client, secret):
        self.s, self.client, self.secret = server, client, secret
        self.issued, self.revoked, self.owners = [], [], []
        self.threads = [threading.Thread(target=self.until_gone, args=(f,))
                        for f in [self.ask] * 3 + [self.ask_opaque, self.revoke, self.revoke, self.administer]]
        for t in self.threads:
            t.start()

    def until_gone(self, act):
        c = self.s.connect()
        try:
            while True:
                act(c)
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def ask(self, c, resource="https://a.example.com"):
        a = self.s.token(self.client, self.secret, connection=c, resource=resource)
        assert a.status == 200, a
        if resource == "https://a.example.com":
            self.issued.append(jti(a.json["access_token"]))
        return a.json["access_token"]

    def ask_opaque(self, c):
        self.opaque = self.ask(c, "https://o.example.com")

    def revoke(self, c):
        token = self.ask(c)
        a = self.s.post("/revoke", {"token": token}, auth=(self.client, self.secret), connection=c)
        assert a.status == 200, a
        self.revoked.append(token)

    def administer(self, c):
        """Over a connection of its own to the socket; the owner is a number that only grows."""
        n = self.owners[-1] + 1 if self.owners else int(self.s.cli_json("client", "show", self.client)["owner"] or "0") + 1
        if self.s.cli("client", "update", self.client, "--owner", str(n), ok=False).returncode != 0:
            raise OSError("gone")
        self.owners.append(n)

    def join(self):
        for t in self.threads:
            t.join(30)


def test_kill_under_load(tmp_path):
    """Every token that was answered is in the audit log; every revocation and change that was answered is in effect."""
    data, port = tmp_path / "data", free_port()
    issued, revoked, opaque, ready = [], [], [], []
    s = Server(data, dev=False, port=port)
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", "https://o.example.com", "--scope", "r", "--format", "opaque")
    client, secret = s.client("c", "--allow", "https://a.example.com=r", "--allow", "https://o.example.com=r")
    rs = s.client("rs")
    for a in ("https://a.example.com", "https://o.example.com"):
        s.cli("resource", "update", a, "--introspect-by", "rs")
    for i in range(ROUNDS):
        load = Load(s, client, secret)
        time.sleep(0.15 + (i * 37 % 50) / 500)
        s.kill()
        load.join()
        begun = time.monotonic()
        s = Server(data, dev=False, port=port)
        ready.append(time.monotonic() - begun)
        issued += load.issued
        revoked += load.revoked
        opaque += [load.opaque] if hasattr(load, "opaque") else []
        c = s.connect()
        for token in load.revoked[-50:]:
            assert s.post("/introspect", {"token": token}, auth=rs, connection=c).json == {"active": False}
        if load.owners:
            assert int(s.cli_json("client", "show", client)["owner"]) in (load.owners[-1], load.owners[-1] + 1)
    rows = audit_rows(data)
    check_chain(rows)
    assert len(issued) > ROUNDS and len(set(issued)) == len(issued)
    assert set(issued) <= {r["jti"] for r in rows if r["type"] == "token.issued"}
    c = s.connect()
    for token in revoked[-2000:]:
        assert s.post("/introspect", {"token": token}, auth=rs, connection=c).json == {"active": False}
    for token in opaque:
        assert s.post("/introspect", {"token": token}, auth=rs, connection=c).json["active"] is True
    ready.sort()
    print(f"{ROUNDS} rounds: {len(issued)} tokens, {len(revoked)} revocations; ready again in {ready[len(ready) // 2]:.3f} s (median), {ready[-1]:.3f} s at most")
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
    kept = [jti(a.json["access_token"]) for a in answers if a.status == 200]
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
