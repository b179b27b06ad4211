# SPDX-License-Identifier: Apache-2.0
"""private_key_jwt (RFC 7523): who may enter with a key, and what is told of those who may not."""
import concurrent.futures
import json
import re
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import serialization
from assertions import TYPE, Key, claims, client_with_key, form, unsigned
from certs import Maker
from support import jti


def reason_of(server, answer):
    return server.cli_json("explain", answer.json["error_ref"])["reason"]


def wire(answer):
    """What a caller can see of a refusal, but for what differs from answer to answer."""
    return answer.status, {k: v for k, v in answer.json.items() if k != "error_ref"}, answer.headers["WWW-Authenticate"]


@pytest.fixture(scope="module")
def key():
    return Key()


@pytest.fixture(scope="module")
def signer(dev, key):
    return client_with_key(dev, "signer", key)[0]


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_signed_by_the_clients_key(dev, alg):
    key = Key(alg, kid="first" if alg != "EdDSA" else None)
    client, credential = client_with_key(dev, f"signs-{alg}".lower(), key)
    a = dev.post("/token", form(key.sign(claims(client, dev.issuer))))
    assert a.status == 200, a
    assert a.json["scope"] == "api:read"
    assert dev.post("/token", form(key.sign(claims(client, dev.issuer)), client_id=client)).status == 200
    [event] = dev.events(type="token.issued", jti=jti(a.json["access_token"]))
    assert event["credential_id"] == credential and event["client_id"] == client


def test_without_kid_all_its_keys_are_tried(dev):
    keys = [Key() for _ in range(3)]
    client, _ = client_with_key(dev, "several", keys[0])
    for k in keys[1:]:
        dev.ask("POST", f"/clients/{client}/credentials", {"kind": "jwk", "jwk": k.jwk})
    for k in keys:
        assert dev.post("/token", form(k.sign(claims(client, dev.issuer)))).status == 200


REFUSED = {
    "unknown client": ("client_unknown", lambda d, c, k: k.sign(claims("nobody", d.issuer))),
    "iss of another": ("assertion_issuer", lambda d, c, k: k.sign(claims(c, d.issuer, iss="nobody"))),
    "no sub": ("assertion_issuer", lambda d, c, k: k.sign(claims(c, d.issuer, sub=None))),
    "no iss": ("assertion_issuer", lambda d, c, k: k.sign(claims(c, d.issuer, iss=None))),
    "other key": ("assertion_signature", lambda d, c, k: Key().sign(claims(c, d.issuer))),
    "other kid": ("assertion_key", lambda d, c, k: k.sign(claims(c, d.issuer), {"kid": "other"})),
    "other kind of key": ("assertion_key", lambda d, c, k: Key("EdDSA").sign(claims(c, d.issuer))),
    "RS256": ("assertion_alg", lambda d, c, k: Key("RS256").sign(claims(c, d.issuer))),
    "none": ("assertion_alg", lambda d, c, k: unsigned({"alg": "none"}, claims(c, d.issuer))),
    "HS256": ("assertion_alg", lambda d, c, k: unsigned({"alg": "HS256"}, claims(c, d.issuer))),
    "expired": ("assertion_expired", lambda d, c, k: k.sign(claims(c, d.issuer, life=-300))),
    "no exp": ("assertion_malformed", lambda d, c, k: k.sign(claims(c, d.issuer, exp=None))),
    "exp is text": ("assertion_malformed", lambda d, c, k: unsigned({"alg": "ES256"}, claims(c, d.issuer, exp="soon"))),
    "a year": ("assertion_life", lambda d, c, k: k.sign(claims(c, d.issuer, life=31536000))),
    "iat in the future": ("assertion_not_yet_valid", lambda d, c, k: k.sign(claims(c, d.issuer, iat=int(time.time()) + 120))),
    "nbf in the future": ("assertion_not_yet_valid", lambda d, c, k: k.sign(claims(c, d.issuer, nbf=int(time.time()) + 120))),
    "aud is the token endpoint": ("assertion_audience", lambda d, c, k: k.sign(claims(c, d.issuer + "/token"))),
    "aud of another": ("assertion_audience", lambda d, c, k: k.sign(claims(c, "https://evil.example"))),
    "aud in an array": ("assertion_audience", lambda d, c, k: k.sign(claims(c, [d.issuer]))),
    "aud with another": ("assertion_malformed", lambda d, c, k: k.sign(claims(c, [d.issuer, "https://evil.example"]))),
    "aud with a slash": ("assertion_audience", lambda d, c, k: k.sign(claims(c, d.issuer + "/"))),
    "aud in capitals": ("assertion_audience", lambda d, c, k: k.sign(claims(c, d.issuer.upper()))),
    "no aud": ("assertion_audience", lambda d, c, k: k.sign(claims(c, None))),
    "no jti": ("assertion_jti", lambda d, c, k: k.sign(claims(c, d.issuer, jti=None))),
    "jti of 1 KiB": ("assertion_jti", lambda d, c, k: k.sign(claims(c, d.issuer, jti="j" * 1024))),
    "typ of an access token": ("assertion_malformed", lambda d, c, k: k.sign(claims(c, d.issuer), {"typ": "at+jwt"})),
    "not a JWT": ("assertion_malformed", lambda d, c, k: "not.a.jwt"),
    "header is null": ("assertion_malformed", lambda d, c, k: unsigned(b"null", claims(c, d.issuer))),
    "claims are no object": ("assertion_malformed", lambda d, c, k: unsigned({"alg": "ES256"}, b"[]")),
    "key of its own": ("assertion_malformed", lambda d, c, k: k.sign(claims(c, d.issuer), {"jwk": k.jwk})),
    "crit": ("assertion_malformed", lambda d, c, k: k.sign(claims(c, d.issuer), {"crit": ["exp"]})),
}


