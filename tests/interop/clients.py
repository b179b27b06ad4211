# SPDX-License-Identifier: Apache-2.0
"""The clients that are tested, and what must be true of what they got."""
import json
import subprocess

import pytest
from tools import do, need_program, proves

API = "https://api.example.com"
PARAMETERS = {"scope": "api:read", "resource": API}
OPENID_CLIENT = ("openid-client", "clients/openid-client")
LIBRARIES = [OPENID_CLIENT, ("simple-oauth2", "clients/simple-oauth2"), ("@badgateway/oauth2-client", "clients/badgateway"),
             ("client-oauth2", "clients/client-oauth2"), ("authlib (requests)", "clients/authlib-requests"), ("authlib (httpx)", "clients/authlib-httpx"),
             ("requests-oauthlib", "clients/requests-oauthlib-client")]
AUTHLIB = [(name, library) for name, library in LIBRARIES if name.startswith("authlib")]


def rows(libraries, *methods):
    """The cells library × method, as parameters `library, method`."""
    return [pytest.param(library, method, marks=proves("clients", name, method), id=f"{name}-{method}") for name, library in libraries for method in methods]


def cell(name, what, *values, id=None):
    return pytest.param(*values, marks=proves("clients", name, what), id=id or f"{name}-{what}")


def ask(server, library, method, client_id, **more):
    """What a library says of asking for a token."""
    return do(library, **{"does": "token", "method": method, "issuer": server.issuer, "client_id": client_id, "parameters": PARAMETERS, "ca": server.ca, **more})


def is_good(server, said, client_id, **claims):
    """The token that the library hands out is active, and this client's."""
    assert set(said) == {"ok"}, said
    verdict = server.post("/introspect", {"token": said["ok"]["access_token"]}, auth=server.gate).json
    assert verdict["active"] and verdict["client_id"] == client_id and verdict["aud"] == API, verdict
    for name, value in claims.items():
        assert verdict[name] == value, verdict
    return verdict


def is_refused(server, said, reason=None, error="invalid_client", status=401):
    """What the library tells its caller, and what the audit log says it was for."""
    assert set(said) == {"refused"}, said
    # Some libraries do not tell their caller the status.
    assert said["refused"]["error"] == error and said["refused"].get("status") in (status, None), said
    if reason:
        ref = said["refused"].get("error_ref") or server.events(type="token.denied")[0]["ref"]  # some do not tell this either
        told = server.cli_json("explain", ref)
        assert told["reason"] == reason, told


def curl(server, *args, path="/token"):
    """Status and answer."""
    r = subprocess.run([need_program("curl"), "-sS", "--cacert", server.ca, "-w", "\n%{http_code}", server.issuer + path, *args],
                       capture_output=True, text=True, timeout=30, check=False)
    assert r.returncode == 0, r.stderr
    body, status = r.stdout.rsplit("\n", 1)
    return int(status), json.loads(body) if body else None
