# SPDX-License-Identifier: Apache-2.0
"""Authlib's JOSE part."""
import json
import urllib.request

from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError

REFUSALS = (JoseError, ValueError)  # a kid that is in no key is a ValueError to it


def do(task):
    with urllib.request.urlopen(task["jwks_uri"], timeout=10) as answer:
        keys = JsonWebKey.import_key_set(json.load(answer))
    wanted = {"iss": {"essential": True, "value": task["issuer"]}, "aud": {"essential": True, "value": task["audience"]}, "exp": {"essential": True}}
    claims = JsonWebToken(task["algs"]).decode(task["token"], keys, claims_options=wanted)
    claims.validate()
    return dict(claims)


def refused(error):
    return {"why": f"{type(error).__name__}: {error}"}
