# SPDX-License-Identifier: Apache-2.0
"""What is asked for and what is given: grants, scopes, resources and published keys under attack (A21 to A23, M1)."""
import json
import os
import random
import urllib.parse

import jwt
import pytest
from support import Server, basic, jti
from threats import API, call, connect, events_after, last_seq, refused, still_serves

TWO, HIDDEN, REST = "https://two.example.com", "https://hidden.example.com", "https://o.example.com"
GRANT = "grant_type=client_credentials"
ROUNDS = int(os.environ.get("JETON_THREAT_ROUNDS", "400"))
GRANTED = {API: {"api:read", "api:write"}, REST: {"o:read"}}
DEFINED = {API: {"api:read", "api:write", "api:admin"}, TWO: {"two:read", "api:read"}, HIDDEN: {"h:read"}, REST: {"o:read", "o:admin"}}


@pytest.fixture(scope="module")
def s(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("tokens") / "data", dev=False)
    for audience, scopes in DEFINED.items():
        flags = [x for name in sorted(scopes) for x in ("--scope", name)]
        s.cli("resource", "create", audience, *flags, *(["--format", "opaque"] if audience == REST else ["--alg", "ES256"]))
    s.good = s.client("good", "--allow", f"{API}=api:read,api:write")
    s.one = s.client("one", *[x for a, scopes in GRANTED.items() for x in ("--allow", f"{a}={','.join(sorted(scopes))}")])
    s.rs = s.client("rs")
    for a in DEFINED:
        s.cli("resource", "update", a, "--introspect-by", "rs")
    yield s
    s.stop()


def asked(s, c, **form):
    return call(c, body=f"{GRANT}&{urllib.parse.urlencode(form)}".encode(), headers=[("Authorization", basic(*s.one))])


# -- A21 -------------------------------------------------------------------------------------------------------------
PIECES = ["api:read", "api:write", "api:admin", "two:read", "h:read", "o:read", "o:admin", "jeton:admin", "jeton:introspect", "openid", "offline_access", "*", "api:*", "api", "api:",
          "API:READ", "api:read\t", "\tapi:read", "api:read\napi:write", "api:read,api:write", '"api:read"', "api:re\\ad", "api:rëad", "api:read\u200b", "api:read\u00a0", "\x00", "",
          "api:read\x7f", "a" * 300, "api:read+api:admin", "%20", "api%3Aread", "null", "[\"api:read\"]"]


def test_a21_never_more_than_was_granted(s):
    """Of random wishes: what is issued is what was asked for, in its order, and all of it granted; else nothing is."""
    rng, c, issued = random.Random(21), connect(s), 0
    for i in range(ROUNDS):
        few = ["api:read", "api:write", "o:read"] if rng.random() < 0.5 else PIECES
        wish = rng.choice([" ", " ", " ", "  "]).join(rng.choices(few, k=rng.choice([0, 1, 1, 2, 2, 3, 8])))
        resource = rng.choice([API, API, REST, REST, TWO, HIDDEN, s.issuer, ""])
        before = None
        if i % 8 == 0:  # from another network: floods of what cannot be read are counted, not recorded singly
            c.close()
            c, before = connect(s), last_seq(s)
        a = asked(s, c, scope=wish, resource=resource)
        named = [w for w in wish.split(" ") if w]
        if a.status == 200:
            issued += 1
            given = a.json["scope"].split(" ")
            target = resource or next(r for r, scopes in GRANTED.items() if set(given) <= scopes)
            assert set(given) <= GRANTED[target], (wish, resource, a)
            assert given == list(dict.fromkeys(named)) or not named and set(given) == GRANTED[target], (wish, a)
            told = call(c, path="/introspect", body=b"token=" + a.json["access_token"].encode(), headers=[("Authorization", basic(*s.rs))]).json
            assert (told["scope"], told["aud"], told["client_id"]) == (a.json["scope"], target, "one")
            if target == API:
                claims = jwt.decode(a.json["access_token"], options={"verify_signature": False})
                assert (claims["scope"], claims["aud"]) == (a.json["scope"], target)
        else:
            assert a.status == 400 and a.json["error"] in ("invalid_scope", "invalid_target", "invalid_request"), (wish, resource, a)
            assert b"access_token" not in a.body
            sensible = resource in GRANTED and set(named) <= GRANTED[resource]
            assert not sensible, (wish, resource, a)
        if before is not None:
            assert [e["type"] for e in events_after(s, before)] == ["token.issued" if a.status == 200 else "token.denied"]
    assert ROUNDS / 10 < issued < ROUNDS
    c.close()


