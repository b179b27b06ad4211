# SPDX-License-Identifier: Apache-2.0
"""Attacks by number (threats A4, S3, S4, S9, S10), with valid traffic beside each: what it waits, and that nothing of it is lost.

JETON_STORMS=full takes the sizes that are meant (5,000 slow clients, 10,000 idle ones) and the bound that is meant (twice the usual p99);
else the sizes are small and the bound is wide, as other tests run beside."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import time

import pytest
from support import BIN, Server, audit_rows, check_chain, until
from test_operations import certificate, metrics, sample

STORM = os.path.join(os.path.dirname(BIN), "tests", "storm", "storm")
FULL = os.environ.get("JETON_STORMS") == "full"
FLOOR_MS = 25 if FULL else 1000  # below this a p99 is good, whatever is usual: others use this machine
ROUNDS = 3
WINDOWS = 6 if FULL else 3
WINDOW_S = 1 if FULL else 0.3
RATE = 200 if FULL else 100
SIZE = 5000 if FULL else 300
API = "https://api.example.com"
SANITIZED = "libasan" in (linked := subprocess.run(["ldd", BIN], capture_output=True, text=True).stdout) or "libtsan" in linked

pytestmark = pytest.mark.skipif(not os.path.exists(STORM), reason=f"no {STORM}: build with -Dtests=true")


def begin(folder, tls, config="", prefix=()):
    folder = pathlib.Path(folder)
    certificate(folder)
    pair = f"  tls_cert: {folder}/cert.pem\n  tls_key: {folder}/key.pem\n" if tls else ""
    (folder / "jeton.yaml").write_text("server:\n  issuer: https://auth.example.com\n  workers: 2\n" + pair + config)
    s = Server(folder / "data", dev=False, args=["--config", str(folder / "jeton.yaml")], prefix=prefix)
    s.tls = tls
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.rs = s.client("rs")
    s.cli("resource", "update", API, "--introspect-by", "rs")
    s.id, s.secret = s.client("demo", "--allow", f"{API}=r")
    return s


@pytest.fixture(scope="module", params=["plain", "tls"])
def target(request, tmp_path_factory):
    s = begin(tmp_path_factory.mktemp(request.param), request.param == "tls")
    s.usual = []
    yield s
    s.stop()
    check_chain(audit_rows(s.data))


class Storm:
    """The driver, running."""

    def __init__(self, s, kind, seconds, *args, nice=0):
        secret = "wrong" if kind == "secrets" else s.secret
        self.process = subprocess.Popen(
            [STORM, kind, f"127.0.0.1:{s.port}", "--for", str(seconds), "--id", s.id, "--secret", secret, "--resource", API,
             *(["--tls"] if s.tls else []), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.nice(nice))

    def end(self):
        out, self.said = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, self.said
        return [json.loads(line) for line in out.splitlines()]


def attack(s, kind, seconds, connections, rate=0, addresses=40):
    """It is somebody else's machine that attacks, so it may not take the time of ours."""
    return Storm(s, kind, seconds, "--connections", connections, "--rate", rate, "--from", "127.1.0.1", "--addresses", addresses, nice=5)


def good(s, seconds, *args):
    return Storm(s, "good", seconds, "--rate", RATE, "--window", WINDOW_S, "--rs-id", s.rs[0], "--rs-secret", s.rs[1], *args)


def told(g):
    """The p99 of each window in ms; nothing was answered wrongly, and no connection was lost."""
    *windows, total = g.end()
    assert total["unexpected"] == 0 and total["dropped"] == 0, (total, g.said)
    assert total["answered"] == total["asked"] > 0
    return [w["p99"] for w in windows]


def connections(s):
    return sample(metrics(s), "jeton_connections")


def descriptors(s):
    return len(os.listdir(f"/proc/{s.process.pid}/fd"))


