# SPDX-License-Identifier: Apache-2.0
"""Tokens at gateways: Apache's mod_auth_openidc by keys and by introspection, HAProxy with a key's PEM."""
import contextlib

import pytest
import tokens
from gateways import apache, haproxy
from tools import proves

API = tokens.audience("RS256")
HOW = ("by keys", "by introspection")
WHATS = ("accepted", "no token", "scopes", *tokens.BAD)


def cells(tool):
    return [pytest.param(tool, w, marks=proves("gateways", tool, w if w not in tokens.BAD else f"{w} refused"), id=f"{tool}-{w}") for w in WHATS]


@pytest.fixture(scope="module")
def shown(dev, other):
    made = tokens.make(dev, other, ["RS256", "ES256"])
    made["both"] = tokens.ask(dev, API, "api:read api:write")
    return made


@pytest.fixture(scope="module")
def gateway(dev, shown):
    """Each gateway by its name, started when it is asked for first."""
    started = {}
    with contextlib.ExitStack() as stack:
        def get(tool):
            if tool not in started:
                started[tool] = stack.enter_context(MAKE[tool](dev))
            return started[tool]
        yield get


def mod_auth_openidc(settings):
    def make(server):
        pages = {"/read": f'claim "aud:{API}"', "/write": 'claim "scope~(^| )api:write( |$)"'}
        return apache(settings(server), server.ca, pages)
    return make


def by_keys(server):
    return [f"OIDCOAuthVerifyJwksUri {server.info['jwks_uri']}"]


def by_introspection(server):
    return [f"OIDCOAuthIntrospectionEndpoint {server.info['introspection_endpoint']}", "OIDCOAuthIntrospectionEndpointAuth client_secret_basic",
            f"OIDCOAuthClientID {server.gate[0]}", f"OIDCOAuthClientSecret {server.gate[1]}", "OIDCOAuthTokenIntrospectionInterval -1"]


def haproxy_of(alg):
    def make(server):
        kid = next(k["kid"] for k in server.cli_json("key", "list") if k["alg"] == alg and k["state"] == "active")
        return haproxy(server.cli("key", "show", kid, "--pem").stdout, alg, server.issuer, tokens.audience(alg))
    return make


MAKE = {"mod_auth_openidc, by keys": mod_auth_openidc(by_keys), "mod_auth_openidc, by introspection": mod_auth_openidc(by_introspection),
        "HAProxy, RS256": haproxy_of("RS256"), "HAProxy, ES256": haproxy_of("ES256")}


@pytest.mark.parametrize("tool, what", [c for tool in MAKE for c in cells(tool)])
def test_gateway(gateway, shown, tool, what):
    alg = "ES256" if "ES256" in tool else "RS256"
    front = gateway(tool)
    if what == "accepted":
        said = front.get("/read", shown[alg]["good"])
        assert said.status == 200 and b"the page" in said.body, (said, front.log)
    elif what == "no token":
        assert front.get("/read").status == 401
    elif what == "scopes":
        refused = front.get("/write", shown[alg]["good"])
        # mod_auth_openidc of this version has no 403 for tokens.
        assert refused.status == (401 if tool.startswith("mod") else 403), (refused, front.log)
        assert alg != "RS256" or front.get("/write", shown["both"]).status == 200, front.log
    else:
        said = front.get("/read", shown[alg][what])
        assert said.status == 401, (said, front.log)
        assert tool.startswith("mod") or said.body == {"tampered": b"signature", "issuer": b"signature"}.get(what, what.encode()), said
