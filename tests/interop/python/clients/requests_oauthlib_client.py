# SPDX-License-Identifier: Apache-2.0
"""requests-oauthlib: Basic without encoding unless told to send the secret in the body."""
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session

REFUSALS = (OAuth2Error,)


def do(task):
    session = OAuth2Session(client=BackendApplicationClient(client_id=task["client_id"]))
    if task.get("cert"):
        session.cert = (task["cert"], task["key"])
    secret = task.get("client_secret")
    how = {"client_secret_basic": {"auth": (task["client_id"], secret)},
           "client_secret_post": {"client_secret": secret, "include_client_id": True},
           "tls": {"include_client_id": True}}[task["method"]]
    return session.fetch_token(task["issuer"] + "/token", verify=task["ca"], **how, **task["parameters"])


def refused(error):
    return {"status": error.status_code, "error": error.error}