@pytest.mark.parametrize("scope, reason", [
    ("api:admin", "scope_not_granted"), ("api:read api:admin", "scope_not_granted"), ("api:admin api:read", "scope_not_granted"), ("api:delete", "scope_unknown"),
    ("api:read api:delete", "scope_unknown"), ("two:read", "scope_unknown"), ("jeton:admin", "scope_unknown"), ("API:READ", "scope_unknown"), ("api:rea", "scope_unknown"),
    ("api:read\tapi:write", "scope_syntax"), ('"api:read"', "scope_syntax"), ("api:read\\", "scope_syntax"), ("api:r\u00eb", "scope_syntax"), ("api:read\n", "scope_syntax"),
    ("api:read\u00a0api:write", "scope_syntax"), (" ".join(f"s{i}" for i in range(129)), "scope_syntax"),
    ("a" * 12000, "scope_syntax")], ids=lambda x: x[:30])
def test_a21_refused(s, scope, reason):
    refused(s, 400, "invalid_scope", reason, f"{GRANT}&resource={API}&scope={urllib.parse.quote(scope)}", [("Authorization", basic(*s.one))])


def test_a21_a_thousand_repeats_are_one(s):
    assert asked(s, connect(s), resource=API, scope="api:read " * 1000).json["scope"] == "api:read"


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_a21_a_token_is_no_larger_than_we_read(s, form):
    """What is issued can be introspected and revoked; a JWT beyond that is refused and recorded, not issued and lost."""
    audience, names = f"https://large-{form}.example.com", [f"s{i:03d}" + "x" * 120 for i in range(100)]
    s.ask("POST", "/resources", {"audience": audience, "scopes": [{"name": n} for n in names], "format": form})
    made = s.ask("POST", "/clients", {"name": f"large-{form}", "client_id": f"large-{form}", "grants": [{"resource": audience, "scopes": names}]})
    s.cli("resource", "update", audience, "--introspect-by", "rs")
    auth, issued = [("Authorization", basic(made["client_id"], made["client_secret"]))], []
    for n in (1, 40, 60, 68, 69, 70, 71, 100):
        c, before = connect(s), last_seq(s)
        a = call(c, body=f"{GRANT}&resource={audience}&scope={'+'.join(names[:n])}".encode(), headers=auth)
        told = [(e["type"], e["reason"]) for e in events_after(s, before)]
        if a.status == 200:
            token = a.json["access_token"]
            assert told == [("token.issued", "")] and len(token) <= 16384
            assert call(c, path="/introspect", body=b"token=" + token.encode(), headers=[("Authorization", basic(*s.rs))]).json["scope"] == a.json["scope"]
            assert call(c, path="/revoke", body=b"token=" + token.encode(), headers=auth).status == 200
            assert call(c, path="/introspect", body=b"token=" + token.encode(), headers=[("Authorization", basic(*s.rs))]).json == {"active": False}
            issued.append(n)
        else:
            assert (a.status, a.json["error"], told) == (400, "invalid_scope", [("token.denied", "token_size")])
        c.close()
    assert issued == ([1, 40, 60, 68, 69, 70, 71, 100] if form == "opaque" else [1, 40, 60, 68, 69])


# -- A22, A23 --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_credentials ",
                                   "urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:ietf:params:oauth:grant-type:device_code", " client_credentials", "Client_Credentials",
                                   "urn:ietf:params:oauth:grant-type:token-exchange", "client-credentials", "client_credentials,password", "client_credentials\u200b", "x" * 5000, "none"], ids=lambda x: x[:30])
def test_a22_other_grants(s, grant):
    more = "&username=good&password=x&code=x&refresh_token=x&assertion=a.b.c&subject_token=x"
    refused(s, 400, "unsupported_grant_type", "grant_type", f"grant_type={urllib.parse.quote(grant)}{more}", [("Authorization", basic(*s.good))])


@pytest.mark.parametrize("body", ["", "grant_type=", "scope=api:read", "grant_type", "granttype=client_credentials"])
def test_a22_no_grant(s, body):
    refused(s, 400, "invalid_request", "grant_type_missing", body, [("Authorization", basic(*s.good))])


@pytest.mark.parametrize("resource, reason", [
    (TWO, "resource_not_granted"), (HIDDEN, "resource_not_granted"), ("https://nowhere.example.com", "resource_unknown"), (API + "/", "resource_unknown"), (API + ":443", "resource_unknown"),
    (API.upper(), "resource_unknown"), ("http://api.example.com", "resource_unknown"), (API + "?x", "resource_unknown"), (API + "#x", "resource_unknown"), (API[:-1], "resource_unknown"),
    (API + "%00", "resource_unknown"), (API + "/../two.example.com", "resource_unknown"), ("https://user@api.example.com", "resource_unknown"), (API + " " + TWO, "resource_unknown"),
    ("*", "resource_unknown"), ("/", "resource_unknown"), ("' or 1=1--", "resource_unknown"), ("a" * 10000, "resource_unknown"), (API + ".", "resource_unknown")], ids=lambda x: x[:30])
