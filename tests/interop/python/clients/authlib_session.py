# SPDX-License-Identifier: Apache-2.0
"""What Authlib's clients have in common, whatever they send with."""
import pathlib

from authlib.oauth2.rfc7523 import PrivateKeyJWT


def prepare(task):
    secret = pathlib.Path(task["key"]).read_text() if task["method"] == "private_key_jwt" else task.get("client_secret")
    # A certificate is the session's: Authlib's own part is then to send the client_id alone.
    method = "none" if task["method"] == "tls" else task["method"]
    # The second is for introspection, too; left out it is Basic, with the private key for a secret.
    return {"client_id": task["client_id"], "client_secret": secret, "token_endpoint_auth_method": method, "revocation_endpoint_auth_method": method}


def fetch(session, task):
    if task["method"] == "private_key_jwt":
        session.register_client_auth_method(PrivateKeyJWT(task["issuer"] + "/token", alg=task["alg"]))
    if task["does"] == "token":
        return session.fetch_token(task["issuer"] + "/token", grant_type="client_credentials", **task["parameters"])
    does = {"introspect": session.introspect_token, "revoke": session.revoke_token}
    answer = does[task["does"]](f"{task['issuer']}/{task['does']}", token=task["token"])
    return answer.json() if answer.content else None


def refused(error):
    return {"status": None, "error": error.error}
