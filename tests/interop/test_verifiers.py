# SPDX-License-Identifier: Apache-2.0
"""Tokens checked by independent libraries with the published keys: the good one, and what must be refused."""
import json
import re
import subprocess

import pytest
import tokens
from support import Server
from tools import do, need_program, proves


def cell(tool, what, *values):
    return pytest.param(*values, marks=proves("verifiers", tool, what), id=f"{tool}-{what}")


# name: (library, algorithms, {what a bad token is refused for, by its own words})
VERIFIERS = {
    "jose": ("verifiers/jose", tokens.SHOWN,
             {"tampered": "SIGNATURE_VERIFICATION_FAILED", "expired": "JWT_EXPIRED", "audience": "CLAIM_VALIDATION", "issuer": "NO_MATCHING_KEY"}),
    "jsonwebtoken": ("verifiers/jsonwebtoken", ("RS256", "PS256", "ES256"),
                     {"tampered": "invalid signature", "expired": "jwt expired", "audience": "audience invalid", "issuer": "Unable to find a signing key"}),
    "PyJWT": ("verifiers/pyjwt-verifier", tokens.SHOWN,
              {"tampered": "InvalidSignature", "expired": "ExpiredSignature", "audience": "InvalidAudience", "issuer": "PyJWKClientError"}),
    "jwcrypto": ("verifiers/jwcrypto-verifier", tokens.SHOWN,
                 {"tampered": "InvalidJWSSignature", "expired": "JWTExpired", "audience": "InvalidClaim", "issuer": "MissingKey"}),
    "authlib": ("verifiers/authlib-verifier", tokens.SHOWN,
                {"tampered": "BadSignature", "expired": "ExpiredToken", "audience": "InvalidClaim", "issuer": "ValueError: Invalid JSON Web Key Set"}),
}


@pytest.fixture(scope="module")
def shown(dev, other):
    return tokens.make(dev, other)


@pytest.fixture(scope="module")
def alone(tmp_path_factory, other):
    """A server whose published keys are all of one type."""
    server = Server(tmp_path_factory.mktemp("alone") / "data")
    yield server, tokens.make(server, other, ["RS256"])["RS256"]
    server.stop()


def verify(server, library, alg, token):
    # A set of keys may be RSA and EC together; who verifies says which algorithms it takes.
    return do(library, ca=server.ca, jwks_uri=server.info["jwks_uri"], issuer=server.issuer, audience=tokens.audience(alg), algs=[alg], token=token)


@pytest.mark.parametrize("name, alg", [cell(n, f"{a} accepted", n, a) for n, v in VERIFIERS.items() for a in v[1]])
def test_accepted(dev, shown, name, alg):
    said = verify(dev, VERIFIERS[name][0], alg, shown[alg]["good"])
    assert said["ok"]["sub"] == "demo" and said["ok"]["client_id"] == "demo" and said["ok"]["scope"] == "api:read", said


@pytest.mark.parametrize("name, kind", [cell(n, f"{k} refused", n, k) for n in VERIFIERS for k in tokens.BAD])
def test_refused(dev, shown, name, kind):
    library, algs, why = VERIFIERS[name]
    alg = algs[-1]
    said = verify(dev, library, alg, shown[alg][kind])
    assert "refused" in said and re.search(why[kind], said["refused"]["why"]), said


@pytest.mark.parametrize("what", [cell("python-jose", "RS256 accepted", "good"), *(cell("python-jose", f"{k} refused", k) for k in tokens.BAD)])
def test_python_jose(alone, what):
    """It takes a set of keys of one type only, which is what a server of one algorithm publishes."""
    server, shown = alone
    said = verify(server, "verifiers/python-jose-verifier", "RS256", shown[what])
    assert said["ok"]["client_id"] == "demo" if what == "good" else "refused" in said, said
    assert what == "good" or re.search({"expired": "ExpiredSignature"}.get(what, "JWTError|JWTClaims"), said["refused"]["why"]), said


@proves("verifiers", "express-oauth2-jwt-bearer", "RS256 accepted")
@proves("verifiers", "express-oauth2-jwt-bearer", "scopes")
def test_express(dev, shown):
    """Middleware that finds the keys by discovery: 200, 403 with insufficient_scope, 401 with a challenge."""
    good = {"path": "/read", "token": shown["RS256"]["good"]}
    both = {"path": "/write", "token": tokens.ask(dev, tokens.audience("RS256"), "api:read api:write")}
    answers = express(dev, [good, {**good, "path": "/write"}, both, {"path": "/read"}])
    assert [a["status"] for a in answers] == [200, 403, 200, 401], answers
    assert answers[0]["body"]["client_id"] == "demo" and 'error="insufficient_scope"' in answers[1]["challenge"]
    assert answers[3]["challenge"].startswith("Bearer")


@pytest.mark.parametrize("kind", [cell("express-oauth2-jwt-bearer", f"{k} refused", k) for k in tokens.BAD])
def test_express_refuses(dev, shown, kind):
    answer, = express(dev, [{"path": "/read", "token": shown["RS256"][kind]}])
    why = {"tampered": "signature verification failed", "expired": "exp.*check failed", "audience": "'aud'|\"aud\"", "issuer": "no applicable key|'iss'"}[kind]
    assert answer["status"] == 401 and 'error="invalid_token"' in answer["challenge"] and re.search(why, answer["challenge"]), answer


def express(server, asks):
    return do("verifiers/express", ca=server.ca, issuer=server.issuer, audience=tokens.audience("RS256"), algs=["RS256"], asks=asks)["ok"]


JOSE_COMMAND = [*(("good", a) for a in ("RS256", "PS256", "ES256")), ("tampered", "RS256"), ("issuer", "RS256")]


@pytest.mark.parametrize("kind, alg", [cell("jose (command)", f"{a} accepted" if k == "good" else f"{k} refused", k, a) for k, a in JOSE_COMMAND])
def test_jose_command(dev, shown, tmp_path, kind, alg):
    """The jose command knows signatures, nothing of claims."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(dev.get("/.well-known/jwks.json").body)
    r = subprocess.run([need_program("jose"), "jws", "ver", "-i", "-", "-k", str(keys), "-O", "-"], input=shown[alg][kind], capture_output=True, text=True,
                       timeout=20, check=False)
    assert r.returncode == 0 and json.loads(r.stdout)["client_id"] == "demo" if kind == "good" else r.returncode != 0, r
