# SPDX-License-Identifier: Apache-2.0
"""Callers with certificates, and the clients that they are."""
import http.client
import itertools

from certs import context
from threats import elsewhere

_names = itertools.count(1)
API = "https://api.example.com"


def over(server, cert=None, chain=(), version=None):
    """A connection from a network of its own that shows this certificate."""
    return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context(server, cert, chain, version),
                                       source_address=(elsewhere(), 0))


def ask(server, client, cert=None, chain=(), version=None, auth=None, connection=None, path="/token", headers=None, **form):
    """A token request that says who it is in the body, if it is anybody."""
    form = {**({"grant_type": "client_credentials"} if path == "/token" else {}), **({"client_id": client} if client else {}), **form}
    return server.post(path, form, auth=auth, connection=connection or over(server, cert, chain, version), headers=headers)


def client(server, name, *credentials, secret=False, api=API, scopes=("api:read",)):
    """The client_id, then the ids of its credentials; with secret, that too."""
    made = server.ask("POST", "/clients", {"name": f"{name} {next(_names)}", "secret": secret, "grants": [{"resource": api, "scopes": list(scopes)}], "client_id": f"c{next(_names)}"})
    ids = [server.ask("POST", f"/clients/{made['client_id']}/credentials", c)["credential_id"] for c in credentials]
    return (made["client_id"], *ids) + ((made["client_secret"],) if secret else ())


def whole(cert):
    return {"kind": "certificate", "certificate": cert.pem}


def named(ca, **name):
    return {"kind": "tls", "tls": {**name, "ca": ca if isinstance(ca, str) else ca.pem}}


def told(server, answer):
    """The reason and the words behind a refusal."""
    e = server.cli_json("explain", answer.json["error_ref"])
    return e["reason"], e.get("event", {}).get("detail", "")  # of a flood no single event is kept


def wire(answer):
    """What a caller can see of a refusal, but for what differs from answer to answer."""
    return answer.status, {k: v for k, v in answer.json.items() if k != "error_ref"}, answer.headers["WWW-Authenticate"]
