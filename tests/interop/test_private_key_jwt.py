# SPDX-License-Identifier: Apache-2.0
"""private_key_jwt: openid-client says the issuer as audience, Authlib the token endpoint, which a client has to be allowed."""
import time

import keys
import pytest
from clients import API, AUTHLIB, OPENID_CLIENT, ask, cell, is_good, is_refused, rows
from tools import do

METHOD = "private_key_jwt"
ES256 = {"alg": "ES256"}


def cells(algs):
    return [cell(OPENID_CLIENT[0], METHOD, a, id=a) for a in algs]


def client_of(server, tmp_path, alg, *compat, kid=None):
    """A client that has a key and no secret, and its private key's file."""
    client_id, none = server.client(f"key-{time.monotonic_ns()}", "--no-secret", "--allow", f"{API}=api:read")
    assert none is None
    pem, public = keys.make(tmp_path, alg, kid)
    server.cli("credential", "add", client_id, "--jwk", public)
    if compat:
        server.cli("client", "update", client_id, "--compat", ",".join(compat))
    return client_id, pem


@pytest.mark.parametrize("alg", cells(["ES256", "PS256", "EdDSA"]))
def test_openid_client(dev, tmp_path, alg):
    client_id, pem = client_of(dev, tmp_path, alg, kid="of-mine")
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg), client_id)
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg, kid="of-mine"), client_id)


@pytest.mark.parametrize("alg", cells(["RS256"]))
def test_openid_client_rs256(dev, tmp_path, alg):
    """An RSA signature of the old kind is refused until the client is allowed it."""
    client_id, pem = client_of(dev, tmp_path, alg)
    is_refused(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg), "assertion_alg")
    dev.cli("client", "update", client_id, "--compat", "rs256-assertion")
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg), client_id)


@pytest.mark.parametrize("claims, reason", [
    cell(OPENID_CLIENT[0], METHOD, *case, id=case[1]) for case in (
        ({"aud": "https://other.example.com"}, "assertion_audience"),
        ({"aud": ["issuer", "https://other.example.com"]}, "assertion_malformed"),
        ({"aud": "token_endpoint"}, "assertion_audience"),
        ({"exp": -60, "iat": -120, "nbf": -120}, "assertion_expired"),
        ({"exp": 86400 * 365}, "assertion_life"),
        ({"nbf": 3600, "exp": 3660}, "assertion_not_yet_valid"),
        ({"sub": "demo"}, "assertion_issuer"),
        ({"jti": None}, "assertion_jti"),
    )])
def test_openid_client_refused(dev, tmp_path, claims, reason):
    """Assertions that openid-client was told to change: numbers are seconds from now."""
    client_id, pem = client_of(dev, tmp_path, "ES256")
    names = {"issuer": dev.issuer, "token_endpoint": dev.info["token_endpoint"]}
    claims = {k: [names.get(x, x) for x in v] if isinstance(v, list) else int(time.time()) + v if isinstance(v, int) else names.get(v, v)
              for k, v in claims.items()}
    is_refused(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, **ES256, claims=claims), reason)
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, **ES256), client_id)


@pytest.mark.parametrize("alg", cells(["ES256"]))
def test_wrong_key(dev, tmp_path, alg):
    client_id, _ = client_of(dev, tmp_path, alg)
    pem, _ = keys.make(tmp_path, alg)
    is_refused(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg), "assertion_signature")


@pytest.mark.parametrize("alg", cells(["ES256"]))
def test_replay(dev, tmp_path, alg):
    """One jti works once, whoever signs it again."""
    client_id, pem = client_of(dev, tmp_path, alg)
    once = {"jti": "only-once"}
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg, claims=once), client_id)
    is_refused(dev, ask(dev, OPENID_CLIENT[1], METHOD, client_id, key=pem, alg=alg, claims=once), "assertion_replayed")


@pytest.mark.parametrize("library, method", rows([OPENID_CLIENT], METHOD))
def test_a_secret_is_no_way_around_a_key(dev, tmp_path, library, method):
    client_id, _ = client_of(dev, tmp_path, "ES256")
    said = ask(dev, library, "client_secret_basic", client_id, client_secret=dev.secret)
    is_refused(dev, said, "credential_kind")


@pytest.mark.parametrize("library, method", rows([OPENID_CLIENT], METHOD))
def test_introspect_and_revoke(dev, tmp_path, library, method):
    client_id, pem = client_of(dev, tmp_path, "ES256")
    dev.cli("resource", "update", API, "--introspect-by", client_id)
    token = ask(dev, library, method, client_id, key=pem, **ES256)["ok"]["access_token"]

    def does(what):
        return do(library, ca=dev.ca, does=what, method=method, issuer=dev.issuer, client_id=client_id, key=pem, **ES256, token=token)

    assert does("introspect")["ok"]["active"]
    assert "ok" in does("revoke")
    assert does("introspect")["ok"] == {"active": False}


@pytest.mark.parametrize("library, method", rows(AUTHLIB, METHOD))
def test_authlib(dev, tmp_path, library, method):
    """Its audience is the token endpoint, and its assertions live for an hour: both are what aud-token-url allows."""
    client_id, pem = client_of(dev, tmp_path, "ES256")
    is_refused(dev, ask(dev, library, method, client_id, key=pem, **ES256), "assertion_audience")
    dev.cli("client", "update", client_id, "--compat", "aud-token-url")
    said = ask(dev, library, method, client_id, key=pem, **ES256)
    is_good(dev, said, client_id)
    dev.cli("resource", "update", API, "--introspect-by", client_id)
    token = said["ok"]["access_token"]
    said = do(library, ca=dev.ca, does="introspect", method=method, issuer=dev.issuer, client_id=client_id, key=pem, **ES256, token=token)
    assert said["ok"].get("active"), (said, dev.events()[0])


@pytest.mark.parametrize("library, method", rows(AUTHLIB, METHOD))
def test_authlib_rs256(dev, tmp_path, library, method):
    client_id, pem = client_of(dev, tmp_path, "RS256", "aud-token-url", "rs256-assertion")
    is_good(dev, ask(dev, library, method, client_id, key=pem, alg="RS256"), client_id)
    assert set(dev.cli_json("client", "show", client_id)["compat"]) >= {"aud-token-url", "rs256-assertion"}
