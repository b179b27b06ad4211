# SPDX-License-Identifier: Apache-2.0
"""Reading the audit log: both directions, filters, cursors that tell nothing, and how to follow it."""
import calendar
import re
import sqlite3
import time

import pytest
from admin_http import admin, client


def page(server, **query):
    a = admin(server, "GET", "/audit", **query)
    assert a.status == 200, a
    return a.json


def seqs(answer):
    return [e["seq"] for e in answer["items"]]


def walk(server, **query):
    """All pages, joined."""
    found, cursors = [], []
    while True:
        answer = page(server, **query)
        found += seqs(answer)
        if "next_cursor" not in answer:
            return found, cursors
        assert len(answer["items"]) == int(query["limit"])
        cursors.append(answer["next_cursor"])
        query["cursor"] = answer["next_cursor"]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A server whose log has tokens, refusals and changes."""
    from support import Server
    s = Server(tmp_path_factory.mktemp("audit") / "data")
    for i in range(25):
        s.token(scope="api:read" if i % 5 else "api:nothing")
    client(s, "Other", {})
    yield s
    s.stop()


def test_both_directions(log):
    everything = seqs(page(log, order="oldest", limit=1000))
    last = page(log)["last_seq"]
    assert everything == list(range(1, last + 1))
    assert seqs(page(log, limit=1000)) == seqs(page(log, order="newest", limit=1000)) == everything[::-1]
    for limit in (1, 7, last, last - 1):
        up, cursors = walk(log, order="oldest", limit=str(limit))
        down, _ = walk(log, limit=str(limit))
        assert up == everything and down == everything[::-1]
        assert all(re.fullmatch("[a-z2-7]{26}", c) for c in cursors) and len(set(cursors)) == len(cursors)


def test_after(log):
    last = page(log)["last_seq"]
    assert seqs(page(log, order="oldest", after=last - 3, limit=2)) == [last - 2, last - 1]
    assert walk(log, order="oldest", after=str(last - 7), limit="3")[0] == list(range(last - 6, last + 1))
    for after in (last, last + 1, 2**62):
        answer = page(log, order="oldest", after=after)
        assert answer == {"items": [], "last_seq": last}


def test_filters_in_both_directions(log):
    wanted = {"type": "token.denied", "client": "demo"}
    up, _ = walk(log, order="oldest", limit="2", **wanted)
    down, _ = walk(log, limit="2", **wanted)
    assert len(up) == 5 and down == up[::-1]
    assert {e["type"] for e in page(log, **wanted)["items"]} == {"token.denied"}
    assert page(log, client="nobody", order="oldest")["items"] == []


def test_follow(start):
    """As tail does: go on after last_seq; every event once, filtered ones too."""
    s = start()
    at, seen = 0, []
    for n in range(4):
        for _ in range(n):
            s.token(scope="api:read")
        answer = page(s, order="oldest", after=at, type="token.issued")
        assert "next_cursor" not in answer and answer["last_seq"] >= at
        at = answer["last_seq"]
        seen += seqs(answer)
    assert len(seen) == 6 and seen == sorted(set(seen)) == sorted(e["seq"] for e in s.events(type="token.issued"))


def test_time(start):
    s = start()
    for _ in range(10):
        s.token(scope="api:read")
    s.stop()
    db = sqlite3.connect(f"{s.data}/audit.db")
    (last,) = db.execute("SELECT max(seq) FROM event").fetchone()
    base = 1790000000
    db.execute("UPDATE event SET time = ? + seq * 1000000", (base * 1000000,))
    db.commit()
    db.close()
    t = start(port=s.port)
    inside = lambda **q: seqs(page(t, limit=1000, **q))
    assert inside(since=base + 3, until=base + 6, order="oldest") == [3, 4, 5]
    assert inside(since=base + 3, until=base + 6) == [5, 4, 3]
    assert inside(until=base + 3, order="oldest") == [1, 2] == inside(until=base + 3)[::-1]
    assert inside(since=base + 9, order="oldest")[:2] == [9, 10]
    assert inside(since=base + 6, until=base + 3) == []
    first = page(t, order="oldest", limit=1)["items"][0]
    assert calendar.timegm(time.strptime(first["time"][:19], "%Y-%m-%dT%H:%M:%S")) == base + 1


@pytest.mark.parametrize("status,code,query", [
    (400, "order", {"order": "sideways"}),
    (400, "after", {"after": "3"}),
    (400, "after", {"after": "3", "order": "newest"}),
    (400, "after", {"after": "-1", "order": "oldest"}),
    (400, "after", {"after": "x", "order": "oldest"}),
    (400, "since", {"since": "yesterday"}),
    (400, "until", {"until": "1.5"}),
    (400, "page", {"limit": "0"}),
    (400, "page", {"limit": "1001"}),
    (400, "page", {"cursor": "17"}),
    (400, "page", {"cursor": "aaaaaaaaaaaaaaaaaaaaaaaaaa"}),
    (422, "type", {"type": "token"}),
])
def test_strict(log, status, code, query):
    a = admin(log, "GET", "/audit", **query)
    assert (a.status, a.json["code"]) == (status, code)


def test_cursors_of_other_lists(log):
    newest = page(log, limit=1)["next_cursor"]
    oldest = page(log, limit=1, order="oldest")["next_cursor"]
    assert admin(log, "GET", "/audit", order="oldest", cursor=newest).status == 400
    assert admin(log, "GET", "/audit", cursor=oldest).status == 400
    assert admin(log, "GET", "/clients", cursor=newest).status == 400
    assert admin(log, "GET", "/audit", cursor=log.token(scope="api:nothing").json["error_ref"]).status == 400