def test_refusals_look_alike_and_are_told_apart(start, key):
    server = start()
    signer, _ = client_with_key(server, "signer", key)
    seen = set()
    for name, (reason, make) in REFUSED.items():
        server.patch("/clients/" + signer, {"name": name})  # the throttle looks at clients and addresses
        a = server.post("/token", form(make(server, signer, key)), headers={})
        if a.status == 429:  # many wrong ones from one address: a server of its own for the rest
            server.stop()
            server = start(name.replace(" ", "-"))
            signer, _ = client_with_key(server, "signer", key)
            a = server.post("/token", form(make(server, signer, key)))
        assert reason_of(server, a) == reason, (name, a)
        seen.add(json.dumps(wire(a)))
    assert len(seen) == 1 and json.loads(seen.pop())[0] == 401


TOLD = {
    "expired": (r"exp was 30[0-9] s ago", lambda d, c, k: k.sign(claims(c, d.issuer, life=-300))),
    "a year": (r"it lives 31536000 s; the most is 300 s", lambda d, c, k: k.sign(claims(c, d.issuer, life=31536000))),
    "other kid": (r'kid is "other", alg is ES256; the client has "k6" \(EC\), "k5" \(EC\), "k4" \(EC\), "k3" \(EC\) and 2 more',
                  lambda d, c, k: k.sign(claims(c, d.issuer), {"kid": "other"})),
    "a stranger's words": (r'kid is "\?\?x{98}\.\.\.", alg is .*', lambda d, c, k: k.sign(claims(c, d.issuer), {"kid": "\u00e4" + "x" * 2000})),
    "other kind of key": (r"kid is none, alg is EdDSA; the client has .*", lambda d, c, k: Key("EdDSA").sign(claims(c, d.issuer))),
    "RS256": (r'alg is "RS256"', lambda d, c, k: Key("RS256").sign(claims(c, d.issuer))),
    "HS256": (r'alg is "HS256"', lambda d, c, k: unsigned({"alg": "HS256"}, claims(c, d.issuer))),
    "no alg": (r"alg is none", lambda d, c, k: unsigned({"typ": "JWT"}, claims(c, d.issuer))),
    "alg is a number": (r"alg is not a string", lambda d, c, k: unsigned({"alg": 5}, claims(c, d.issuer))),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_event_says_what_was_wrong(start, name):
    server = start()
    key = Key("ES256", "k1")
    client, _ = client_with_key(server, "told", key)
    for i in range(2, 7):
        server.ask("POST", f"/clients/{client}/credentials", {"kind": "jwk", "jwk": Key("ES256", f"k{i}").jwk})
    words, make = TOLD[name]
    a = server.post("/token", form(make(server, client, key), client_id=client))
    said = server.cli_json("explain", a.json["error_ref"])["event"]["detail"]
    assert re.fullmatch(words, said), said
    assert said not in str(a.body)


def test_ten_seconds_between_clocks_are_forgiven(dev, signer, key):
    now = int(time.time())
    for more in ({"iat": now + 8}, {"nbf": now + 8}, {"exp": now - 5, "iat": now - 60}):
        assert dev.post("/token", form(key.sign(claims(signer, dev.issuer, **more)))).status == 200, more


def test_wrong_assertion_type(dev, signer, key):
    for kind in ("urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "", TYPE + " "):
        a = dev.post("/token", {**form(key.sign(claims(signer, dev.issuer))), "client_assertion_type": kind})
        assert a.status == 401 and reason_of(dev, a) == "assertion_type", a


def test_two_methods(dev, signer, key):
    good = form(key.sign(claims(signer, dev.issuer)))
    for more, auth in (({"client_secret": "x", "client_id": signer}, None), ({}, (signer, "x")), ({}, "Bearer x")):
        a = dev.post("/token", {**good, **more}, auth=auth)
        assert a.status == 400 and a.json["error"] == "invalid_request", a
    assert dev.post("/token", good).status == 200  # none of these used it up


def test_client_with_keys_only_is_not_entered_by_secret(dev, signer):
    a = dev.token(signer, "jcs_3kq9x0vj4mzt_" + "a" * 43 + "_aaaaaa")
    assert a.status == 401 and a.json["error"] == "invalid_client"
    assert reason_of(dev, a) == "credential_kind"


def test_compat_switches(dev):
    key = Key("RS256")
    client, _ = client_with_key(dev, "old-library", key)
    old = lambda: form(key.sign(claims(client, dev.issuer + "/token", life=3600)))
    assert dev.post("/token", old()).status == 401
    dev.cli("client", "update", client, "--compat", "aud-token-url,rs256-assertion")
    assert dev.post("/token", old()).status == 200
    assert dev.post("/token", form(key.sign(claims(client, dev.issuer + "/tokens")))).status == 401
    about = {**form(key.sign(claims(client, dev.issuer + "/introspect"))), "token": "x"}
    assert dev.post("/introspect", about).json == {"active": False}
    assert dev.post("/token", form(key.sign(claims(client, dev.issuer + "/token", life=7200)))).status == 401
    dev.cli("client", "update", client, "--no-compat", "rs256-assertion")
    a = dev.post("/token", old())
    assert a.status == 401 and reason_of(dev, a) == "assertion_alg"


def test_one_of_a_hundred_parallel_uses(start, key):
    server = start()
    client, _ = client_with_key(server, "racer", key)
    for _ in range(3):
        once = form(key.sign(claims(client, server.issuer)))
        with concurrent.futures.ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(lambda _: server.post("/token", once), range(100)))
        assert sorted(a.status for a in answers)[:2] == [200, 401]
        assert sum(a.status == 200 for a in answers) == 1
    assert len(server.events(type="token.denied", reason="assertion_replayed")) > 0


def test_used_assertions_survive_kill(start, key):
    server = start(dev=False)
    server.cli("resource", "create", "https://api.example.com", "--scope", "api:read")
    client, _ = client_with_key(server, "once", key)
    used = []
    for path in ("/token", "/introspect", "/revoke"):
        f = {**form(key.sign(claims(client, server.issuer))), "token": "x"}
        assert server.post(path, f).status == 200
        used.append(f)
    server.kill()
    again = start(dev=False, port=server.port)
    for f in used:
        a = again.post("/token", f)
        assert a.status == 401 and reason_of(again, a) == "assertion_replayed", a
    assert again.post("/token", form(key.sign(claims(client, again.issuer)))).status == 200


def test_the_same_jti_of_another_client(dev, signer, key):
    other = Key()
    client, _ = client_with_key(dev, "other", other)
    for c, k in ((signer, key), (client, other)):
        assert dev.post("/token", form(k.sign(claims(c, dev.issuer, jti="the same")))).status == 200


def test_life_of_a_key(dev):
    key = Key()
    client, credential = client_with_key(dev, "short", key, networks=["192.0.2.0/24"])
    a = dev.post("/token", form(key.sign(claims(client, dev.issuer))))
    assert a.status == 401 and reason_of(dev, a) == "credential_network"
    dev.ask("POST", f"/clients/{client}/credentials/{credential}/revoke", {}, status=200)
    a = dev.post("/token", form(key.sign(claims(client, dev.issuer))))
    assert a.status == 401 and reason_of(dev, a) == "credential_revoked"


def test_rotation_of_a_key(dev, tmp_path):
    old, new = Key(kid="old"), Key(kid="new")
    client, first = client_with_key(dev, "turns", old)
    (tmp_path / "new.jwk").write_text(json.dumps({"keys": [new.jwk]}))
    r = dev.cli_json("credential", "rotate", client, "--jwk", str(tmp_path / "new.jwk"), "--overlap", "1h")
    assert r["kind"] == "jwk" and "client_secret" not in r and r["replaced"][0]["credential_id"] == first
    for k in (old, new):
        assert dev.post("/token", form(k.sign(claims(client, dev.issuer)))).status == 200
    r = dev.cli("credential", "rotate", client, ok=False)  # it has no secret, and does not get one by the way
    assert r.returncode == 6 and "kind secret" in r.stderr


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_key_in_pem(dev, tmp_path, alg):
    key = Key(alg)
    pem = key.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(pem)
    client, _ = client_with_key(dev, "pem-" + alg.lower(), Key())
    added = dev.cli_json("credential", "add", client, "--jwk", str(tmp_path / "key.pub"))
    assert added["jwk"]["kid"] and "d" not in added["jwk"]
    assert dev.post("/token", form(key.sign(claims(client, dev.issuer), {"kid": added["jwk"]["kid"]}))).status == 200


def test_pem_that_is_no_public_key(dev, signer, tmp_path):
    whole = Key().private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for text, words in ((whole, "private"), (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key"), (b"x", "nor in PEM")):
        (tmp_path / "k").write_bytes(text)
        r = dev.cli("credential", "add", signer, "--jwk", str(tmp_path / "k"), ok=False)
        assert r.returncode == 2 and words in r.stderr, r.stderr


def test_files_of_another_kind_are_told_what_to_do(dev, signer, tmp_path):
    key = Key().private
    cert = Maker(tmp_path).make()
    curve = {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64}
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    whole = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "file"
    for data, words in ((cert.pem.encode(), f"is a certificate, not a public key: --cert {file} takes it"),
                        (whole, f"hint: openssl pkey -in {file} -pubout -out public.pem"),
                        (der, f"openssl pkey -pubin -inform DER -in {file}"),
                        (json.dumps(curve).encode(), f'"{file}" is not a public key for signatures that can be used: EC with P-256'),
                        (json.dumps({"keys": [Key().jwk, Key().jwk]}).encode(), f'"{file}" is a set of 2 keys')):
        file.write_bytes(data)
        r = dev.cli("credential", "add", signer, "--jwk", str(file), ok=False)
        assert r.returncode == 2 and words in r.stderr and r.stdout == "", r
    subprocess.run(["openssl", "x509", "-in", cert.crt, "-outform", "DER", "-out", file], check=True)
    r = dev.cli("credential", "add", signer, "--cert", str(file), ok=False)
    assert r.returncode == 2 and f"openssl x509 -inform DER -in {file}" in r.stderr, r
    file.write_bytes(der)  # and what the hints say works
    subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-in", file, "-pubout", "-out", tmp_path / "public.pem"], check=True)
    assert dev.cli_json("credential", "add", signer, "--jwk", str(tmp_path / "public.pem"))["kind"] == "jwk"


def test_what_is_not_a_public_key(dev, signer, tmp_path):
    whole = {**Key().jwk, "d": "AAAA"}
    (tmp_path / "private.jwk").write_text(json.dumps(whole))
    r = dev.cli("credential", "add", signer, "--jwk", str(tmp_path / "private.jwk"), ok=False)
    assert r.returncode == 2 and "private" in r.stderr
    for jwk, words in ((whole, "private key"), ({"keys": []}, "not a set"), ({"kty": "oct", "k": "AAAA"}, "private key"),
                       ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "public key"), ("x", "JSON object"), (None, "JSON object")):
        a = dev.api("POST", f"/clients/{signer}/credentials", {"kind": "jwk", "jwk": jwk})
        assert a.status == 422 and words in a.json["detail"], a
    a = dev.api("POST", f"/clients/{signer}/credentials", {"kind": "secret", "jwk": Key().jwk})
    assert a.status == 422 and "kind jwk" in a.json["detail"]


def test_the_same_key_twice(dev):
    key = Key()
    client, credential = client_with_key(dev, "twice", key)
    a = dev.api("POST", f"/clients/{client}/credentials", {"kind": "jwk", "jwk": key.jwk})
    assert a.status == 409 and credential in a.json["detail"]


def test_replaced_keys_use_up_no_tries(dev):
    """Without a kid at most four keys are tried: those in use before those that are over."""
    keys = [Key() for _ in range(7)]
    name, _ = client_with_key(dev, "worn", keys[0])
    for key in keys[1:]:
        dev.ask("POST", f"/clients/{name}/credentials/rotate", {"kind": "jwk", "jwk": key.jwk, "now": True})
    assert dev.post("/token", form(keys[-1].sign(claims(name, dev.issuer)))).status == 200
    a = dev.post("/token", form(keys[-2].sign(claims(name, dev.issuer))))
    assert a.status == 401 and reason_of(dev, a) == "credential_revoked"


def test_metadata_names_it(dev):
    m = dev.get("/.well-known/oauth-authorization-server").json
    for name in ("token", "introspection", "revocation"):
        assert "private_key_jwt" in m[f"{name}_endpoint_auth_methods_supported"]
        assert "ES256" in m[f"{name}_endpoint_auth_signing_alg_values_supported"]
