# SPDX-License-Identifier: Apache-2.0
"""Secrets, in the header and in the body; introspection and revocation by the clients that know them; discovery."""
import time

import pytest
from clients import API, LIBRARIES, OPENID_CLIENT, ask, cell, curl, is_good, is_refused, rows
from tools import do

METHODS = ("client_secret_basic", "client_secret_post")
ASKING = [(name, library) for name, library in LIBRARIES if name.startswith(("openid", "@badgateway", "authlib"))]
CURL = {"client_secret_basic": lambda c, s: ["-u", f"{c}:{s}"],
        "client_secret_post": lambda c, s: ["-d", f"client_id={c}", "--data-urlencode", f"client_secret={s}"]}


@pytest.mark.parametrize("library, method", rows(LIBRARIES, *METHODS))
def test_token(dev, library, method):
    is_good(dev, ask(dev, library, method, "demo", client_secret=dev.secret), "demo")


@pytest.mark.parametrize("library, method", rows(LIBRARIES, *METHODS))
def test_wrong_secret(dev, library, method):
    # A client of its own: wrong secrets are counted, and slowed down, for each client.
    client_id, _ = dev.client(f"wrong-{time.monotonic_ns()}")
    is_refused(dev, ask(dev, library, method, client_id, client_secret=dev.secret), "secret_wrong")
    is_refused(dev, ask(dev, library, method, "nobody", client_secret=dev.secret), "client_unknown")


@pytest.mark.parametrize("library, method", rows(LIBRARIES, "client_secret_basic"))
def test_ending_secret(dev, library, method):
    """The answer says when the secret ends, in a member of our own: no client minds it."""
    client_id, secret = dev.client(f"ending-{time.monotonic_ns()}", "--allow", f"{API}=api:read", "--expires", "5d")
    assert dev.token(client_id, secret).json["credential_expires_in"] > 4 * 86400
    is_good(dev, ask(dev, library, method, client_id, client_secret=secret), client_id)


@pytest.mark.parametrize("library, method", rows(LIBRARIES, "client_secret_basic"))
def test_refused_scope(dev, library, method):
    """A refusal that is no failure of authentication reaches the caller as what it is."""
    said = ask(dev, library, method, "demo", client_secret=dev.secret, parameters={"scope": "api:nothing", "resource": API})
    is_refused(dev, said, error="invalid_scope", status=400)


@pytest.mark.parametrize("method", [cell("curl", m, m) for m in METHODS])
def test_curl(dev, method):
    what = ["-d", "grant_type=client_credentials", "-d", "scope=api:read", "-d", f"resource={API}"]
    status, body = curl(dev, *CURL[method]("demo", dev.secret), *what)
    assert status == 200 and body["scope"] == "api:read", body
    is_good(dev, {"ok": body}, "demo")
    status, body = curl(dev, *CURL[method]("demo", dev.gate[1]), *what)
    is_refused(dev, {"refused": {"status": status, **body}}, "secret_wrong")


@pytest.mark.parametrize("library, method", [cell(n, "introspection, revocation", lib, m, id=f"{n}-{m}") for n, lib in ASKING for m in METHODS])
def test_introspect_and_revoke(dev, library, method):
    token = dev.token(resource=API).json["access_token"]

    def does(what, who, secret):
        return do(library, ca=dev.ca, does=what, method=method, issuer=dev.issuer, client_id=who, client_secret=secret, token=token)

    verdict = does("introspect", *dev.gate)["ok"]
    assert verdict["active"] and verdict["client_id"] == verdict["sub"] == "demo" and verdict["iss"] == dev.issuer, verdict
    assert "ok" in does("revoke", "demo", dev.secret)
    assert does("introspect", *dev.gate)["ok"] == {"active": False}


def test_curl_introspects_and_revokes(dev):
    token = dev.token(resource=API).json["access_token"]
    assert curl(dev, "-u", ":".join(dev.gate), "-d", f"token={token}", path="/introspect")[1]["active"]
    assert curl(dev, "-u", f"demo:{dev.secret}", "-d", f"token={token}", path="/revoke")[0] == 200
    assert curl(dev, "-u", ":".join(dev.gate), "-d", f"token={token}", path="/introspect") == (200, {"active": False})


@pytest.mark.parametrize("document", [cell(OPENID_CLIENT[0], "discovery", d, id=d) for d in ("oauth2", "oidc")])
def test_discovery(dev, document):
    """Both documents, and an issuer that is exactly the one asked for: openid-client refuses any other."""
    said = do(OPENID_CLIENT[1], ca=dev.ca, does="metadata", discovery=document, method=METHODS[0], issuer=dev.issuer, client_id="demo", client_secret=dev.secret)
    assert said["ok"]["issuer"] == dev.issuer
    for name in ("token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"):
        assert said["ok"][name] == dev.info[name]
    is_good(dev, ask(dev, OPENID_CLIENT[1], METHODS[0], "demo", client_secret=dev.secret, discovery=document), "demo")
