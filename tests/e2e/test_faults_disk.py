# SPDX-License-Identifier: Apache-2.0
"""A disk that is full or fails, at each file and call: what was answered with success is there after kill -9, the rest is refused."""
import http.client
import os
import re

import pytest
from shim import Shim
from support import UnixConnection, audit_rows, check_chain, free_port, jti, until

JWT, OPAQUE = "https://a.example.com", "https://o.example.com"
THOROUGH = "JETON_FAULT_ALL" in os.environ


@pytest.fixture
def disk(tmp_path):
    d = Shim(tmp_path, "disk", "DISK_CONTROL")
    yield d
    d("")


class House:
    """A server with clients, and what it was told to have done."""

    def __init__(self, start, disk, **env):
        self.begin, self.env, self.disk, self.serial = start, {**disk.env, **env}, disk, 0
        self.s = start(dev=False, env=self.env)
        for a, more in ((JWT, ("--alg", "ES256")), (OPAQUE, ("--format", "opaque"))):
            self.s.cli("resource", "create", a, "--scope", "r", *more)
        self.id, self.secret = self.s.client("c", "--allow", JWT + "=r", "--allow", OPAQUE + "=r")
        self.rs = self.s.client("rs")
        for a in (JWT, OPAQUE):
            self.s.cli("resource", "update", a, "--introspect-by", "rs")
        self.issued, self.opaque, self.revoked, self.there, self.unsure = [], [], [], {}, {}

    def again(self):
        self.s.kill()
        self.disk("")
        self.s = self.begin(dev=False, env=self.env, port=free_port())

    # Each gives the status, or that of an exit code: 200 or 503.
    def token(self):
        a = self.s.token(self.id, self.secret, resource=JWT)
        self.refusal(a)
        self.issued += [a.json["access_token"]] if a.status == 200 else []
        return a.status

    def opaque_token(self):
        a = self.s.token(self.id, self.secret, resource=OPAQUE)
        self.refusal(a)
        self.opaque += [a.json["access_token"]] if a.status == 200 else []
        return a.status

    def revoke(self):
        token = self.issued.pop()
        a = self.s.post("/revoke", {"token": token}, auth=(self.id, self.secret))
        self.refusal(a)
        self.revoked += [token] if a.status == 200 else []
        return a.status

    def refusal(self, a):
        if a.status != 200:
            assert a.status == 503 and a.headers["Retry-After"] and b"access_token" not in a.body, a

    def admin(self, kind, name, *args):
        """kind, name: what must have been done if it says so, else may have been."""
        r = self.s.cli(*args, ok=False)
        (self.there if r.returncode == 0 else self.unsure).setdefault(kind, set()).add(name)
        assert r.returncode in (0, 1, 5), r.stderr  # 5: there was no answer
        return 200 if r.returncode == 0 else 503

    def create(self):
        self.serial += 1
        return self.admin("client", f"n{self.serial}", "client", "create", f"n{self.serial}")

    def update(self):
        self.serial += 1
        return self.admin("owner", str(self.serial), "client", "update", self.id, "--owner", str(self.serial))

    def rotate(self):
        self.serial += 1
        return self.admin("label", f"l{self.serial}", "credential", "add", "rs", "--secret", "--label", f"l{self.serial}")

    def grant(self):
        return self.admin("grant", "rs", "grant", "add", "rs", JWT, "r")

    def key(self):
        return self.admin("key", "any", "key", "rotate", "--alg", "ES256")

    def rekey(self):
        return self.admin("rekey", "any", "rekey")

    OPERATIONS = (token, opaque_token, revoke, create, update, rotate, grant, key, rekey)

    def check(self):
        """After a restart."""
        rows = audit_rows(self.s.data)
        check_chain(rows)
        assert {jti(t) for t in self.issued} <= {r["jti"] for r in rows if r["type"] == "token.issued"}
        for t in self.revoked:
            assert self.active(t) is False
        for t in self.opaque:
            assert self.active(t) is True
        clients = {c["client_id"]: c for c in self.s.cli_json("client", "list")}
        assert self.there.get("client", set()) <= set(clients)
        made = {r["client_id"] for r in rows if r["type"] == "client.created"}
        for name in self.unsure.get("client", ()):
            assert (name in clients) == (name in made), f"{name}: {clients.keys()} {made}"
        owners = self.there.get("owner", set())
        if owners:
            assert int(clients[self.id]["owner"]) >= max(map(int, owners))
        labels = {c["label"] for c in self.s.cli_json("credential", "list", "rs")}
        assert self.there.get("label", set()) <= labels
        if self.there.get("grant"):
            assert self.s.cli_json("grant", "list", "rs")
        assert self.s.token(self.id, self.secret, resource=JWT).status == 200
        assert until(lambda: self.s.get("/readyz").status == 200)

    def active(self, token):
        return self.s.post("/introspect", {"token": token}, auth=self.rs).json["active"]


FAULTS = [("eio", "sync"), ("enospc", "write"), ("eio", "write"), ("enospc", "truncate")]


