# SPDX-License-Identifier: Apache-2.0
"""Assertions of a client that signs (private_key_jwt, ES256), many at a time: each is good once, for five minutes."""
import base64
import json
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

LIFE = 300


def part(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


class Signer:
    def __init__(self, client):
        self.client = client
        self.key = ec.generate_private_key(ec.SECP256R1())
        n = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "kid": "bench", "x": part(n.x.to_bytes(32, "big")), "y": part(n.y.to_bytes(32, "big"))}
        self.header = part(json.dumps({"alg": "ES256", "kid": "bench"}).encode())

    def write(self, path, n, audience):
        """n lines of one length."""
        now = int(time.time())
        with open(path, "w") as f:
            for _ in range(n):
                claims = {"iss": self.client, "sub": self.client, "aud": audience, "iat": now, "exp": now + LIFE, "jti": uuid.uuid4().hex}
                text = f"{self.header}.{part(json.dumps(claims).encode())}"
                r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
                f.write(f"{text}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}\n")
