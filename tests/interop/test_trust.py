# SPDX-License-Identifier: Apache-2.0
"""Tokens of other issuers as client_assertion, made by jose and PyJWT in the form that their issuers give them, sent by openid-client and curl."""
import json
import time

import jwt
import keys
import pytest
from clients import API, OPENID_CLIENT, ask, cell, curl, is_good, is_refused
from tools import do

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ISSUER = "https://tokens.example.com"
# What each issuer's tokens look like, and a rule that fits them.
SHAPES = {
    "GitHub Actions": ({"sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "ref": "refs/heads/main", "environment": "production"},
                       {"sub": {"prefix": "repo:acme/shop:"}, "environment": {"any": ["production", "staging"]}}),
    "GitLab": ({"sub": "project_path:acme/shop:ref_type:branch:ref:main", "project_path": "acme/shop", "ref_protected": "true"},
               {"sub": {"prefix": "project_path:acme/shop:"}, "project_path": "acme/shop", "ref_protected": "true"}),
    "Kubernetes": ({"sub": "system:serviceaccount:shop:worker", "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "worker"}}},
                   {"sub": "system:serviceaccount:shop:worker", "/kubernetes.io/namespace": "shop"}),
}
MAKERS = ("jose", "PyJWT")


class Issuer:
    def __init__(self, folder, alg="RS256"):
        self.alg, self.kid = alg, f"k-{alg}"
        self.pem, _ = keys.make(folder, alg)
        self.jwks = do("makers/jose", does="keys", key=self.pem, alg=alg, kid=self.kid)["ok"]

    def token(self, maker, audience, claims, **more):
        now = int(time.time())
        said = {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + 600, "jti": f"{time.monotonic_ns()}", **claims, **more}
        said = {k: v for k, v in said.items() if v is not None}
        if maker == "jose":
            return do("makers/jose", does="token", claims=said, key=self.pem, alg=self.alg, kid=self.kid)["ok"]
        with open(self.pem, encoding="ascii") as f:
            return jwt.encode(said, f.read(), self.alg, headers={"kid": self.kid})


@pytest.fixture
def issuer(tmp_path):
    return Issuer(tmp_path)


def client_of(server, tmp_path, issuer, match, **more):
    client_id, _ = server.client(f"trust-{time.monotonic_ns()}", "--no-secret", "--allow", f"{API}=api:read")
    rule = tmp_path / "rule.json"
    rule.write_text(json.dumps({"issuer": ISSUER, "audience": server.issuer, "match": match, "jwks": issuer.jwks, **more}))
    server.cli("credential", "add", client_id, "--trust", str(rule))
    return client_id


def send(server, sender, client_id, token):
    if sender != "curl":
        return ask(server, OPENID_CLIENT[1], "assertion", client_id, assertion=token)
    status, body = curl(server, "-d", "grant_type=client_credentials", "-d", f"client_id={client_id}", "-d", f"resource={API}", "-d", "scope=api:read",
                        "--data-urlencode", f"client_assertion_type={ASSERTION}", "--data-urlencode", f"client_assertion={token}")
    return {"ok": body} if status == 200 else {"refused": {"status": status, **body}}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("sender", [cell(s, "trust rule", s, id=s) for s in (OPENID_CLIENT[0], "curl")])
def test_accepted(dev, tmp_path, issuer, sender, maker, shape):
    claims, match = SHAPES[shape]
    client_id = client_of(dev, tmp_path, issuer, match)
    is_good(dev, send(dev, sender, client_id, issuer.token(maker, dev.issuer, claims)), client_id)
    # An audience in an array of one is the same.
    is_good(dev, send(dev, sender, client_id, issuer.token(maker, [dev.issuer], claims)), client_id)


@pytest.mark.parametrize("alg", [cell(OPENID_CLIENT[0], "trust rule", a, id=a) for a in ("ES256", "PS256", "EdDSA")])
def test_algorithms(dev, tmp_path, alg):
    claims, match = SHAPES["GitHub Actions"]
    issuer = Issuer(tmp_path, alg)
    client_id = client_of(dev, tmp_path, issuer, match)
    for maker in MAKERS:
        is_good(dev, send(dev, OPENID_CLIENT[0], client_id, issuer.token(maker, dev.issuer, claims)), client_id)


@pytest.mark.parametrize("change, reason", [cell(OPENID_CLIENT[0], "trust rule", *case, id=case[1]) for case in (
    ({"sub": "repo:acme/other:ref:refs/heads/main"}, "trust_claims"),
    ({"environment": "dev"}, "trust_claims"),
    ({"environment": None}, "trust_claims"),
    ({"aud": "https://other.example.com"}, "assertion_audience"),
    ({"iss": "https://other.example.com"}, "trust_rule"),
    ({"exp": 1700000000}, "assertion_expired"),
    ({"jti": None}, "assertion_jti"),
)])
def test_refused(dev, tmp_path, issuer, change, reason):
    claims, match = SHAPES["GitHub Actions"]
    client_id = client_of(dev, tmp_path, issuer, match)
    is_refused(dev, send(dev, OPENID_CLIENT[0], client_id, issuer.token("jose", dev.issuer, claims, **change)), reason)


@pytest.mark.parametrize("sender", [cell(s, "trust rule", s, id=s) for s in (OPENID_CLIENT[0], "curl")])
def test_other_key_and_replay(dev, tmp_path, issuer, sender):
    claims, match = SHAPES["Kubernetes"]
    client_id = client_of(dev, tmp_path, issuer, match)
    (tmp_path / "other").mkdir()
    is_refused(dev, send(dev, sender, client_id, Issuer(tmp_path / "other").token("jose", dev.issuer, claims)), "assertion_signature")
    token = issuer.token("jose", dev.issuer, claims)
    is_good(dev, send(dev, sender, client_id, token), client_id)
    is_refused(dev, send(dev, sender, client_id, token), "assertion_replayed")


@pytest.mark.parametrize("sender", [cell("curl", "trust rule", "curl", id="no-jti")])
def test_no_jti(dev, tmp_path, issuer, sender):
    """A workload's token in a file is used until the next is there, where the rule says so."""
    claims, match = SHAPES["Kubernetes"]
    client_id = client_of(dev, tmp_path, issuer, match, replay="none")
    token = issuer.token("PyJWT", dev.issuer, claims, jti=None)
    for _ in range(2):
        is_good(dev, send(dev, sender, client_id, token), client_id)


@pytest.mark.parametrize("maker", [cell(OPENID_CLIENT[0], "trust rule", m, id=f"test-{m}") for m in MAKERS])
def test_credential_test(dev, tmp_path, issuer, maker):
    """What the command says of a token is what the server does with it."""
    claims, match = SHAPES["GitLab"]
    client_of(dev, tmp_path, issuer, match)
    token = tmp_path / "token"
    token.write_text(issuer.token(maker, dev.issuer, claims))
    assert dev.cli("credential", "test", str(tmp_path / "rule.json"), str(token), ok=False).returncode == 0
    token.write_text(issuer.token(maker, dev.issuer, {**claims, "project_path": "acme/other"}))
    assert dev.cli("credential", "test", str(tmp_path / "rule.json"), str(token), ok=False).returncode == 1
