# SPDX-License-Identifier: Apache-2.0
"""The rows of `make bench`: what is measured, beside which limit, and what it has to reach."""
import contextlib
import itertools
import json
import os
import statistics
import time

import assertions
import fill
import hold
import jeton
import limits
import wrk
from row import Row

MANY = (1, 1000, 100_000, 1_000_000)
TOKENS = 200_000
LIVE = 2000
IDLE_TLS = 1000
OPEN = {"JETON_SERVER_MAX_CONNECTIONS": "20000", "JETON_SERVER_MAX_CONNECTIONS_PER_ADDRESS": "20000"}
SIGN = "signatures (openssl speed)"
SIGN_AND_CHECK = "a signature and a check (openssl speed)"
NETWORK = "nginx, static reply"
NETWORK_TLS = "nginx, static reply, TLS"
NETWORK_NEW = "nginx, static reply, new TLS connections"
KIB, MIB = 1024, 1024 * 1024


class Bench:
    """The servers that the selected rows need, each started when the first of them asks."""
    def __init__(self, binary, folder, seconds):
        self.binary, self.folder, self.seconds = binary, folder, seconds
        self.stack = contextlib.ExitStack()
        self.made = {}

    def once(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def server(self, name, tls=False, settings=None):
        s = jeton.Jeton(self.binary, self.folder, name, tls, settings)
        self.stack.callback(s.remove)
        return s.start().furnish()

    def plain(self):
        return self.once("plain", lambda: self.server("plain", settings=OPEN))

    def secure(self):
        return self.once("secure", lambda: self.server("secure", tls=True, settings=OPEN))

    def nginx(self, tls=False):
        def make():
            n = limits.Nginx(self.folder, tls)
            self.stack.callback(n.stop)
            return n
        return self.once(f"nginx {tls}", make)

    def spread(self, n):
        """A server with n clients that share one secret; its memory and start are those of a fresh one."""
        def make():
            s = self.server(f"spread-{n}").stop()
            fill.clients(s.data, "bench", n)
            s.start()
            s.resident = s.memory()
            return s
        return self.once(f"spread {n}", make)

    def filled(self):
        """A server with many opaque tokens, and the file that says which."""
        def make():
            s = self.server("filled").stop().start()
            s.before = s.memory()
            fill.opaque_tokens(s.stop().data, "bench", jeton.OPAQUE, TOKENS)
            s.start()
            s.resident = s.memory()
            s.lines = os.path.join(s.data, "tokens")
            with open(s.lines, "w") as f:
                f.writelines(fill.opaque_text(i) + "\n" for i in range(TOKENS))
            s.few = os.path.join(s.data, "few")
            with open(s.few, "w") as f:  # from the end, where no revocation comes
                f.writelines(fill.opaque_text(TOKENS - 1 - i) + "\n" for i in range(LIVE))
            s.revoked = 0
            return s
        return self.once("filled", make)

    def live(self):
        """Live JWTs of the plain server, one in a line."""
        def make():
            s = self.plain()
            path = os.path.join(s.data, "live")
            with open(path, "w") as f:
                f.writelines(s.token(jeton.RESOURCES["ES256"]) + "\n" for _ in range(LIVE))
            return path
        return self.once("live", make)

    def signer(self):
        """A client of the plain server that signs its assertions."""
        def make():
            s = self.plain()
            signer = assertions.Signer("signer")
            signer.lines = os.path.join(s.data, "assertions")
            s.admin("client", "create", "signer", "--no-secret", "--allow", f"{jeton.RESOURCES['ES256']}=read")
            with open(os.path.join(s.data, "jwk"), "w") as f:
                json.dump(signer.jwk, f)
            s.admin("credential", "add", "signer", "--jwk", f.name)
            return signer
        return self.once("signer", make)

    def measure(self, load, server, **more):
        return wrk.measure(load, server, self.seconds, **more)

    def network(self, tls=False, close=False):
        return lambda: self.nginx(tls).answers(close)


def token_rows(b):
    targets = {("ES256", False): 0.60, ("RS256", False): 0.95, ("ES256", True): 0.52}
    for tls, alg in itertools.product((False, True), jeton.RESOURCES):
        over = "TLS 1.3" if tls else "HTTP"
        server = b.secure if tls else b.plain
        yield Row(f"{alg.lower()}{'-tls' if tls else ''}", f"tokens {alg}, {over}",
                  lambda s=server, a=alg: b.measure(s().token_load(jeton.RESOURCES[a]), s()),
                  beside=lambda a=alg: limits.signatures(a), limit=SIGN, target=targets.get((alg, tls)))
    yield Row("opaque", "tokens opaque, HTTP", lambda: b.measure(b.plain().token_load(jeton.OPAQUE), b.plain()),
              beside=b.network(), limit=NETWORK, target=0.22)
    yield Row("opaque-tls", "tokens opaque, TLS 1.3", lambda: b.measure(b.secure().token_load(jeton.OPAQUE), b.secure()),
              beside=b.network(tls=True), limit=NETWORK_TLS)
    yield Row("es256-new", "tokens ES256, a new TLS connection each",
              lambda: b.measure(b.secure().token_load(jeton.RESOURCES["ES256"], close=True), b.secure()),
              beside=b.network(tls=True, close=True), limit=NETWORK_NEW)


def assertion_rows(b):
    def signed():
        s, signer = b.plain(), b.signer()
        ready = 15_000 * b.seconds
        signer.write(signer.lines, ready, f"http://127.0.0.1:{s.port}")
        body = (f"grant_type=client_credentials&scope=read&resource={jeton.RESOURCES['ES256']}"
                "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=HERE")
        sample = b.measure(wrk.Load("/token", body, script="turn", settings={"BENCH_LINES": signer.lines}), s, warm=0)
        if sample.requests > ready:
            raise RuntimeError(f"{sample.requests} requests in a round: more than the {ready} assertions for it")
        return sample

    yield Row("private-key-jwt", "tokens ES256, private_key_jwt ES256, HTTP", signed, beside=lambda: limits.signatures_and_checks("ES256"),
              limit=SIGN_AND_CHECK, target=0.60)


def check_rows(b):
    def asked(server, lines):
        load = wrk.Load("/introspect", "token=HERE", basic=server.asker, script="turn", settings={"BENCH_LINES": lines})
        return b.measure(load, server)

    def revoked():
        s = b.filled()
        share = (TOKENS - LIVE) // int(os.environ.get("BENCH_ROUNDS", "3"))
        load = wrk.Load("/revoke", "token=HERE", basic=s.basic, script="turn", settings={"BENCH_LINES": s.lines, "BENCH_FIRST": s.revoked})
        sample = b.measure(load, s, warm=0)
        if sample.requests > share:
            raise RuntimeError(f"{sample.requests} revocations in a round: more than the {share} tokens for it; take fewer seconds")
        s.revoked += share
        return sample

    yield Row("introspect", f"introspection, {LIVE:,} live JWTs in turn", lambda: asked(b.plain(), b.live()),
              beside=b.network(), limit=NETWORK, target=0.37)
    yield Row("introspect-opaque", f"introspection, {LIVE:,} opaque tokens in turn", lambda: asked(b.filled(), b.filled().few),
              beside=b.network(), limit=NETWORK)
    yield Row("revoke", "revocation, each token once", revoked, beside=b.network(), limit=NETWORK)


def client_rows(b):
    def spread(n):
        s = b.spread(n)
        body = f"grant_type=client_credentials&client_id=spread-HERE&client_secret={s.secret}&scope=read&resource={jeton.RESOURCES['ES256']}"
        return b.measure(wrk.Load("/token", body, script="spread", settings={"BENCH_CLIENTS": n}), s)

    for n in MANY:
        least = n == MANY[0]
        yield Row(f"clients-{n}", f"tokens ES256, spread over {n:,} client{'s' * (n > 1)}", lambda n=n: spread(n),
                  beside=(lambda: limits.signatures("ES256")) if least else (lambda: spread(1).per_cpu),
                  limit=SIGN if least else "the same with 1 client", target=None if least else round(1 / 1.05, 3))


def connection_rows(b):
    def tokens(n):
        s = b.plain()
        load = s.token_load(jeton.RESOURCES["ES256"], connections=n)
        if n > 1000:  # to open them takes a while
            return wrk.measure(load, s, max(10, b.seconds), warm=0)
        return b.measure(load, s)

    def beside_idle():
        with hold.Held(b.plain(), 10_000):
            return tokens(64)

    for n in (1, 64, 1000, 10_000):
        yield Row(f"connections-{n}", f"tokens ES256, {n:,} connection{'s' * (n > 1)}", lambda n=n: tokens(n),
                  beside=lambda: limits.signatures("ES256"), limit=SIGN)
    yield Row("connections-idle", "tokens ES256, 64 connections beside 10,000 idle", beside_idle,
              beside=lambda: limits.signatures("ES256"), limit=SIGN)


def memory_rows(b):
    def idle():
        s = b.once("idle", lambda: b.server("idle"))
        s.stop().start()
        time.sleep(0.5)
        return s.memory() / MIB

    def tls():
        s = b.once("idle tls", lambda: b.server("idle-tls", tls=True, settings=OPEN))
        s.stop().start()
        time.sleep(0.5)
        before = s.memory()
        with hold.Held(s, IDLE_TLS):
            return (s.memory() - before) / IDLE_TLS / KIB

    yield Row("memory-idle", "memory, idle", idle, unit="MiB", target=16, at_most=True)
    yield Row("memory-client", "memory of a client", lambda: (b.spread(100_000).resident - b.spread(1000).resident) / 99_000,
              unit="bytes", target=1024, at_most=True)
    yield Row("memory-opaque", "memory of an opaque token", lambda: (b.filled().resident - b.filled().before) / TOKENS, unit="bytes")
    yield Row("memory-tls", "memory of an idle TLS connection", tls, unit="KiB", target=48, at_most=True)


def other_rows(b):
    def start():
        def make():
            s = b.server("start").stop()
            fill.clients(s.data, "bench", 10_000)
            return s
        s = b.once("start", make).stop().start()
        ms = s.ready * 1000
        s.stop()
        return ms

    def change(n):
        s = b.spread(n)
        took = []
        for i in range(20):
            begun = time.monotonic()
            s.admin("client", "update", f"spread-{i:07d}", "--owner", f"somebody {time.monotonic()}")
            took.append(time.monotonic() - begun)
        return statistics.median(took) * 1000

    yield Row("start", "start to ready, 10,000 clients", start, unit="ms", target=150, at_most=True)
    for n in (1000, 100_000):
        yield Row(f"change-{n}", f"a change, answered and visible, {n:,} clients", lambda n=n: change(n), unit="ms")


def all_rows(b):
    for family in (token_rows, assertion_rows, check_rows, client_rows, connection_rows, memory_rows, other_rows):
        yield from family(b)
