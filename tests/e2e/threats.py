# SPDX-License-Identifier: Apache-2.0
"""What every attack on a server is held to: nothing given out, one event with the reason, no secret written down, and
the connection and the server go on."""
import contextlib
import http.client
import itertools
import re
import socket
import sqlite3

from support import FORM, Answer, basic

API = "https://api.example.com"
_networks = itertools.count(1)


def elsewhere():
    """A source address in a network of its own: floods and wrong proofs are counted for each network."""
    n = next(_networks)
    return f"127.{1 + n // 250 % 250}.{1 + n % 250}.1"


def connect(s, address=None):
    c = http.client.HTTPConnection(s.host, s.port, timeout=60, source_address=(address or elsewhere(), 0))
    c.connect()
    return c


def events_after(s, seq):
    """What was recorded since then; but for introspections of before, which are counted and written a second later."""
    db = sqlite3.connect(f"file:{s.data}/audit.db?mode=ro", uri=True)
    with contextlib.closing(db):
        names = [r[1] for r in db.execute("PRAGMA table_info(event)")]
        return [dict(zip(names, row)) for row in db.execute("SELECT * FROM event WHERE seq > ? AND type <> 'introspection.counted' ORDER BY seq", (seq,))]


def last_seq(s):
    db = sqlite3.connect(f"file:{s.data}/audit.db?mode=ro", uri=True)
    with contextlib.closing(db):
        return db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]


def call(c, method="POST", path="/token", body=b"", headers=()):
    """One request as it is told, repeated headers and all."""
    c.putrequest(method, path, skip_accept_encoding=True)
    sent = [h.lower() for h, _ in headers]
    if method == "POST" and "content-type" not in sent:
        c.putheader("Content-Type", FORM)
    if "content-length" not in sent and "transfer-encoding" not in sent:
        c.putheader("Content-Length", str(len(body)))
    for name, value in headers:
        c.putheader(name, value)
    c.endheaders(body or None)
    r = c.getresponse()
    return Answer(r.status, r.headers, r.read())


def still_serves(s, c):
    """The same connection, or a new one when the server said that it ends, gives a token to who may have one."""
    try:
        a = call(c, body=b"grant_type=client_credentials", headers=[("Authorization", basic(*s.good))])
    finally:
        c.close()
    assert a.status == 200 and a.json["access_token"], a


def refused(s, status, error, reason, body=b"", headers=(), path="/token", event="token.denied", address=None, secrets=()):
    """A request that is refused, and all that must be true of it. Returns the answer and its event."""
    c, before = connect(s, address), last_seq(s)
    a = call(c, "POST", path, body if isinstance(body, bytes) else body.encode(), headers)
    assert a.status == status, (a, reason)
    assert b"access_token" not in a.body and b"eyJ" not in a.body and b"jat_" not in a.body
    assert a.headers["Cache-Control"] == "no-store" and a.headers["Set-Cookie"] is None
    assert a.json["error"] == error, a
    assert re.fullmatch(r'[\x20-\x21\x23-\x5b\x5d-\x7e]+', a.json["error_description"])  # RFC 6749 section 5.2
    told = events_after(s, before)
    assert [(e["type"], e["reason"], e["count"]) for e in told] == [(event, reason, 1)], told
    written = str(told) + str(a.body) + str(a.headers) + s.stderr()
    for secret in (s.good[1], *secrets):
        assert secret not in written
    if a.headers["Connection"] == "close":
        c.close()
        c = connect(s)
    still_serves(s, c)
    return a, told[0]


def answers(out):
    return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d+)", out)]


def pair(s):
    """Two ends of one connection to the server, as a plain socket."""
    return socket.create_connection((s.host, s.port), 60, source_address=(elsewhere(), 0))
