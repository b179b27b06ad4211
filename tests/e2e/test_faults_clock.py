# SPDX-License-Identifier: Apache-2.0
"""A wall clock that jumps while the monotonic one goes on: lives stay bounded, nothing is pruned or revived, and it is said."""
import time

import jwt
import pytest
from shim import Shim
from support import audit_rows, check_chain, free_port, until

HOUR, DAY = 3600, 86400
Y2040 = 15 * 365 * DAY
JWT, OPAQUE = "https://a.example.com", "https://o.example.com"


@pytest.fixture
def clock(tmp_path):
    c = Shim(tmp_path, "clock", "CLOCK_CONTROL")
    c.by = 0

    def jump(seconds):
        c.by = seconds
        c(str(seconds))

    c.jump = jump
    c.now = lambda: time.time() + c.by
    return c


@pytest.fixture
def server(start, clock):
    s = start(dev=False, env=clock.env)
    s.cli("resource", "create", JWT, "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", OPAQUE, "--scope", "r", "--format", "opaque")
    s.asker = s.client("c", "--allow", JWT + "=r", "--allow", OPAQUE + "=r")
    for a in (JWT, OPAQUE):
        s.cli("resource", "update", a, "--introspect-by", "c")
    return s


def token(s, resource):
    a = s.token(*s.asker, resource=resource)
    assert a.status == 200, a
    assert a.json["expires_in"] == HOUR
    return a.json["access_token"]


def look(s, t):
    a = s.post("/introspect", {"token": t}, auth=s.asker)
    assert a.status == 200, a
    return a.json


def revoked(s, resource):
    t = token(s, resource)
    assert s.post("/revoke", {"token": t}, auth=s.asker).status == 200
    return t


def check_fresh(s, clock):
    """What is issued now is dated now, lives as long as ever, and verifies."""
    for resource in (JWT, OPAQUE):
        t = token(s, resource)
        seen = look(s, t)
        assert seen["active"] and seen["exp"] - seen["iat"] == HOUR
        assert abs(seen["iat"] - clock.now()) < 60
        if resource == JWT:
            key = jwt.PyJWKSet.from_dict(s.get("/.well-known/jwks.json").json)[jwt.get_unverified_header(t)["kid"]]
            claims = jwt.decode(t, key.key, algorithms=["ES256"], audience=JWT, options={"verify_exp": False, "verify_iat": False})
            assert claims["exp"] == claims["iat"] + HOUR


@pytest.mark.parametrize("by", [HOUR - 120, -HOUR, DAY, -DAY, Y2040], ids=["1h", "-1h", "1d", "-1d", "2040"])
def test_jump(server, clock, by):
    s = server
    good, bad = [token(s, r) for r in (JWT, OPAQUE)], [revoked(s, r) for r in (JWT, OPAQUE)]
    rows = len(audit_rows(s.data))
    clock.jump(by)
    assert until(lambda: "the clock jumped by over 60 s" in s.stderr(), 15), s.stderr()
    check_fresh(s, clock)
    for t in good:
        assert look(s, t)["active"] is (by < HOUR)
    for t in bad:
        assert look(s, t) == {"active": False}
    time.sleep(2.5)  # two rounds of upkeep: had it trusted the clock it would have removed what is over
    assert s.client(f"made{abs(by)}")[1]
    assert s.cli_json("credential", "list", "c")[0]["uses"] >= 4
    s.cli("client", "update", "c", "--owner", "somebody")
    clock.jump(0)
    assert until(lambda: "the clock is trusted again" in s.stderr(), 15)
    for t in good:
        assert look(s, t)["active"] is True
    for t in bad:
        assert look(s, t) == {"active": False}
    check_fresh(s, clock)
    assert s.get("/readyz").status == 200
    s.stop()
    after = audit_rows(s.data)
    check_chain(after)
    assert len(after) > rows and after[0]["seq"] == 1


@pytest.mark.parametrize("by", [-HOUR, DAY + HOUR, Y2040], ids=["-1h", "25h", "2040"])
def test_start_with_another_time(server, start, clock, by):
    """It says so, and goes by the time there is; revoked tokens stay revoked whatever comes."""
    s = server
    bad = [revoked(s, r) for r in (JWT, OPAQUE)]
    good = [token(s, r) for r in (JWT, OPAQUE)]
    s.stop()
    clock.jump(by)
    s2 = start(dev=False, env={**clock.env, "JETON_SERVER_ISSUER": s.issuer}, port=free_port())
    s2.asker = s.asker
    assert ("over 24 h ahead" if by > 0 else "over a minute behind") in s2.stderr()
    check_fresh(s2, clock)
    for t in bad:
        assert look(s2, t) == {"active": False}
    time.sleep(2.5)
    s2.stop()
    clock.jump(0)
    s3 = start(dev=False, env={**clock.env, "JETON_SERVER_ISSUER": s.issuer}, port=free_port())
    s3.asker = s.asker
    for t in bad:
        assert look(s3, t) == {"active": False}
    for t in good:
        assert look(s3, t)["active"] is True
    check_fresh(s3, clock)
    s3.stop()
    check_chain(audit_rows(s3.data))
