# SPDX-License-Identifier: Apache-2.0
"""Tokens bound to the caller's certificate (RFC 8705 section 3; threat A16)."""
import urllib.parse

import jwt
import pytest
from certs import Maker
from mtls import ask, client, over, told, whole, wire

JWT, OPAQUE = "https://bound.example.com", "https://opaque.example.com"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def cert(made):
    return made.make("/CN=holder")


@pytest.fixture(scope="module")
def bound(dev):
    for name, form in ((JWT, "jwt"), (OPAQUE, "opaque")):
        dev.cli("resource", "create", name, "--scope", "read", "--format", form, "--bind", "certificate")
    return dev


def at(resource):
    return "/resources/" + urllib.parse.quote(resource, safe="")


def introspect_itself(server, token, connection):
    return server.post("/introspect", {"token": token}, auth=f"Bearer {token}", connection=connection)


@pytest.mark.parametrize("resource", [JWT, OPAQUE])
def test_the_token_names_the_certificate(bound, made, cert, resource):
    asker, asker_secret = client(bound, "asker", secret=True)
    bound.patch(at(resource), {"introspect_by": [asker]})
    c, _ = client(bound, "holder", whole(cert), api=resource, scopes=["read"])
    a = ask(bound, c, cert)
    assert a.status == 200 and a.json["token_type"] == "Bearer", a
    token, cnf = a.json["access_token"], {"x5t#S256": cert.thumbprint}
    if resource == JWT:
        assert jwt.decode(token, options={"verify_signature": False})["cnf"] == cnf
    for _ in range(3):  # what is known of a token is known whole
        seen = bound.post("/introspect", {"token": token}, auth=(asker, asker_secret)).json
        assert seen["active"] is True and seen["cnf"] == cnf and seen["token_type"] == "Bearer"


@pytest.mark.parametrize("resource", [JWT, OPAQUE])
def test_whoever_shows_it_must_hold_the_certificate(bound, made, cert, resource):
    c, _ = client(bound, "holder", whole(cert), api=resource, scopes=["read"])
    token = ask(bound, c, cert).json["access_token"]
    for _ in range(2):
        seen = introspect_itself(bound, token, over(bound, cert))
        assert seen.status == 200 and seen.json["active"] is True and seen.json["cnf"] == {"x5t#S256": cert.thumbprint}
        plainly = introspect_itself(bound, "garbage", over(bound))
        for what, is_none in ((over(bound), True), (over(bound, made.make("/CN=holder")), False), (over(bound, made.make("/CN=holder", key=cert)), False)):
            a = introspect_itself(bound, token, what)
            assert wire(a) == wire(plainly)
            assert a.status == 401 and a.json["error"] == "invalid_token" and 'error="invalid_token"' in a.headers["WWW-Authenticate"]
            reason, words = told(bound, a)
            assert reason == "bearer_bound" and ("has none" if is_none else "another certificate") in words


def test_bound_whatever_the_proof_was(bound, cert):
    """A secret over a connection with a certificate: the token is bound to that."""
    c, secret = client(bound, "with a secret", secret=True, api=JWT, scopes=["read"])
    a = ask(bound, None, cert, auth=(c, secret))
    assert jwt.decode(a.json["access_token"], options={"verify_signature": False})["cnf"] == {"x5t#S256": cert.thumbprint}


@pytest.mark.parametrize("resource", [JWT, OPAQUE])
def test_none_without_certificate(bound, resource):
    c, secret = client(bound, "bare", secret=True, api=resource, scopes=["read"])
    a = bound.token(c, secret)
    assert a.status == 400 and a.json["error"] == "invalid_request" and told(bound, a)[0] == "certificate_needed"


def test_over_plain_http(plain):
    plain.cli("resource", "create", JWT, "--scope", "read", "--bind", "certificate")
    c, secret = client(plain, "bare", secret=True, api=JWT, scopes=["read"])
    assert told(plain, plain.token(c, secret))[0] == "certificate_needed"


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_turned_on_and_off(dev, cert, form):
    """Once a resource binds its tokens, plain ones are good no more; bound ones stay what they are."""
    resource = f"https://turned-{form}.example.com"
    dev.cli("resource", "create", resource, "--scope", "read", "--format", form)
    c, secret = client(dev, "turned", secret=True, api=resource, scopes=["read"])
    asker, asker_secret = client(dev, "asker", secret=True)
    dev.cli("resource", "update", resource, "--introspect-by", asker)

    def active(token):
        return dev.post("/introspect", {"token": token}, auth=(asker, asker_secret)).json["active"]

    loose = ask(dev, None, cert, auth=(c, secret)).json["access_token"]
    assert active(loose)
    shown = dev.cli_json("resource", "update", resource, "--bind", "certificate")
    assert shown["bind"] == "certificate" and "certificate of the client" in dev.cli("resource", "show", resource).stdout
    assert not active(loose)
    held = ask(dev, None, cert, auth=(c, secret)).json["access_token"]
    assert active(held)
    assert dev.cli_json("resource", "update", resource, "--bind", "none")["bind"] == "none"
    assert active(loose) and active(held)
    assert introspect_itself(dev, held, over(dev)).status == 401
    assert introspect_itself(dev, loose, over(dev)).status == 200


def test_wrong_words(dev):
    r = dev.cli("resource", "create", "https://x.example.com", "--scope", "a", "--bind", "key", ok=False)
    assert r.returncode == 2 and "bind is none or certificate" in r.stderr
    a = dev.api("POST", "/resources", {"audience": "https://x.example.com", "scopes": [{"name": "a"}], "bind": True})
    assert a.status == 422 and a.json["errors"][0]["pointer"] == "/bind"
