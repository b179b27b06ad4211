#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do refusals of different reasons take different times (A1, I4; RFC 6819 section 4.3.5)? Welch's t over interleaved requests.

Usage: JETON_BIN=… timing.py [REQUESTS, of each kind]. Prints a table for each endpoint. It fails on an absurd difference only: the
same work is asserted by counting in tests/flow/test_work.c, and t depends on the machine. |t| below 4.5 is what noise makes."""
import math
import os
import random
import socket
import statistics
import sys
import tempfile
import time
import urllib.parse

from assertions import Key, claims, form
from support import Server, basic
from threats import API, elsewhere

REST = "https://o.example.com"
ABSURD = 1.5  # one median over another
TOGETHER = 12  # requests of one address: below what is slowed, about what is recorded singly


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def request(path, headers, body):
    more = "".join(f"{k}: {v}\r\n" for k, v in headers)
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def strangers(s):
    """What each kind sends; all have the same length but for the header."""
    made = {}
    for state in ("disabled", "expired", "network", "wrong"):
        client = {"name": state, "client_id": f"who-{state[:8]:-<8}", "grants": [{"resource": API, "scopes": ["r"]}]}
        if state == "network":
            client["networks"] = ["192.0.2.0/24"]
        if state == "expired":
            client["expires"] = stamp(2)
        made[state] = s.ask("POST", "/clients", client)
    s.patch(f"/clients/{made['disabled']['client_id']}", {"enabled": False})
    time.sleep(3)
    good = made["wrong"]["client_secret"]
    body = "grant_type=client_credentials"
    kinds = {"unknown client": lambda: ("who-" + "".join(random.choices("abcdefgh", k=8)), good),
             "wrong secret": lambda: (made["wrong"]["client_id"], made["expired"]["client_secret"]),
             "disabled": lambda: (made["disabled"]["client_id"], made["disabled"]["client_secret"]),
             "expired": lambda: (made["expired"]["client_id"], made["expired"]["client_secret"]),
             "another network": lambda: (made["network"]["client_id"], made["network"]["client_secret"])}
    requests = {name: (lambda who=who: request("/token", [("Authorization", basic(*who()))], body)) for name, who in kinds.items()}
    assertion = body + "&client_assertion=a.b.c&client_id="
    requests["wrong method, unknown"] = lambda: request("/token", [], assertion + kinds["unknown client"]()[0])
    requests["wrong method, known"] = lambda: request("/token", [], assertion + made["wrong"]["client_id"])
    return {**requests, **signers(s, made)}, 401


def signers(s, made):
    """Assertions that somebody else signed: of a client that has a key, of one that has none, and of nobody."""
    stranger, own = Key(), Key()
    with_key = s.ask("POST", "/clients", {"name": "signs", "client_id": "who-signs---", "secret": False})["client_id"]
    s.ask("POST", f"/clients/{with_key}/credentials", {"kind": "jwk", "jwk": own.jwk})
    sent = lambda client: urllib.parse.urlencode(form(stranger.sign(claims(client, s.issuer))))
    nobody = [sent("who-" + "".join(random.choices("abcdefgh", k=8))) for _ in range(200)]
    keyless = [sent(made["wrong"]["client_id"]) for _ in range(20)]
    known = [sent(with_key) for _ in range(20)]
    return {"signed, unknown client": lambda: request("/token", [], random.choice(nobody)),
            "signed, another's key": lambda: request("/token", [], random.choice(known)),
            "signed, has no key": lambda: request("/token", [], random.choice(keyless))}


def tokens(s, resource):
    who = s.client(f"owner-{resource[8]}", "--allow", f"{resource}=r")
    gone = s.client(f"gone-{resource[8]}", "--allow", f"{resource}=r")
    rs = s.client(f"rs-{resource[8]}")
    s.cli("resource", "update", resource, "--introspect-by", rs[0])
    foreign = s.client(f"foreign-{resource[8]}")
    revoked, good, lost = (s.token(*c, resource=resource).json["access_token"] for c in (who, who, gone))
    assert s.post("/revoke", {"token": revoked}, auth=who).status == 200
    s.ask("DELETE", f"/clients/{gone[0]}")
    kinds = {"revoked": (revoked, rs), "of a deleted client": (lost, rs), "foreign": (good, foreign)}
    if resource == REST:
        kinds["never was"] = ("jat_" + "A" * 43, rs)
    return {name: (lambda t=t, c=c: request("/introspect", [("Authorization", basic(*c))], "token=" + urllib.parse.quote(t))) for name, (t, c) in kinds.items()}, 200


def answer(c):
    out = b""
    while b"\r\n\r\n" not in out:
        out += c.recv(4096)
    head, _, rest = out.partition(b"\r\n\r\n")
    need = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]) - len(rest)
    while need > 0:
        need -= len(c.recv(need))
    return int(head[9:12])


def measure(s, requests, status, n):
    """Nanoseconds of each kind. In random order, a new address for every few."""
    order = [name for name in requests for _ in range(n)]
    random.shuffle(order)
    times = {name: [] for name in requests}
    for i in range(0, len(order), TOGETHER):
        with socket.create_connection((s.host, s.port), 60, source_address=(elsewhere(), 0)) as c:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for name in order[i:i + TOGETHER]:
                data = requests[name]()
                begun = time.perf_counter_ns()
                c.sendall(data)
                got = answer(c)
                times[name].append(time.perf_counter_ns() - begun)
                assert got == status, (name, got)
    return times


def welch(a, b):
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))


def compare(title, times):
    """Each kind against the first of its group. The slowest tenth is left out: it is the machine's."""
    print(f"{title}\n    {'':24}{'requests':>9}{'median µs':>11}{'t':>8}")
    ok = True
    other = ("wrong method", "signed")
    groups = [[k for k in times if not k.startswith(other)], *([k for k in times if k.startswith(o)] for o in other)]
    for group in filter(None, groups):
        limit = sorted(x for k in group for x in times[k])[int(0.9 * sum(len(times[k]) for k in group))]
        kept = {k: [x for x in times[k] if x <= limit] for k in group}
        for k in group:
            ratio = statistics.median(times[k]) / statistics.median(times[group[0]])
            ok = ok and 1 / ABSURD < ratio < ABSURD
            print(f"    {k:24}{len(times[k]):9}{statistics.median(times[k]) / 1000:11.1f}" + ("        " if k == group[0] else f"{welch(kept[k], kept[group[0]]):8.2f}"))
    return ok


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a disk's own times hide all others
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        s = Server(os.path.join(folder, "data"), dev=False, env={"JETON_SERVER_WORKERS": "1"})
        s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
        s.cli("resource", "create", REST, "--scope", "r", "--format", "opaque")
        good = [compare("refused clients at /token", measure(s, *strangers(s), n)),
                compare("inactive JWTs at /introspect", measure(s, *tokens(s, API), n)),
                compare("inactive opaque tokens at /introspect", measure(s, *tokens(s, REST), n))]
        s.stop()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
