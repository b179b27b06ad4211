# SPDX-License-Identifier: Apache-2.0
"""RFC 7009 against the real process: whose tokens, what is told, and from which moment."""
import threading
import time

import pytest
from support import FORM, Server

API, VAULT = "https://api.example.com", "https://vault.example.com"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("revocation") / "data", dev=False, env={"JETON_SERVER_WORKERS": "4"})
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", VAULT, "--scope", "r", "--format", "opaque")
    s.rs = s.client("rs")
    for a in (API, VAULT):
        s.cli("resource", "update", a, "--introspect-by", "rs")
    s.one = s.client("one", "--allow", f"{API}=r", "--allow", f"{VAULT}=r")
    s.two = s.client("two", "--allow", f"{API}=r")
    yield s
    s.stop()


def token(s, who, resource=API):
    a = s.token(*who, resource=resource)
    assert a.status == 200, a
    return a.json["access_token"]


def active(s, t, connection=None):
    return s.post("/introspect", {"token": t}, auth=s.rs, connection=connection).json["active"]


@pytest.mark.parametrize("resource", [API, VAULT])
def test_own_token(house, resource):
    t, other = token(house, house.one, resource), token(house, house.one, resource)
    assert t.startswith("jat_") == (resource == VAULT)
    assert active(house, t)
    a = house.post("/revoke", {"token": t, "token_type_hint": "access_token"}, auth=house.one)
    assert a.status == 200 and a.body == b"" and a.headers["Content-Length"] == "0" and a.headers["Cache-Control"] == "no-store"
    assert not active(house, t) and active(house, other)
    assert house.post("/revoke", {"token": t}, auth=house.one).status == 200  # again


def test_r1_another_clients_token_stays(house):
    t = token(house, house.one)
    a = house.post("/revoke", {"token": t}, auth=house.two)
    b = house.post("/revoke", {"token": "jat_" + "x" * 43}, auth=house.two)
    assert (a.status, a.body) == (b.status, b.body) == (200, b"") and active(house, t)
    assert [e["reason"] for e in house.events(type="revocation.ignored", client_id="two")][:2] == ["unknown_or_over", "not_own"]


@pytest.mark.parametrize("text", ["garbage", "a.b.c", "jat_", "jat_" + "A" * 43, "\u00e9" * 100, "x" * 9000])
def test_r2_garbage(house, text):
    assert house.post("/revoke", {"token": text}, auth=house.one).status == 200


def test_what_is_refused(house):
    t = token(house, house.one)
    assert house.post("/revoke", {"token": t}).status == 401
    assert house.post("/revoke", {"token": t}, auth=("one", "wrong")).status == 401
    assert house.post("/revoke", {}, auth=house.one).status == 400
    assert house.post("/revoke", {"token": t}, auth="Bearer " + t).status == 401  # a bearer is no client (RFC 7009 section 2.1)
    assert house.request("POST", "/revoke?token=" + t, "", {"Content-Type": FORM}).status == 400
    assert active(house, t)


def test_hints_are_only_hints(house):
    for hint in ("refresh_token", "id_token", "pat"):
        t = token(house, house.one)
        assert house.post("/token-srv/revoke", {"token": t, "token_type_hint": hint}, auth=house.one).status == 200
        assert not active(house, t)


def test_r3_from_the_answer_on(house):
    """A check that begins after the 200 says inactive, on every worker and connection."""
    for _ in range(15):
        t = token(house, house.one)
        answered, late, stop = [None], [], threading.Event()

        def look():
            c = house.connect()
            while not stop.is_set():
                begun = time.monotonic()
                if active(house, t, c) and answered[0] is not None and begun > answered[0]:
                    late.append(begun - answered[0])
            c.close()

        threads = [threading.Thread(target=look) for _ in range(8)]
        for th in threads:
            th.start()
        time.sleep(0.03)
        assert house.post("/revoke", {"token": t}, auth=house.one).status == 200
        answered[0] = time.monotonic()
        time.sleep(0.05)
        stop.set()
        for th in threads:
            th.join()
        assert not late
