# SPDX-License-Identifier: Apache-2.0
"""PyJWT, with the keys from the address that the metadata names."""
import jwt

REFUSALS = (jwt.PyJWTError,)


def do(task):
    key = jwt.PyJWKClient(task["jwks_uri"]).get_signing_key_from_jwt(task["token"]).key
    return jwt.decode(task["token"], key, algorithms=task["algs"], audience=task["audience"], issuer=task["issuer"],
                      options={"require": ["iss", "aud", "exp", "iat", "sub"]})


def refused(error):
    return {"why": type(error).__name__}
