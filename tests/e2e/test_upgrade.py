# SPDX-License-Identifier: Apache-2.0
"""A data directory of the first version goes on under this one: clients, secrets, tokens, keys and the audit chain."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

import jwt
import pytest
from support import BIN, audit_rows, check_chain, free_port

OLD = pathlib.Path(__file__).parent / "data" / "v1"
KNOWN = json.loads((OLD / "test-known.json").read_text())
ORDERS, BILLS = "https://orders.example.com", "urn:example:bills"
ENVIRONMENT = {"JETON_SERVER_ISSUER": KNOWN["issuer"]}


@pytest.fixture
def data(tmp_path):
    d = tmp_path / "data"
    d.mkdir(mode=0o700)
    for name in ("jeton", "audit"):
        db = sqlite3.connect(d / f"{name}.db")
        db.executescript((OLD / f"{name}.sql").read_text())
        db.close()
        os.chmod(d / f"{name}.db", 0o600)
    shutil.copy(OLD / "test-master.key", d / "master.key")
    os.chmod(d / "master.key", 0o600)
    return d


def number(path, sql):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchone()[0]
    finally:
        db.close()


def version(path):
    return number(path, "PRAGMA user_version")


def active(s, token):
    a = s.post("/introspect", {"token": token}, auth=("gateway", KNOWN["clients"]["gateway"]))
    assert a.status == 200, a
    return a.json


def check_everything(s):
    clients = {c["client_id"]: c for c in s.cli_json("client", "list")}
    assert set(clients) == set(KNOWN["clients"])
    assert clients["shop"]["owner"] == "Ladenteam" and clients["shop"]["enabled"] is True
    assert {g["resource"]: g["scopes"] for g in clients["shop"]["grants"]} == {ORDERS: ["orders:read", "orders:write"], BILLS: ["bills"]}
    assert not clients["nobody"]["credentials"] and clients["shop"]["credentials"][0]["state"] == "active"
    orders = s.cli_json("resource", "show", ORDERS)
    assert orders["scopes"] == [{"name": "orders:read", "text": "Read orders"}, {"name": "orders:write", "text": ""}]
    assert (orders["alg"], orders["format"], orders["lifetime"], orders["introspect_by"]) == ("RS256", "jwt", 315360000, ["gateway"])
    keys = {k["kid"]: k for k in s.get("/.well-known/jwks.json").json["keys"]}
    for token in KNOWN["tokens"]:
        kid = jwt.get_unverified_header(token)["kid"]
        claims = jwt.decode(token, jwt.PyJWK(keys[kid]).key, algorithms=["RS256", "ES256"], audience=[ORDERS, BILLS],
                            options={"verify_iat": False})
        told = active(s, token)
        assert told["active"] and told["client_id"] == "shop" and told["jti"] == claims["jti"]
    fresh = s.token("shop", KNOWN["clients"]["shop"], resource=ORDERS)
    assert fresh.status == 200 and active(s, fresh.json["access_token"])["active"]
    assert jwt.get_unverified_header(fresh.json["access_token"])["kid"] in keys
    assert s.token("shop", "wrong").status == 401
    explained = s.cli_json("explain", KNOWN["error_ref"])
    assert explained["event"]["type"] == "token.denied" and explained["event"]["client_id"] == "shop"


def test_upgrade(data, start):
    assert version(data / "jeton.db") == 1
    s = start(dev=False, env=ENVIRONMENT)
    assert version(data / "jeton.db") > 1
    check_everything(s)
    # what is new works on what is old
    s.cli("resource", "update", ORDERS, "--lifetime", "15m")
    client, secret = s.client("new", "--allow", f"{BILLS}=bills")
    assert active(s, s.token(client, secret).json["access_token"])["active"]
    s.stop()
    rows = audit_rows(data)
    check_chain(rows)
    assert rows[0]["seq"] == 1 and rows[KNOWN["last_seq"]]["type"] == "server.started"
    s = start(dev=False, env=ENVIRONMENT, port=s.port)
    assert s.cli_json("resource", "show", ORDERS)["lifetime"] == 900
    assert all(active(s, t)["active"] for t in KNOWN["tokens"])
    check_chain(audit_rows(data))


def test_old_keys_know_how_long_their_tokens_live(data, start):
    start(dev=False, env=ENVIRONMENT).stop()
    assert number(data / "jeton.db", "SELECT min(longest) FROM signing_key") == 315360000
    assert number(data / "jeton.db", "SELECT count(*) FROM signing_key WHERE signs=created") == 2


def test_numbers_go_on(data, start):
    """Issue sequences and credential numbers are higher than all that the first version gave out."""
    starts = number(data / "jeton.db", "SELECT CAST(value AS INTEGER) FROM setting WHERE name='issue_start'")
    highest = number(data / "jeton.db", "SELECT max(number) FROM credential")
    s = start(dev=False, env=ENVIRONMENT)
    s.client("new")
    assert number(data / "jeton.db", "SELECT CAST(value AS INTEGER) FROM setting WHERE name='issue_start'") == starts + 1
    assert number(data / "jeton.db", "SELECT number FROM credential WHERE client_id='new'") == highest + 1


def columns(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {n: [c[1] for c in db.execute(f"PRAGMA table_info({n})")] for (n,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    finally:
        db.close()


def change(path, sql):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(sql)
    db.close()


@pytest.mark.parametrize("table", ["network", "credential_use"])
def test_a_step_that_fails_leaves_nothing(data, start, table):
    """A statement in the middle, or the last one, cannot be done: those before it are undone."""
    change(data / "jeton.db", f"CREATE TABLE {table}(x)")
    before = columns(data / "jeton.db")
    r = serve(data)
    assert r.returncode == 1 and "cannot open the databases" in r.stderr
    assert version(data / "jeton.db") == 1 and columns(data / "jeton.db") == before
    change(data / "jeton.db", f"DROP TABLE {table}")
    check_everything(start(dev=False, env=ENVIRONMENT))


def test_kill_while_upgrading(data, start, tmp_path):
    """SIGKILL at whatever moment: the databases are whole, of one schema or another, and the next start goes on."""
    seen = set()
    for i in range(40):
        copy = tmp_path / f"copy-{i}"
        shutil.copytree(data, copy)
        p = subprocess.Popen([BIN, "serve", "--data", str(copy), "--listen", f"127.0.0.1:{free_port()}"], stderr=subprocess.DEVNULL,
                             env={**os.environ, **ENVIRONMENT})
        time.sleep(0.004 + i * 0.0007)
        p.kill()
        p.wait()
        db = sqlite3.connect(copy / "jeton.db")
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        seen.add(db.execute("PRAGMA user_version").fetchone()[0])
        db.close()
        if i % 8 == 7:
            s = start(copy.name, dev=False, env=ENVIRONMENT)
            check_everything(s)
            s.stop()
            check_chain(audit_rows(copy))
    assert seen <= set(range(1, version(copy / "jeton.db") + 1))  # each step is whole by itself


def test_restore_of_an_older_schema(data, start, tmp_path):
    """A backup whose tables are those of schema 1 is brought to ours by the restore."""
    file = tmp_path / "b.db"
    db = sqlite3.connect(file)
    for name in ("jeton", "audit"):
        db.executescript((OLD / f"{name}.sql").read_text())
    seq, digest = db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    db.execute("CREATE TABLE backup(version TEXT, made INTEGER, start INTEGER, state_schema INTEGER, audit_schema INTEGER, events INTEGER,"
               " last_seq INTEGER, last_hash BLOB)")
    db.execute("INSERT INTO backup VALUES('0.0.1', 1795603299, 2, 1, 1, ?, ?, ?)", (seq, seq, digest))
    db.commit()
    db.executescript("PRAGMA journal_mode=DELETE; PRAGMA application_id=0x4a657462; PRAGMA user_version=1;")
    db.close()
    for name in ("jeton.db", "audit.db"):
        (data / name).unlink()
    r = subprocess.run([BIN, "restore", str(file), "--data", str(data)], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    assert version(data / "jeton.db") > 1
    s = start(dev=False, env=ENVIRONMENT)
    assert not any(active(s, t)["active"] for t in KNOWN["tokens"])
    fresh = s.token("shop", KNOWN["clients"]["shop"], resource=BILLS).json["access_token"]
    assert active(s, fresh)["active"]
    s.stop()
    rows = audit_rows(data)
    check_chain(rows)
    assert [r["type"] for r in rows[seq:seq + 2]] == ["server.restored", "server.started"]


def serve(directory):
    return subprocess.run([BIN, "serve", "--data", str(directory), "--listen", f"127.0.0.1:{free_port()}"], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **ENVIRONMENT})
