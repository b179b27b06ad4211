# SPDX-License-Identifier: Apache-2.0
"""Authlib over httpx."""
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from clients.authlib_session import fetch, prepare
from clients.authlib_session import refused  # noqa: F401 (run.py's)

REFUSALS = (OAuthError,)


def do(task):
    certificate = {"cert": (task["cert"], task["key"])} if task.get("cert") else {}
    with OAuth2Client(**prepare(task), **certificate, verify=task["ca"]) as session:
        return fetch(session, task)
