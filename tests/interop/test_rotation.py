# SPDX-License-Identifier: Apache-2.0
"""Signing keys change while resource servers run: tokens of the old and of the new key are good side by side."""
import jwt
import pytest
import tokens
from gateways import apache
from support import Server, until
from tools import do, proves

API = tokens.audience("RS256")
LIBRARIES = {"jose": "verifiers/jose", "jsonwebtoken": "verifiers/jsonwebtoken", "PyJWT": "verifiers/pyjwt-verifier", "jwcrypto": "verifiers/jwcrypto-verifier",
             "authlib": "verifiers/authlib-verifier", "python-jose": "verifiers/python-jose-verifier"}


class Rotating:
    """A server, and what its tokens and gateway are before and after."""

    def __init__(self, server):
        self.server = server
        tokens.resource(server, "RS256", API)
        self.old, self.new = tokens.ask(server, API), None

    def rotate(self):
        """Once: the new key is published, and signs when everybody can have seen it."""
        if self.new is None:
            self.server.cli("key", "rotate")
            self.new = until(lambda: next((t for t in [tokens.ask(self.server, API)] if kid(t) != kid(self.old)), None))
        assert self.new, "the new key does not sign"


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


@pytest.fixture(scope="module")
def rotating(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("rotating") / "data", env={"JETON_KEYS_JWKS_MAX_AGE": "1s", "JETON_KEYS_PUBLISH_WAIT": "2s"})
    yield Rotating(server)
    server.stop()


@pytest.mark.parametrize("what", [pytest.param("", marks=proves("gateways", "mod_auth_openidc, by keys", "rotation"), id="mod_auth_openidc")])
def test_running_gateway(rotating, what):
    """First in this file: it runs, with the old key, before the new one is there."""
    s = rotating.server
    with apache([f"OIDCOAuthVerifyJwksUri {s.info['jwks_uri']}"], s.ca, {"/read": f'claim "aud:{API}"'}) as front:
        assert rotating.new is None and front.get("/read", rotating.old).status == 200, front.log
        rotating.rotate()
        for token in (rotating.new, rotating.old, rotating.new):
            assert front.get("/read", token).status == 200, front.log


@pytest.mark.parametrize("library", [pytest.param(lib, marks=proves("verifiers", n, "rotation"), id=n) for n, lib in LIBRARIES.items()])
def test_old_and_new(rotating, library):
    rotating.rotate()
    s = rotating.server
    for token in (rotating.old, rotating.new):
        assert do(library, ca=s.ca, jwks_uri=s.info["jwks_uri"], issuer=s.issuer, audience=API, algs=["RS256"], token=token)["ok"]["sub"] == "demo"
