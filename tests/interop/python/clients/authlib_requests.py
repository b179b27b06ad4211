# SPDX-License-Identifier: Apache-2.0
"""Authlib over requests: Basic without encoding, assertions for the token endpoint's URL."""
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from clients.authlib_session import fetch, prepare
from clients.authlib_session import refused  # noqa: F401 (run.py's)

REFUSALS = (OAuthError,)


def do(task):
    session = OAuth2Session(**prepare(task))
    if task.get("cert"):
        session.cert = (task["cert"], task["key"])
    session.verify = task["ca"]
    return fetch(session, task)
