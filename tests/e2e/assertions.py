# SPDX-License-Identifier: Apache-2.0
"""Clients that sign: their keys, and what they send (RFC 7523)."""
import base64
import json
import time
import uuid

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def number(n, size=None):
    return base64.urlsafe_b64encode(n.to_bytes(size or (n.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


class Key:
    """A key pair for one algorithm."""

    def __init__(self, alg="ES256", kid=None):
        self.alg, self.kid = alg, kid
        self.private = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "EdDSA": ed25519.Ed25519PrivateKey.generate}.get(
                            alg, lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))()

    @property
    def jwk(self):
        p = self.private.public_key()
        extra = {"kid": self.kid} if self.kid else {}
        if self.alg == "ES256":
            n = p.public_numbers()
            return {"kty": "EC", "crv": "P-256", "x": number(n.x, 32), "y": number(n.y, 32), **extra}
        if self.alg == "EdDSA":
            raw = p.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), **extra}
        n = p.public_numbers()
        return {"kty": "RSA", "n": number(n.n), "e": number(n.e), **extra}

    def sign(self, claims, header=None, alg=None):
        h = {**({"kid": self.kid} if self.kid else {}), **(header or {})}
        return jwt.encode(claims, self.private, alg or self.alg, h)


def claims(client, audience, life=60, **more):
    """What an assertion says; a claim that is None is left out."""
    now = int(time.time())
    c = {"iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + life, "jti": str(uuid.uuid4()), **more}
    return {k: v for k, v in c.items() if v is not None}


def form(assertion, **more):
    return {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion, **more}


def client_with_key(server, name, key, api="https://api.example.com", scopes=("api:read",), **credential):
    """client_id of a client that has this key and nothing else, and its credential's id."""
    made = server.ask("POST", "/clients", {"name": name, "secret": False, "grants": [{"resource": api, "scopes": list(scopes)}]})
    k = server.ask("POST", f"/clients/{made['client_id']}/credentials", {"kind": "jwk", "jwk": key.jwk, **credential})
    return made["client_id"], k["credential_id"]


def unsigned(header, payload, signature=b"x"):
    part = lambda v: base64.urlsafe_b64encode(v if isinstance(v, bytes) else json.dumps(v).encode()).rstrip(b"=").decode()
    return ".".join((part(header), part(payload), part(signature)))
