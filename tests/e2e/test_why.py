# SPDX-License-Identifier: Apache-2.0
"""`why` says what the token endpoint does: every reason, and what a granted token would say."""
import ipaddress
import time

import jwt
import pytest
from admin_http import admin, client, resource, state

API = "https://api.example.com"
TWO = "https://two.example.com"
ES = "https://es.example.com"
REVOKED = 2  # enum jt_credential_state


def why(server, client_id, resource=None, scopes=(), **more):
    body = {"client_id": client_id, "scopes": list(scopes), **more}
    a = admin(server, "POST", "/why", body if resource is None else {**body, "resource": resource})
    assert a.status == 200, a
    return a.json


def network(db, client_id, credential, net):
    """A network of a client, or of its credential."""
    n = ipaddress.ip_network(net)
    address = bytes(10) + b"\xff\xff" + n.network_address.packed
    db.execute("INSERT INTO network VALUES(?,?,0,?,?)", (client_id, credential, address, n.prefixlen + 96))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Clients in every condition. s.who: client_id to secret."""
    from support import Server
    data = tmp_path_factory.mktemp("why") / "data"
    s = Server(data)
    resource(s, TWO, ("two:read", "api:read"), lifetime=600)
    resource(s, ES, ("es:read",), alg="ES256")
    who, credential = {"demo": s.secret, "ghost": "jcs_none"}, {}
    conditions = ("inward", "expired", "not_yet", "revoked", "disabled", "far", "far_credential", "empty", "several", "elliptic", "gone")
    grants = {"empty": {}, "inward": {s.issuer: ["jeton:read"]}, "several": {API: ["api:read"], TWO: ["two:read", "api:read"]}, "elliptic": {ES: ["es:read"]}}
    for name in conditions:
        _, who[name], credential[name] = client(s, name, grants.get(name, {API: ["api:read"]}), client_id=name)
    client(s, "bare", {API: ["api:read"]}, client_id="bare", secret=False)
    s.stop()
    with state(s) as db:
        past, future = int(time.time()) - 1000, int(time.time()) + 10000
        db.execute("UPDATE credential SET expires=? WHERE client_id='expired'", (past,))
        db.execute("UPDATE credential SET not_before=? WHERE client_id='not_yet'", (future,))
        db.execute("UPDATE credential SET state=? WHERE client_id='revoked'", (REVOKED,))
        db.execute("UPDATE client SET enabled=0 WHERE client_id='disabled'")
        db.execute("UPDATE resource SET format=1 WHERE audience=?", (TWO,))
        network(db, "far", "", "10.0.0.0/8")
        network(db, "far_credential", credential["far_credential"], "10.0.0.0/8")
    t = Server(data, port=s.port)
    t.who, t.credential = who, credential
    yield t
    t.stop()


def asked(server, client_id, resource, scopes):
    form = {"scope": " ".join(scopes)} if scopes else {}
    return server.token(client_id, server.who[client_id], **form, **({"resource": resource} if resource else {}))


@pytest.mark.parametrize("reason,client_id,resource,scopes", [
    ("client_unknown", "ghost", API, ["api:read"]),
    ("secret_expired", "expired", API, ["api:read"]),
    ("secret_not_yet_valid", "not_yet", API, ["api:read"]),
    ("secret_revoked", "revoked", API, ["api:read"]),
    ("client_disabled", "disabled", API, ["api:read"]),
    ("client_network", "far", API, ["api:read"]),
    ("credential_network", "far_credential", API, ["api:read"]),
    ("resource_none", "empty", None, []),
    ("resource_none", "inward", None, []),
    ("resource_not_granted", "empty", API, []),
    ("resource_unknown", "demo", "https://nowhere.example.com", []),
    ("resource_ambiguous", "several", None, []),
    ("resource_ambiguous", "several", None, ["api:read"]),
    ("scope_unknown", "demo", API, ["api:nothing"]),
    ("scope_not_granted", "gone", API, ["api:read", "api:write"]),
    ("scope_syntax", "demo", API, ["api:\u00e9"]),
    ("scope_syntax", "demo", API, [f"s{i}" for i in range(129)]),
])
def test_refused(house, reason, client_id, resource, scopes):
    told = why(house, client_id, resource, scopes, address="127.0.0.1")
    assert (told["decision"], told["reason"]) == ("refused", reason)
    assert told["explanation"] and told["advice"] and "claims" not in told
    assert told.get("resource") == resource and told.get("scope", "").split() == scopes
    real = asked(house, client_id, resource, scopes)
    assert house.cli_json("explain", real.json["error_ref"])["reason"] == reason


def test_the_built_in_resource_is_named(house):
    told = why(house, "inward")
    assert "built-in resource" in told["explanation"] and "resource=ISSUER" in told["advice"]
    told = why(house, "inward", house.issuer)
    assert told["decision"] == "granted" and told["scope"] == "jeton:read"


def test_no_credential(house):
    told = why(house, "bare", API, ["api:read"])
    assert told["reason"] == "credential_none" and "credential add" in told["advice"]


@pytest.mark.parametrize("client_id,resource,scopes", [
    ("demo", API, ["api:read"]),
    ("demo", API, ["api:write", "api:read", "api:write"]),
    ("demo", None, []),
    ("gone", API, []),
    ("several", TWO, ["api:read"]),
    ("several", None, ["two:read"]),
    ("elliptic", None, []),
])
def test_granted(house, client_id, resource, scopes):
    told = why(house, client_id, resource, scopes, address="127.0.0.1")
    real = asked(house, client_id, resource, scopes).json
    assert told["decision"] == "granted" and "reason" not in told
    assert (told["scope"], told["expires_in"]) == (real["scope"], real["expires_in"])
    token = real["access_token"]
    if token.startswith("jat_"):
        claims = house.post("/introspect", {"token": token}, auth="Bearer " + token).json
        assert told["format"] == "opaque" and "alg" not in told
        assert claims.pop("active") and claims.pop("token_type")
    else:
        claims = jwt.decode(token, options={"verify_signature": False})
        assert told["alg"] == jwt.get_unverified_header(token)["alg"] and "format" not in told
    assert claims.pop("jti")
    for name in ("iat", "exp"):
        assert abs(claims.pop(name) - told["claims"].pop(name)) <= 5
    assert told["claims"] == claims and told["resource"] == claims["aud"]


def test_needs_a_certificate(dev):
    dev.cli("resource", "create", "urn:bound", "--scope", "a", "--bind", "certificate")
    dev.cli("client", "create", "bound", "--allow", "urn:bound=a")
    told = why(dev, "bound", "urn:bound", ["a"])
    assert told["decision"] == "granted" and told["needs"] == ["certificate"]
    assert any(line.split(None, 1) == ["needs", "a client certificate on the connection"] for line in dev.cli("why", "bound", "urn:bound").stdout.splitlines())
    assert "needs" not in why(dev, "demo", API) and "needs" not in dev.cli("why", "demo", API).stdout


def test_address(house):
    for name in ("far", "far_credential"):
        assert why(house, name, API, ["api:read"], address="10.1.2.3")["decision"] == "granted"
        assert why(house, name, API, ["api:read"], address="::ffff:11.1.2.3")["decision"] == "refused"
        assert why(house, name, API, ["api:read"], address="2001:db8::1")["decision"] == "refused"
        assert why(house, name, API, ["api:read"])["decision"] == "granted"  # from where it may


def test_which_credential(house):
    assert why(house, "gone", API)["credential_id"] == house.credential["gone"]


def test_nothing_is_recorded(house):
    before = len(house.events())
    why(house, "demo", API, ["api:read"])
    why(house, "ghost", API)
    assert len(house.events()) == before


@pytest.mark.parametrize("status,code,pointer,body", [
    (422, "client_id", "/client_id", {}),
    (422, "client_id", "/client_id", {"client_id": ""}),
    (422, "client_id", "/client_id", {"client_id": 7}),
    (422, "resource", "/resource", {"client_id": "demo", "resource": ["a"]}),
    (422, "scopes", "/scopes", {"client_id": "demo", "scopes": "api:read"}),
    (422, "scopes", "/scopes", {"client_id": "demo", "scopes": ["api:read api:write"]}),
    (422, "scopes", "/scopes", {"client_id": "demo", "scopes": [""]}),
    (422, "scopes", "/scopes", {"client_id": "demo", "scopes": [7]}),
    (422, "address", "/address", {"client_id": "demo", "address": "localhost"}),
    (422, "address", "/address", {"client_id": "demo", "address": "10.0.0.0/8"}),
    (422, "member", "/scope", {"client_id": "demo", "scope": "api:read"}),
])
def test_strict(dev, status, code, pointer, body):
    a = admin(dev, "POST", "/why", body)
    assert (a.status, a.json["code"], a.json["errors"][0]["pointer"]) == (status, code, pointer)