@pytest.mark.parametrize("name", ["jeton.db-wal", "audit.db-wal", "master.key"])
@pytest.mark.parametrize("how,calls", FAULTS)
def test_every_write(start, disk, how, calls, name):
    """For ever, until the disk is well again: refused, told by /readyz, and then all goes on by itself."""
    h = House(start, disk)
    for operation in h.OPERATIONS:
        for _ in range(3):
            assert h.token() == 200
        disk.order(how, name, calls)
        status = operation(h)
        if status != 200 and name == "audit.db-wal":
            h.token()
            assert h.s.get("/readyz").status == 503
        disk("")
        if status != 200 and operation not in (House.create, House.rekey, House.key):
            h.issued += [] if operation is not House.revoke else [h.s.token(h.id, h.secret, resource=JWT).json["access_token"]]
            assert operation(h) == 200, operation
        assert until(lambda: h.token() == 200)
    h.again()
    h.check()


@pytest.mark.parametrize("how,calls", [("eio", "sync"), ("enospc", "write"), ("short", "write"), ("eintr", "write"), ("eintr", "truncate")])
def test_once(start, disk, how, calls):
    """The k-th call, once: whatever was answered holds, before and after the next start."""
    h = House(start, disk)
    for k in range(0, 12 if THOROUGH else 3):
        for operation in h.OPERATIONS:
            h.token()
            disk.order(how, "/data/", calls, k, 1)
            status = operation(h) if operation is not House.revoke or h.issued else 200
            assert status == 200 or how in ("eio", "enospc"), operation
        disk("")
        if k % 2 == 1:
            h.again()
            h.check()
    h.again()
    h.check()


def test_refused_change_after_kill(start, disk):
    """
    The commit of a change is written, but its fsync fails: refused. A later token takes the number of its event. After kill -9
    SQLite finds the commit in its log all the same: the change is in effect, and so is its record.
    """
    h = House(start, disk)
    disk.order("eio", "jeton.db-wal", "sync")
    assert h.create() == 503
    disk("")
    for _ in range(3):
        assert h.token() == 200
    h.again()
    h.check()
    h.again()  # the record is not written twice
    h.check()
    rows = audit_rows(h.s.data)
    assert len([r for r in rows if r["type"] == "client.created" and r["client_id"] == "n1"]) <= 1


def test_degrade(start, disk):
    """Issued without a record, and counted; opaque tokens and changes, which must be kept, are refused."""
    h = House(start, disk, JETON_AUDIT_ON_FAILURE="degrade")
    for name in ("audit.db", "jeton.db"):
        disk.order("enospc", name, "write")
        assert h.s.token(h.id, h.secret, resource=JWT).status == 200
        if name == "jeton.db":
            assert h.opaque_token() == 503
        assert h.create() == 503
        disk("")
        assert until(lambda: h.token() == 200)
    assert "WITHOUT audit" in h.s.stderr()
    metrics = h.s.request("GET", "/metrics", connection=admin(h.s)).body.decode()
    assert float(re.search(r"^jeton_audit_dropped_total (.*)", metrics, re.M)[1]) >= 1
    h.again()
    h.issued.clear()
    h.check()


def admin(s):
    return UnixConnection(os.path.join(s.data, "admin.sock"))


@pytest.mark.parametrize("how,calls", [("enospc", "write"), ("eio", "write"), ("eio", "sync"), ("eio", "rename")])
def test_backup(start, disk, tmp_path, how, calls):
    """A backup that could not be written is none, and leaves nothing."""
    h = House(start, disk)
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    for k in (0, 1, 5) if calls == "write" else (0,):
        disk.order(how, "/backups", calls, k)
        r = h.s.cli("backup", str(folder / "b.db"), ok=False)
        assert r.returncode == 1 and r.stderr, r
        assert os.listdir(folder) == []
        assert h.token() == 200
    disk("")
    h.s.cli("backup", str(folder / "b.db"))
    assert os.listdir(folder) == ["b.db"]
    h.again()
    h.check()


def test_cut_at_each_call(start, disk):
    """SIGKILL at the k-th call to the disk of each kind of write: what was answered is there, nothing is half done."""
    h = House(start, disk)
    for operation in h.OPERATIONS:
        for k in range(0, 60, 1 if THOROUGH else 8):
            h.token()
            h.token()
            disk.order("kill", "/data/", "all", k)
            try:
                operation(h)
            except (OSError, ValueError, http.client.HTTPException):
                pass
            dead = until(lambda: h.s.process.poll() is not None, 0.3)
            if not dead and k > 20:
                h.disk("")
                break
            h.again()
            h.check()


def test_uses_and_expiry(start, disk):
    """Last uses are not lost while the disk fails, only late."""
    h = House(start, disk)
    disk.order("eio", "jeton.db-wal", "sync")
    for _ in range(5):
        assert h.token() == 200
    assert until(lambda: not h.s.cli_json("credential", "list", "c")[0].get("uses") or True)
    disk("")
    h.s.stop()
    s = start(dev=False, env=h.env, port=free_port())
    assert s.cli_json("credential", "list", "c")[0]["uses"] >= 5
