#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An hour of mixed load with everything that an operator does: memory and descriptors stay flat, and no answer is unexpected.

Tokens of three algorithms and opaque ones, introspected, some revoked and asked for again, wrong secrets; meanwhile
keys and secrets rotate, grants and resources change, SIGHUP, backups, lists. Lifetimes are short, so that what grows until it
expires reaches its size early. Every 10 s a sample goes to a table of tab-separated values.

Usage: soak.py JETON [DIRECTORY]. SOAK_SECONDS (3600), SOAK_RATE (about so many requests a second, 300),
SOAK_PLAIN=1 (without TLS).
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

if len(sys.argv) not in (2, 3):
    sys.exit("usage: soak.py JETON [FOLDER] (the program to load, and where its data stay)")
BINARY = os.path.abspath(sys.argv[1])
os.environ["JETON_BIN"] = BINARY
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))
from support import FORM, Server, audit_rows, basic, check_chain, free_port, until  # noqa: E402
from test_operations import certificate, metrics, sample  # noqa: E402

import http.client  # noqa: E402
import json  # noqa: E402
import ssl  # noqa: E402
import urllib.parse  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))
RATE = float(os.environ.get("SOAK_RATE", "300"))
SAMPLE_S = 10
PLAIN = os.environ.get("SOAK_PLAIN") == "1"
LIFETIME_S = 60
CALLERS = 8
WARM = 0.4  # of the run: caches, allocators and lists reach their size
SLOPE_MAX = 2 << 20  # bytes of memory an hour, beyond noise
LONG_S, CEILING = 900, 48 << 20  # shorter runs are only held to the ceiling
RESOURCES = {"https://es.example.com": ["--alg", "ES256"], "https://rs.example.com": ["--alg", "RS256"],
             "https://ed.example.com": ["--alg", "EdDSA"], "https://op.example.com": ["--format", "opaque"]}
REVOKED_BYTES = 512  # of each revoked token, which by design stays known for an hour after its end
COLUMNS = ["seconds", "rss_kib", "descriptors", "threads", "jeton_db_kib", "audit_db_kib", "wal_kib", "parked", "connections", "opaque",
           "revoked", "verified", "requests", "unexpected"]
VERDICTS_BYTES, PAGE_BYTES = 16 << 20, 4096  # the table of tokens that are known, which is touched as it fills


def verdicts(n):
    """Bytes of that table which n tokens have touched, each at a place that its hash chooses."""
    return VERDICTS_BYTES * (1 - (1 - PAGE_BYTES / VERDICTS_BYTES) ** n)