def memory(s, what="VmRSS"):
    with open(f"/proc/{s.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what + ":")) * 1024


def all_gone(s, before):
    """Nothing is left of them, in the metrics or in the process."""
    assert until(lambda: connections(s) == 0 and descriptors(s) <= before, 25), (connections(s), descriptors(s), before)


@pytest.fixture(scope="module", autouse=True)
def slow_ones(tmp_path_factory):
    """Those who take their time, on a server of their own, while other tests run."""
    s = begin(tmp_path_factory.mktemp("slow"), True)
    before = descriptors(s)
    attacks = {k: attack(s, k, 14, 40, 400) for k in ("slow-head", "slow-body", "silent", "tls-half", "tls-stall", "tls-silent")}
    yield s, before, attacks
    if s.process.poll() is None:
        s.kill()


#   kind, its connections, new ones a second (0: as many as it can), whether it says something without TLS
KINDS = [("abort", 200, 0, True), ("accept", 200, 0, True), ("secrets", 100, 0, True), ("idle", SIZE, SIZE, True), ("silent", SIZE, SIZE, True),
         ("slow-head", SIZE, SIZE, True), ("slow-body", SIZE, SIZE, True), ("slow-read", SIZE // 5, SIZE // 5, True),
         ("handshake", 200, 0, False), ("tls-hello", 500, 0, False), ("tls-half", SIZE, SIZE, False), ("tls-stall", SIZE, SIZE, False),
         ("tls-silent", SIZE, SIZE, False)]
SECONDS = WINDOWS * WINDOW_S
WARM_S = 2 if FULL else 0.3


CASES = [("tls", *k[:3]) for k in KINDS] + [("plain", *k[:3]) for k in KINDS if k[3] and (FULL or k[0] in ("abort", "accept", "slow-read"))]


@pytest.mark.parametrize("target,kind,size,rate", CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES], indirect=["target"])
def test_valid_traffic_beside(target, kind, size, rate):
    s = target
    before = descriptors(s)
    stormed = False
    for _ in range(ROUNDS):
        if FULL or not s.usual:
            s.usual = [statistics.median(told(good(s, SECONDS)))]
        a = attack(s, kind, SECONDS + 2 * WARM_S, size, rate)
        time.sleep(WARM_S)
        g, fresh = good(s, SECONDS), good(s, SECONDS, "--fresh", "--rate", 10)
        during = statistics.median(told(g))
        told(fresh)  # who comes anew is answered too, and rightly
        (did,) = a.end()
        assert did["failed"] == 0, did
        all_gone(s, before)
        print(f"{kind}: p99 {s.usual[0]:.1f} ms, during {during:.1f} ms; {did}")
        enough = did["opened"] >= size // 2
        stormed = stormed or enough
        if enough and during <= max(2 * s.usual[0], FLOOR_MS):
            return
    assert stormed, f"{did['opened']} of {size} connections came in, in none of {ROUNDS} rounds enough: {did}"
    pytest.fail(f"p99 {during:.1f} ms beside {kind}; usually {s.usual[0]:.1f} ms, in each of {ROUNDS} rounds")


def test_wrong_secrets_write_little(target):
    """A flood of them is slowed, answered with 429, and counted in the audit log rather than recorded each."""
    s = target
    rows = len(audit_rows(s.data))
    seconds = 20 if FULL else 3
    (did,) = attack(s, "secrets", seconds, 50).end()
    text = metrics(s)
    assert did["limited"] > 200 and did["ok"] == did["errors"] == 0, did
    assert sum(sample(text, f'jeton_rate_limited_total{{rule="failures_{r}"}}') for r in ("client_address", "prefix")) > 200
    assert len(audit_rows(s.data)) - rows < 400 + 100 * seconds
    assert sample(text, "jeton_audit_counted_total") > 0


def test_one_address_alone(target):
    """It gets its 128 connections, and nobody else has fewer for it."""
    s = target
    before = descriptors(s)
    rule = 'jeton_connections_refused_total{rule="max_connections_per_address"}'
    refused = sample(metrics(s), rule)
    a = attack(s, "silent", SECONDS + 2, SIZE, SIZE, addresses=1)
    time.sleep(1.5)
    there = connections(s)
    g = good(s, SECONDS)
    told(g)
    (did,) = a.end()
    assert there <= 128 + 1 and did["closed"] >= SIZE - 128 - did["open"], (there, did)
    assert sample(metrics(s), rule) - refused >= SIZE - 128
    all_gone(s, before)


@pytest.fixture
def own(tmp_path):
    running = []

    def make(**options):
        running.append(begin(tmp_path, **options))
        return running[-1]

    yield make
    for s in running:
        if s.process.poll() is None:
            s.stop()


def pauses_logged(s):
    return s.stderr().count("accepting pauses")


@pytest.mark.parametrize("tls", [False, True] if FULL else [True])
def test_descriptors_run_out(own, tls):
    """64 of them and 500 connections: who is in is served, the operator gets in, and the disk never lacks one."""
    s = own(tls=tls, prefix=["prlimit", "--nofile=64:64"])
    before = descriptors(s) + 2  # SQLite keeps those of a backup for the next one: closing them would drop its locks
    g = good(s, 5, "--connections", 2)
    time.sleep(1)
    begun = time.monotonic()
    a = attack(s, "silent", 3, 500, 2000)
    assert until(lambda: sample(metrics(s), "jeton_accept_pauses_total") > 0, 3)
    assert descriptors(s) <= 64
    made, _ = s.client("made-meanwhile", "--allow", f"{API}=r")
    assert made == "made-meanwhile" and s.events(type="client.created")
    backup = pathlib.Path(s.data).parent / "backup"
    s.cli("backup", str(backup))
    assert backup.exists()
    told(g)
    (did,) = a.end()
    assert did["opened"] == 500, did
    took = time.monotonic() - begun
    assert 1 <= pauses_logged(s) <= took + 1, s.stderr()[-2000:]
    all_gone(s, before)
    told(good(s, 1))
    s.stop()
    check_chain(audit_rows(s.data))


def test_idle_connections_cost_little(own):
    """Memory of each, no more of it the second time, and no more of them than there may be."""
    n = 10000 if FULL else 400
    s = own(tls=True, config=f"  max_connections: {n}\n")
    told(good(s, 1))
    before, base = descriptors(s), memory(s)
    peaks = []
    for _ in range(2):
        a = attack(s, "idle", 60, n + 100, n / (10 if FULL else 1), addresses=n // 100 + 2)
        assert until(lambda: connections(s) == n, 50), connections(s)
        time.sleep(5 if FULL else 2)  # until all have shaken hands
        peaks.append(memory(s))
        a.process.terminate()  # it says what it did
        (did,) = a.end()
        assert did["ok"] > n // 2 and did["closed"] > 0, did
        all_gone(s, before)
    each = (peaks[0] - base) / n
    print(f"{each / 1024:.1f} KiB (at most 48) for each of {n} idle TLS connections, {peaks[1] - peaks[0]} bytes more the second time; {did}")
    assert sample(metrics(s), 'jeton_connections_refused_total{rule="max_connections"}') > 0
    if not SANITIZED:  # a sanitizer keeps what was freed for a while
        assert each <= 48 * 1024 and peaks[1] <= peaks[0] + max(n * 8 * 1024, 1 << 22)
    told(good(s, 1))


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs terabytes of addresses")
def test_memory_runs_out(own):
    """Who finds no room is turned away; what runs goes on, and all is well again afterwards."""
    s = own(tls=True)
    told(good(s, 1))
    before = descriptors(s)
    limit = memory(s, "VmSize") + (8 << 20)
    resource.prlimit(s.process.pid, resource.RLIMIT_AS, (limit, limit))
    (did,) = attack(s, "tls-half", 4, 6000, 2500, addresses=60).end()
    assert did["closed"] > 0, did
    assert s.process.poll() is None, s.stderr()[-2000:]
    all_gone(s, before)
    told(good(s, 1))
    s.stop()
    check_chain(audit_rows(s.data))


def test_slow_ones_are_ended(slow_ones):
    """Each state has one deadline in all: a byte a second does not prolong it."""
    s, before, attacks = slow_ones
    did = {k: a.end()[0] for k, a in attacks.items()}
    for kind, d in did.items():
        assert d["closed"] >= 40 and d["shortest"] >= 9 and d["longest"] < 13.5, (kind, d)
    all_gone(s, before)
    s.stop()