@pytest.mark.parametrize("name", ["resource", "audience"])
def test_a23_foreign_resources(s, resource, reason, name):
    """Byte for byte (RFC 8707); what is not granted is answered as what does not exist."""
    a, _ = refused(s, 400, "invalid_target", reason, f"{GRANT}&{name}={urllib.parse.quote(resource, safe='')}", [("Authorization", basic(*s.one))])
    b, _ = refused(s, 400, "invalid_target", "resource_unknown", f"{GRANT}&resource=urn:none", [("Authorization", basic(*s.one))])
    assert {**a.json, "error_ref": ""} == {**b.json, "error_ref": ""}


def test_a23_the_servers_own_resource(s):
    """Its scopes administer: nobody has them who was not given them, and it is never meant when none is named."""
    refused(s, 400, "invalid_target", "resource_not_granted", f"{GRANT}&resource={urllib.parse.quote(s.issuer, safe='')}", [("Authorization", basic(*s.one))])
    for scope in ("jeton:introspect", "jeton:admin", "jeton:read", "jeton:audit"):
        a = asked(s, connect(s), scope=scope)
        assert a.status == 400 and a.json["error"] in ("invalid_scope", "invalid_target")
    still_serves(s, connect(s))


def test_j22_who_a_token_is_of(s):
    """sub is the client_id, whatever is said in the request (RFC 9700 section 4.15), and ids cannot be taken for one another."""
    c = connect(s)
    for more in ("&sub=admin", "&subject=admin", "&client_name=admin", "&act=admin", "&iss=https://evil.example", "&aud=https://evil.example", "&exp=4102444800", "&jti=mine", "&cnf=x"):
        a = call(c, body=f"{GRANT}&resource={API}{more}".encode(), headers=[("Authorization", basic(*s.one))])
        claims = jwt.decode(a.json["access_token"], options={"verify_signature": False})
        assert (claims["sub"], claims["client_id"], claims["iss"], claims["aud"]) == ("one", "one", s.issuer, API)
        assert claims["exp"] - claims["iat"] == a.json["expires_in"] == 3600 and claims["jti"] != "mine"
    assert s.api("POST", "/clients", {"name": "x", "client_id": "one"}).status == 409
    for bad in ("\u043ene", "one ", " one", "one\u200b", "o\u0000ne", "one\n", 'one"', "one:", "a" * 300, "../one", "%6fne", "one+"):
        assert s.api("POST", "/clients", {"name": "x", "client_id": bad}).status in (400, 422), bad


def test_a21_no_two_tokens_are_alike(s):
    c, seen = connect(s), set()
    for resource in (API, REST):
        for _ in range(100):
            t = asked(s, c, resource=resource).json["access_token"]
            seen.add(jti(t) if resource == API else t)
    assert len(seen) == 200


# -- M1 --------------------------------------------------------------------------------------------------------------
PUBLIC = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}


def test_m1_no_private_member_in_public(s):
    """Of keys of each kind, in use, waiting, retiring and revoked: in the JWKS, the metadata, the admin answers and the log."""
    for i, alg in enumerate(("RS256", "PS256", "ES256", "EdDSA")):
        s.cli("resource", "create", f"https://alg-{i}.example.com", "--scope", "r", "--alg", alg)
        s.cli("key", "rotate", "--alg", alg)
    keys = call(connect(s), "GET", "/.well-known/jwks.json").json["keys"]
    assert {k["kty"] for k in keys} == set(PUBLIC) and len(keys) >= 8
    for k in keys:
        assert set(k) == {"kty", "use", "alg", "kid"} | PUBLIC[k["kty"]], k
    s.cli("key", "revoke", keys[0]["kid"], "--yes")
    texts = [call(connect(s), "GET", p).body.decode() for p in ("/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")]
    texts += [s.cli("key", "list", "-o", "json").stdout, s.cli("audit", "export").stdout, s.stderr()]
    texts += [s.cli("key", "show", k["kid"], "-o", "json").stdout + s.cli("key", "show", k["kid"], "--pem").stdout for k in keys[1:]]
    for text in texts:
        assert "PRIVATE" not in text
        for member in ("d", "p", "q", "dp", "dq", "qi", "oth", "k"):
            assert f'"{member}":' not in text.replace(" ", ""), (member, text[:200])
    assert json.loads(texts[0])["keys"]