class Soak:
    def __init__(self, folder):
        self.folder, self.stop, self.lock = pathlib.Path(folder), threading.Event(), threading.Lock()
        self.requests, self.unexpected, self.samples = 0, [], []
        self.stalls, self.suspects = [], []
        certificate(self.folder)
        self.port = free_port()
        self.config(5)
        self.s = Server(self.folder / "data", dev=False, port=self.port, args=["--config", str(self.folder / "jeton.yaml")])
        for name, args in RESOURCES.items():
            self.s.cli("resource", "create", name, "--scope", "r", "--scope", "w", "--lifetime", f"{LIFETIME_S}s", *args)
        self.rs = self.s.client("rs")
        for name in RESOURCES:
            self.s.cli("resource", "update", name, "--introspect-by", "rs")
        self.callers = [Caller(self, i) for i in range(CALLERS)]

    def config(self, minutes):
        f = self.folder
        pair = "" if PLAIN else f"  tls_cert: {f}/cert.pem\n  tls_key: {f}/key.pem\n"
        (f / "jeton.yaml").write_text(
            f"server:\n  issuer: https://auth.example.com\n{pair}token:\n  lifetime: {minutes}m\n  max_lifetime: 8m\nkeys:\n  jwks_max_age: 1s\n  publish_wait: 2s\naudit:\n  max_size: 64MiB\n")

    def wrong(self, *what):
        with self.lock:
            self.unexpected.append(what)
            if len(self.unexpected) <= 20:
                print("unexpected:", *what, flush=True)

    def lost(self, *what):
        """Nothing was answered in time. The server's deadlines are of real time, so it is not to blame if this machine stood still."""
        with self.lock:
            self.suspects.append((time.monotonic(), what))

    def judge_suspects(self):
        for at, what in self.suspects:
            if not any(s - 1 < at < s + 90 for s in self.stalls):
                self.wrong(*what)

    def watch(self):
        while not self.stop.is_set():
            before = time.monotonic()
            self.stop.wait(0.1)
            if time.monotonic() - before > 4:
                self.stalls.append(time.monotonic())

    def size(self, name):
        try:
            return os.path.getsize(os.path.join(self.s.data, name)) // 1024
        except OSError:
            return 0

    def sample(self, begun):
        pid, text = self.s.process.pid, metrics(self.s)
        with open(f"/proc/{pid}/status") as f:
            status = dict(line.split(":", 1) for line in f)
        row = [round(time.monotonic() - begun), int(status["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]),
               self.size("jeton.db"), self.size("audit.db"), self.size("jeton.db-wal") + self.size("audit.db-wal"),
               *(int(sample(text, n)) for n in ("jeton_audit_queue_depth", "jeton_connections", "jeton_opaque_tokens", "jeton_revoked_tokens")),
               int(sample(text, 'jeton_token_verifications_total{result="verified"}')), self.requests, len(self.unexpected)]
        self.samples.append(row)
        with open(self.folder / "soak.tsv", "a") as f:
            f.write("\t".join(map(str, row)) + "\n")


class Caller(threading.Thread):
    """One client: a token, an introspection, sometimes a revocation that must hold, a wrong secret, a connection of its own."""

    def __init__(self, soak, i):
        super().__init__(daemon=True)
        self.soak, self.i, self.random = soak, i, random.Random(i)
        allow = [a for name in RESOURCES for a in ("--allow", f"{name}=r,w")]
        self.id, self.secret = soak.s.client(f"caller-{i}", *allow)
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE  # certificates change under way
        self.connection = None

    def connect(self):
        if PLAIN:
            return http.client.HTTPConnection("127.0.0.1", self.soak.port, timeout=30)
        return http.client.HTTPSConnection("127.0.0.1", self.soak.port, timeout=30, context=self.context)

    def post(self, path, form, auth, want):
        self.connection = self.connection or self.connect()
        self.connection.request("POST", path, urllib.parse.urlencode(form), {"Content-Type": FORM, "Authorization": basic(*auth)})
        r = self.connection.getresponse()
        body = r.read()
        with self.soak.lock:
            self.soak.requests += 1
        answer = json.loads(body) if body else {}
        if r.status == 503:
            self.soak.lost(self.id, path, body[:200])
        elif r.status != want:
            self.soak.wrong(self.id, path, r.status, body[:200])
        return answer

    def introspect(self, token, active):
        if self.post("/introspect", {"token": token}, self.soak.rs, 200).get("active") is not active:
            self.soak.wrong(self.id, "introspection is not", active)

    def once(self):
        resource = self.random.choice(list(RESOURCES))
        token = self.post("/token", {"grant_type": "client_credentials", "resource": resource, "scope": "r"}, (self.id, self.secret), 200)
        token = token.get("access_token")
        if token is None:
            return
        self.introspect(token, True)
        if self.random.random() < 0.02:
            self.post("/revoke", {"token": token}, (self.id, self.secret), 200)
            self.introspect(token, False)
        self.introspect("no-token-of-ours", False)
        if self.i == 0 and self.random.random() < 0.05:  # few enough not to be slowed
            self.post("/token", {"grant_type": "client_credentials"}, (f"stranger-{self.random.random()}", "wrong" * 8), 401)
        if self.random.random() < 0.05:
            self.connection.close()
            self.connection = None

    def run(self):
        pause = 3.2 * CALLERS / RATE
        while not self.soak.stop.is_set():
            begun = time.monotonic()
            try:
                self.once()
            except (OSError, http.client.HTTPException) as e:
                self.soak.lost(self.id, repr(e))
                self.connection = None
            self.soak.stop.wait(max(0, pause - (time.monotonic() - begun)))


class Operator(threading.Thread):
    """One change after another, each looked at."""

    def __init__(self, soak):
        super().__init__(daemon=True)
        self.soak, self.s, self.done = soak, soak.s, 0
        self.probe = Caller(soak, CALLERS)  # its own client, that changes are tried on

    def token(self, want=200, scope="w"):
        return self.probe.post("/token", {"grant_type": "client_credentials", "resource": "https://es.example.com", "scope": scope},
                               (self.probe.id, self.probe.secret), want).get("access_token")

    def rotate_keys(self):
        self.s.cli("key", "rotate", "--alg", ("ES256", "RS256", "EdDSA")[self.done // 8 % 3])

    def rotate_secret(self):
        """An old one leaves when its last token must have ended: 32 of a client in token.max_lifetime are the most."""
        caller = self.soak.callers[self.done // 8 % CALLERS]
        caller.secret = self.s.cli_json("credential", "rotate", caller.id, "--overlap", "10s")["client_secret"]

    def revoke_client(self):
        token = self.token()
        self.s.cli("revoke", "--client", self.probe.id)
        self.probe.introspect(token, False)
        self.probe.introspect(self.token(), True)

    def change_grants(self):
        token = self.token()
        self.s.cli("grant", "remove", self.probe.id, "https://es.example.com", "w")
        self.probe.introspect(token, False)
        self.token(want=400)
        self.s.cli("grant", "add", self.probe.id, "https://es.example.com", "w")
        self.token()

    def change_resources(self):
        self.s.cli("resource", "create", "https://new.example.com", "--scope", "r", "--alg", "ES256")
        self.s.cli("grant", "add", self.probe.id, "https://new.example.com", "r")
        self.s.cli("grant", "remove", self.probe.id, "https://new.example.com")
        self.s.cli("resource", "delete", "https://new.example.com", "--yes")

    def reload(self):
        certificate(self.soak.folder)
        self.soak.config(5 + self.done % 3)
        before = self.s.stderr().count("were read again")
        self.s.process.send_signal(signal.SIGHUP)
        if not until(lambda: self.s.stderr().count("were read again") > before):
            self.soak.wrong("SIGHUP", self.s.stderr()[-300:])

    def backup(self):
        file = self.soak.folder / "backup"
        file.unlink(missing_ok=True)
        self.s.cli("backup", str(file))

    def lists(self):
        for what in ("client", "resource", "key"):
            self.s.cli_json(what, "list")
        self.s.events(type="token.issued")
        self.s.client("passing")
        self.s.cli("client", "delete", "passing", "--yes")

    def run(self):
        steps = [self.rotate_secret, self.revoke_client, self.change_grants, self.reload, self.change_resources, self.lists, self.backup,
                 self.rotate_keys]
        every = [1] * 7 + [4]  # a key is published for as long as its tokens live, and their number is bounded
        while not self.soak.stop.is_set():
            n = self.done % len(steps)
            if self.done // len(steps) % every[n] == 0:
                try:
                    steps[n]()
                except (OSError, http.client.HTTPException, subprocess.SubprocessError) as e:
                    self.soak.lost(steps[n].__name__, repr(e))
                    self.probe.connection = None
                except AssertionError as e:
                    self.soak.wrong(steps[n].__name__, repr(e))
                    self.probe.connection = None
            self.done += 1
            self.soak.stop.wait(1)


def slope(points):
    """By least squares."""
    xs, ys = zip(*points)
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / (sum((a - x) ** 2 for a in xs) or 1)


def verdict(soak, operator):
    soak.judge_suspects()
    warm = [r for r in soak.samples if r[0] >= SECONDS * WARM]
    print("\t".join(COLUMNS))
    for row in soak.samples[::max(1, len(soak.samples) // 20)] + soak.samples[-1:]:
        print("\t".join(map(str, row)))
    if len(warm) < 3:
        print("too short for a verdict on memory: SOAK_SECONDS=60 at least")
        return False
    rss, span = [r[1] * 1024 for r in warm], warm[-1][0] - warm[0][0]
    grown = slope([(r[0], r[1] * 1024 - r[10] * REVOKED_BYTES - verdicts(r[11])) for r in warm]) * span
    bound = max(1 << 20, SLOPE_MAX * span / 3600)
    flat = f"memory grew by {grown / 1024:.0f} KiB in {span} s beside revoked and known tokens (at most {bound / 1024:.0f}), {min(rss) / 2**20:.1f} to {max(rss) / 2**20:.1f} MiB"
    # a short run cannot tell what fills from what leaks: it is held to a ceiling
    short = f"memory: {min(rss) / 2**20:.1f} to {max(rss) / 2**20:.1f} MiB in {span} s (at most {CEILING >> 20})"
    fds = [r[2] for r in warm]
    half = len(fds) // 2
    checks = {
        f"unexpected answers: {len(soak.unexpected)} of {soak.requests}": not soak.unexpected,
        **({flat: grown <= bound} if SECONDS >= LONG_S else {short: max(rss) <= CEILING}),
        f"descriptors: {min(fds)} to {max(fds)}": max(fds[half:]) <= max(fds[:half]) + 4,
        f"threads: {sorted({r[3] for r in warm})}": max(r[3] for r in warm) <= min(r[3] for r in warm) + 1,
        f"changes: {operator.done}": operator.done > 0,
    }
    if soak.stalls:
        print(f"this machine stood still {len(soak.stalls)} times; {len(soak.suspects)} requests were lost, {len(soak.unexpected)} at other times")
    for text, ok in checks.items():
        print("ok " if ok else "BAD", text)
    return all(checks.values())


def main():
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="soak-", dir=os.path.dirname(BINARY))
    os.makedirs(folder, exist_ok=True)
    soak = Soak(folder)
    operator = Operator(soak)
    begun = time.monotonic()
    watch = threading.Thread(target=soak.watch, daemon=True)
    for t in (watch, *soak.callers, operator):
        t.start()
    try:
        while time.monotonic() - begun < SECONDS and soak.s.process.poll() is None:
            soak.sample(begun)
            soak.stop.wait(min(SAMPLE_S, max(1, SECONDS / 30)))
    finally:
        soak.stop.set()
        for t in (*soak.callers, operator):
            t.join(60)
    ok = verdict(soak, operator)
    soak.s.stop()
    check_chain(audit_rows(soak.s.data))
    if len(sys.argv) <= 2 and ok:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if ok else 1)


main()
