# SPDX-License-Identifier: Apache-2.0
"""One good token for each algorithm, and what a resource server must refuse."""
import base64
import time
import urllib.parse

SHOWN = ("RS256", "PS256", "ES256", "EdDSA")
BAD = ("tampered", "expired", "audience", "issuer")


def audience(alg):
    return f"https://{alg.lower()}.example.com"


def make(server, other, algs=SHOWN):
    """{alg: {kind: token}}. An expired one lived for a second; the ones of another issuer have the same audience."""
    tokens = {}
    for alg in algs:
        name = audience(alg)
        for s, each in ((server, name), (server, name + "/second"), (other, name)):
            resource(s, alg, each)
        good = ask(server, name)
        tokens[alg] = {"good": good, "tampered": tampered(good), "audience": ask(server, name + "/second"), "issuer": ask(other, name)}
        server.cli("resource", "update", name, "--lifetime", "1s")
        tokens[alg]["expired"] = ask(server, name)
        server.cli("resource", "update", name, "--lifetime", "1h")
    time.sleep(2.1)
    return tokens


def resource(server, alg, name):
    """One that the client demo may use, and `gate` introspect; several files of tests ask for the same."""
    if server.api("GET", "/resources/" + urllib.parse.quote(name, safe="")).status != 200:
        server.cli("resource", "create", name, "--alg", alg, "--scope", "api:read", "--scope", "api:write")
        server.cli("grant", "add", "demo", name, "api:read", "api:write")
    if hasattr(server, "gate"):
        server.cli("resource", "update", name, "--introspect-by", server.gate[0])


def ask(server, name, scope="api:read"):
    answer = server.token(resource=name, scope=scope)
    assert answer.status == 200, answer
    return answer.json["access_token"]


def tampered(token):
    """The same with more scope in its payload, and the signature as it was."""
    head, payload, signature = token.split(".")
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(b"api:read", b"api:writ")
    return ".".join((head, base64.urlsafe_b64encode(text).decode().rstrip("="), signature))
