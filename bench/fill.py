# SPDX-License-Identifier: Apache-2.0
"""Rows written straight into the database of a stopped server: more clients and tokens than anyone would make one by one."""
import base64
import hashlib
import os
import sqlite3
import time


def _columns(db, table):
    return [r[1] for r in db.execute(f"PRAGMA table_info({table})")]


def _copies(db, table, model, change, n):
    """n copies of a client's rows, each with what `change` says instead, in SQL over its number i."""
    values = ",".join(change.get(c, c) for c in _columns(db, table))
    db.execute(f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {n - 1})"
               f" INSERT INTO {table} SELECT {values} FROM {table}, n WHERE client_id='{model}'")


def clients(data, model, n):
    """`n` clients beside `model`, alike but for their names spread-0000000, spread-0000001, …; all have its secret, so that one load
    can be any of them."""
    db = sqlite3.connect(os.path.join(data, "jeton.db"))
    highest = db.execute("SELECT max(number) FROM credential").fetchone()[0]
    name = {"client_id": "printf('spread-%07d', i)"}
    with db:
        _copies(db, "client", model, {**name, "name": "'number ' || i", "owner": "'team-' || i % 100"}, n)
        _copies(db, "credential", model, {**name, "number": f"{highest + 1} + i"}, n)
        _copies(db, "client_grant", model, name, n)
    db.close()


def opaque_text(i):
    return "jat_" + base64.urlsafe_b64encode(hashlib.sha256(b"%d" % i).digest()).decode().rstrip("=")


def opaque_tokens(data, client, audience, n):
    """`n` live opaque tokens of a client; opaque_text() says what they are."""
    db = sqlite3.connect(os.path.join(data, "jeton.db"))
    number = db.execute("SELECT number FROM credential WHERE client_id=?", (client,)).fetchone()[0]
    columns = _columns(db, "opaque")
    now = int(time.time())
    same = {"credential": number, "issued": now, "expires": now + 86400, "client_id": client, "audience": audience, "scope": "read"}
    rows = ({**same, "sequence": (1 << 40) + i, "hash": hashlib.sha256(opaque_text(i).encode()).digest()} for i in range(n))
    with db:
        db.executemany(f"INSERT INTO opaque({','.join(columns)}) VALUES({','.join('?' * len(columns))})", ([r[c] for c in columns] for r in rows))
    db.close()
