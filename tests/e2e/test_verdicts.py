# SPDX-License-Identifier: Apache-2.0
"""A token that was found valid once is asked about again: what can change since is looked at each time."""
import os
import time

import pytest
from support import Server, UnixConnection

API = "https://api.example.com"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("verdicts") / "data", dev=False, env={"JETON_SERVER_WORKERS": "2"})
    s.cli("resource", "create", API, "--scope", "r", "--scope", "w", "--alg", "ES256")
    s.rs = s.client("rs")
    s.cli("resource", "update", API, "--introspect-by", "rs")
    yield s
    s.stop()


def answer(s, t):
    a = s.post("/introspect", {"token": t}, auth=s.rs)
    assert a.status == 200, a
    return a.json


def verifications(s):
    c = UnixConnection(os.path.join(s.data, "admin.sock"))
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    c.close()
    rows = dict(line.split(" ") for line in text.splitlines() if line.startswith("jeton_token_verifications_total"))
    return tuple(int(rows[f'jeton_token_verifications_total{{result="{how}"}}']) for how in ("verified", "known"))


def known_token(s, name, **form):
    """A fresh client and a token of it that the server knows: asked about twice, verified once."""
    who = s.client(name, "--allow", f"{API}=r,w")
    t = s.token(*who, resource=API, **form).json["access_token"]
    before = verifications(s)
    first = answer(s, t)
    assert first["active"] and answer(s, t) == first
    after = verifications(s)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    return t


@pytest.mark.parametrize("change", [
    ("client", "disable", "NAME"),
    ("client", "delete", "NAME", "--yes"),
    ("grant", "remove", "NAME", API, "w"),
    ("revoke", "--client", "NAME", "--yes"),
])
def test_what_changed_since(house, change):
    name = "-".join(["c", change[0], change[1].strip("-")])
    t, other = known_token(house, name), known_token(house, name + "-other")
    house.cli(*[name if word == "NAME" else word for word in change])
    assert answer(house, t) == {"active": False}
    assert answer(house, other)["active"]


def test_revoked_by_its_client(house):
    who = house.client("own", "--allow", f"{API}=r")
    t = house.token(*who, resource=API).json["access_token"]
    assert answer(house, t)["active"]
    assert house.post("/revoke", {"token": t}, auth=who).status == 200
    assert answer(house, t) == {"active": False}


def test_expiry_on_a_hit(house):
    house.cli("resource", "create", "https://short.example.com", "--scope", "r", "--alg", "ES256", "--lifetime", "3")
    house.cli("resource", "update", "https://short.example.com", "--introspect-by", "rs")
    who = house.client("short", "--allow", "https://short.example.com=r")
    a = house.token(*who, resource="https://short.example.com").json
    assert answer(house, a["access_token"])["active"] and answer(house, a["access_token"])["active"]
    time.sleep(a["expires_in"] + 0.2)
    assert answer(house, a["access_token"]) == {"active": False}


def test_key_revoked_since(house):
    t = known_token(house, "keyed")
    kid = next(k["kid"] for k in house.cli_json("key", "list") if k["alg"] == "ES256" and k["state"] == "active")
    house.cli("key", "revoke", kid, "--yes")
    assert answer(house, t) == {"active": False}
    assert known_token(house, "keyed-anew")


def test_a_neighbour_of_a_known_token(house):
    """Other bytes are another token, however alike: nothing is found by a prefix, a jti or the first half."""
    t = known_token(house, "alike")
    head, payload, signature = t.split(".")
    before = verifications(house)
    wrong = [
        t[:-1], t + "A", t + "=", t + " ", f"{head}.{payload}.", f"{head}.{payload}", f"{head}.{payload}.{signature}.",
        f"{head}.{payload}.{'A' * len(signature)}", f"{head}.{payload}.{signature[::-1]}",
        f"{head}.{payload[:-2]}{'AA' if payload[-2:] != 'AA' else 'BB'}.{signature}", t.swapcase(),
    ]
    for x in wrong:
        assert answer(house, x) == {"active": False}, x
    assert verifications(house)[1] == before[1]
    assert answer(house, t)["active"] and verifications(house)[1] == before[1] + 1
