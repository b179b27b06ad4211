# SPDX-License-Identifier: Apache-2.0
"""python-jose, given the set of keys as it is: it tries them all, and fails at a set of several key types."""
import json
import urllib.request

from jose import jwt
from jose.exceptions import JOSEError

REFUSALS = (JOSEError,)


def do(task):
    with urllib.request.urlopen(task["jwks_uri"], timeout=10) as answer:
        keys = json.load(answer)
    return jwt.decode(task["token"], keys, algorithms=task["algs"], audience=task["audience"], issuer=task["issuer"],
                      options={"require_exp": True, "require_aud": True, "require_iss": True})


def refused(error):
    return {"why": type(error).__name__}
