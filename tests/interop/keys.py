# SPDX-License-Identifier: Apache-2.0
"""Keys of clients: the private one as PEM, which every library reads, the public one as JWK for `jeton credential add --jwk`."""
import base64
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

MAKE = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "PS256": lambda: rsa.generate_private_key(65537, 2048), "RS256": lambda: rsa.generate_private_key(65537, 2048)}


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(n, size):
    return b64(n.to_bytes(size, "big"))


def jwk(key, alg, kid=None):
    """The public JWK of a private key."""
    public = key.public_key()
    if alg == "EdDSA":
        out = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))}
    elif alg == "ES256":
        n = public.public_numbers()
        out = {"kty": "EC", "crv": "P-256", "x": number(n.x, 32), "y": number(n.y, 32)}
    else:
        n = public.public_numbers()
        out = {"kty": "RSA", "n": number(n.n, 256), "e": number(n.e, 3)}
    return {**out, "alg": alg, "use": "sig", **({"kid": kid} if kid else {})}


def make(folder, alg, kid=None):
    """Files of a new key: the private PEM, the public JWK."""
    key = MAKE[alg]()
    pem, public = folder / f"{alg}.pem", folder / f"{alg}.jwk"
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public.write_text(json.dumps(jwk(key, alg, kid)))
    return str(pem), str(public)
