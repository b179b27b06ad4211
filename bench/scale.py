#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many clients and many opaque tokens: memory of each, time to start, and how long one change takes.

The rows are written straight into the database of a stopped server. Usage: scale.py JETON [CLIENTS] [TOKENS]
"""
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Server:
    def __init__(self, binary, data):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        begun = time.monotonic()
        self.process = subprocess.Popen([binary, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"], stderr=subprocess.PIPE)
        while b"ready" not in (line := self.process.stderr.readline()):
            assert line, "the server did not start"
        self.ready = time.monotonic() - begun
        self.socket = os.path.join(data, "admin.sock")

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) * 1024

    def admin(self, method, path, body=None, headers=()):
        c = Unix(self.socket)
        c.request(method, "/admin/v1" + path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **dict(headers)})
        r = c.getresponse()
        text = r.read()
        assert r.status < 300, text
        return r.headers, json.loads(text) if text else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0


def fill_clients(data, first, n):
    db = sqlite3.connect(os.path.join(data, "jeton.db"))
    columns = {t: [r[1] for r in db.execute(f"PRAGMA table_info({t})")] for t in ("client", "credential", "client_grant")}
    put = {t: f"INSERT INTO {t}({','.join(c)}) VALUES({','.join(':' + x for x in c)})" for t, c in columns.items()}
    now = int(time.time())
    every = {c: 0 for cs in columns.values() for c in cs}
    with db:
        for i in range(first, first + n):
            row = {**every, "client_id": f"client-{i}", "name": f"client number {i}", "owner": f"team-{i % 100}", "enabled": 1, "created": now,
                   "updated": now, "version": 1, "id": f"{i:012d}", "number": i + 10, "kind": 1, "state": 1, "label": "", "hash_key": 1,
                   "hash": hashlib.sha256(str(i).encode()).digest(), "place": 0, "audience": "https://api.example.com", "scope": "api:read"}
            for t in put:
                db.execute(put[t], {c: row[c] for c in columns[t]})
    db.close()


def fill_tokens(data, n):
    db = sqlite3.connect(os.path.join(data, "jeton.db"))
    columns = [r[1] for r in db.execute("PRAGMA table_info(opaque)")]
    now = int(time.time())
    put = f"INSERT INTO opaque({','.join(columns)}) VALUES({','.join(':' + c for c in columns)})"
    with db:
        for i in range(n):
            db.execute(put, {"sequence": (1 << 40) + i, "hash": hashlib.sha256(b"t%d" % i).digest(), "credential": 10 + i % 1000, "issued": now,
                             "expires": now + 86400, "client_id": f"client-{i % 1000}", "audience": "https://api.example.com", "scope": "api:read"})
    db.close()


def changes(s, rounds=50):
    took = []
    for i in range(rounds):
        headers, _ = s.admin("GET", f"/clients/client-{i}")
        begun = time.monotonic()
        _, client = s.admin("PATCH", f"/clients/client-{i}", {"owner": "somebody else"}, {"If-Match": headers["ETag"]}.items())
        took.append(time.monotonic() - begun)
        assert client["owner"] == "somebody else"  # read from what the workers see
    took.sort()
    return took[len(took) // 2] * 1000, took[-1] * 1000


def main():
    binary = sys.argv[1]
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    tokens = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
    data = tempfile.mkdtemp(prefix="scale-", dir=os.environ.get("BENCH_DIR", os.path.dirname(os.path.abspath(binary))))
    try:
        s = Server(binary, data)
        s.admin("POST", "/resources", {"audience": "https://api.example.com", "scopes": [{"name": "api:read"}]})
        s.stop()
        fill_clients(data, 0, 1000)
        s = Server(binary, data)
        base, base_ready = s.memory(), s.ready
        few = changes(s)
        s.stop()
        fill_clients(data, 1000, 9000)
        s = Server(binary, data)
        ten = s.ready
        s.stop()
        fill_clients(data, 10000, clients - 10000)
        s = Server(binary, data)
        many, many_ready = s.memory(), s.ready
        lots = changes(s)
        s.stop()
        fill_tokens(data, tokens)
        s = Server(binary, data)
        full, full_ready = s.memory(), s.ready
        s.stop()
        print(f"{'what':46} {'measured':>12}")
        print(f"{'memory of each client, bytes':46} {(many - base) / (clients - 1000):12.0f}")
        print(f"{'memory of each opaque token, bytes':46} {(full - many) / tokens:12.0f}")
        print(f"{'ready with 1,000 clients, ms':46} {base_ready * 1000:12.0f}")
        print(f"{'ready with 10,000 clients, ms':46} {ten * 1000:12.0f}")
        print(f"{f'ready with {clients:,} clients, ms':46} {many_ready * 1000:12.0f}")
        print(f"{f'ready with {tokens:,} opaque tokens more, ms':46} {full_ready * 1000:12.0f}")
        print(f"{'one change, answered and visible, 1,000: ms':46} {few[0]:12.1f}   at most {few[1]:.1f}")
        print(f"{f'one change, answered and visible, {clients:,}: ms':46} {lots[0]:12.1f}   at most {lots[1]:.1f}")
    finally:
        shutil.rmtree(data, ignore_errors=True)


main()
