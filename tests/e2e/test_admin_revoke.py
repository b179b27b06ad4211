# SPDX-License-Identifier: Apache-2.0
"""Revocation by the administrator: at once, for exactly what it names, and new tokens are good."""
import jwt
import pytest
from admin_http import active, admin, client, resource, state, token
from support import jti

API = "https://api.example.com"


def revoke(server, **what):
    return admin(server, "POST", "/revocations", what)


@pytest.fixture
def house(start):
    """A server with a second client, and a token of each."""
    s = start()
    s.other, s.other_secret, s.other_credential = client(s, "Other", {API: ["api:read"]})
    s.again = lambda: start(port=s.port)
    return s


def both(s):
    return token(s), token(s, s.other, s.other_secret)


def test_jti(house):
    s = house
    one, two, other = token(s), *both(s)
    a = revoke(s, jti=jti(one))
    assert a.status == 200 and a.json == {"revoked": "jti", "jti": jti(one)}
    assert not active(s, one) and active(s, two) and active(s, other)
    assert revoke(s, jti=jti(one)).status == 200  # twice is once
    event = s.events(type="token.revoked")[-1]
    assert event["jti"] == jti(one) and event["detail"].startswith("uid ") and "client_id" not in event
    s.stop()
    with state(s) as db:
        (left,) = db.execute("SELECT expires - CAST(strftime('%s') AS INTEGER) FROM revocation").fetchone()
    assert 86000 < left <= 86400  # token.max_lifetime


def test_jti_after_a_restart(start):
    s = start()
    one, two = token(s), token(s)
    assert revoke(s, jti=jti(one)).status == 200
    s.stop()
    t = start(port=s.port)
    assert not active(t, one) and active(t, two)


def test_client(house):
    s = house
    one, other = both(s)
    version = admin(s, "GET", "/clients/demo").json["version"]
    a = revoke(s, client_id="demo")
    assert a.status == 200 and a.json == {"revoked": "client", "client_id": "demo"}
    assert not active(s, one) and active(s, other)
    assert active(s, token(s))
    after = admin(s, "GET", "/clients/demo").json
    assert after["enabled"] is True and after["version"] == version
    event = s.events(type="tokens.revoked")[0]
    assert event["client_id"] == "demo" and "credential_id" not in event
    new = token(s)
    s.stop()
    t = s.again()
    assert not active(t, one) and active(t, new) and active(t, other)


def test_credential(house):
    s = house
    one, other = both(s)
    a = revoke(s, credential_id=s.other_credential)
    assert a.json == {"revoked": "credential", "credential_id": s.other_credential, "client_id": s.other}
    assert active(s, one) and not active(s, other)
    new = token(s, s.other, s.other_secret)  # the credential is as good as before
    assert active(s, new)
    credential = admin(s, "GET", f"/clients/{s.other}").json["credentials"][0]
    assert credential["state"] == "active"
    event = s.events(type="tokens.revoked")[0]
    assert (event["client_id"], event["credential_id"]) == (s.other, s.other_credential)
    s.stop()
    t = s.again()
    assert active(t, one) and not active(t, other) and active(t, new)


def test_key(house):
    s = house
    resource(s, "https://es.example.com", alg="ES256")
    c, secret, _ = client(s, "es", {"https://es.example.com": ["api:read"]})
    one, other = both(s)
    es = token(s, c, secret)
    kid = jwt.get_unverified_header(one)["kid"]
    a = revoke(s, kid=kid)
    assert a.status == 200 and a.json == {"revoked": "key", "kid": kid}
    assert not active(s, one) and not active(s, other) and active(s, es)
    new = token(s)
    assert active(s, new) and jwt.get_unverified_header(new)["kid"] == kid  # it signs on
    assert admin(s, "GET", f"/keys/{kid}").json["state"] == "active"
    assert kid in s.events(type="tokens.revoked")[0]["detail"]
    s.stop()
    t = s.again()
    assert not active(t, one) and active(t, new) and active(t, es)


def test_opaque(start):
    s = start()
    resource(s, "https://opaque.example.com")
    c, secret, _ = client(s, "opaque", {"https://opaque.example.com": ["api:read"]})
    s.stop()
    with state(s) as db:
        db.execute("UPDATE resource SET format=1 WHERE audience='https://opaque.example.com'")
    t = start(port=s.port)
    one, two = token(t, c, secret), token(t, c, secret)
    assert one.startswith("jat_")
    known = t.post("/introspect", {"token": one}, auth="Bearer " + one).json["jti"]
    assert revoke(t, jti=known).status == 200
    assert not active(t, one) and active(t, two)
    assert revoke(t, client_id=c).status == 200
    assert not active(t, two) and active(t, token(t, c, secret))


@pytest.mark.parametrize("status,code,body", [
    (422, "one_of", {}),
    (422, "one_of", {"jti": "a", "kid": "b"}),
    (422, "one_of", {"client_id": ""}),
    (422, "one_of", {"client_id": 7}),
    (422, "one_of", {"client_id": None}),
    (422, "one_of", {"client_id": "demo", "credential_id": 7}),
    (422, "member", {"client": "demo"}),
    (422, "member", {"client_id": "demo", "a/b~c": 1}),
    (422, "jti", {"jti": "AAAAAAAAAAAAAAAAAAAAAA"}),
    (422, "jti", {"jti": "zzzzzzzzzzzzzzzzzzzzzQ"}),
    (422, "jti", {"jti": "short"}),
    (404, "not_found", {"client_id": "nobody"}),
    (404, "not_found", {"credential_id": "nobody"}),
    (404, "not_found", {"kid": "nobody"}),
    (400, "body", ["jti"]),
])
def test_strict(dev, status, code, body):
    t = token(dev)
    a = admin(dev, "POST", "/revocations", body)
    assert (a.status, a.json["code"]) == (status, code), a
    assert a.headers["Content-Type"] == "application/problem+json" and a.json["title"] and a.json["detail"]
    assert active(dev, t)
    if "a/b~c" in body:
        assert a.json["errors"] == [{"pointer": "/a~1b~0c", "detail": a.json["detail"]}]
