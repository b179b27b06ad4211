# SPDX-License-Identifier: Apache-2.0
"""api/openapi.json is sound, is what the server gives out, and is what the server does."""
import json
import re
import urllib.parse

import jsonschema
import pytest
from support import ROOT, Answer, Server, UnixConnection, basic

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
DOC = json.loads((ROOT / "api/openapi.json").read_text())
RESOLVER = jsonschema.RefResolver("", DOC)
API = "https://api.example.com"


def resolve(node):
    """What a reference stands for; what stands beside it counts too."""
    while isinstance(node, dict) and "$ref" in node:
        node = {**RESOLVER.resolve(node["$ref"])[1], **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def validator(schema):
    return jsonschema.Draft202012Validator(schema, resolver=RESOLVER)


def walk(node, where=""):
    yield where, node
    if isinstance(node, (dict, list)):
        for k, v in node.items() if isinstance(node, dict) else enumerate(node):
            yield from walk(v, f"{where}/{k}")


def operations():
    return [(path, method, op) for path, item in DOC["paths"].items() for method, op in item.items() if method in METHODS]


# -- the document ----------------------------------------------------------------------------------------------------
def test_references_lead_somewhere():
    found = 0
    for where, node in walk(DOC):
        if isinstance(node, dict) and "$ref" in node:
            assert node["$ref"].startswith("#/"), where
            RESOLVER.resolve(node["$ref"])
            found += 1
    assert found > 200


def test_every_component_is_used():
    text = json.dumps(DOC)
    for kind in set(DOC["components"]) - {"securitySchemes"}:
        for name in DOC["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, f"{kind}/{name}"


def test_operations():
    ids = [op["operationId"] for _, _, op in operations()]
    assert len(ids) == len(set(ids)) > 40
    tags = {t["name"] for t in DOC["tags"]}
    for path, method, op in operations():
        where = f"{method} {path}"
        assert op["summary"] and not op["summary"].endswith("."), where
        assert len(op["tags"]) == 1 and set(op["tags"]) <= tags, where
        parameters = [resolve(p) for p in DOC["paths"][path].get("parameters", []) + op.get("parameters", [])]
        assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path)), where
        assert all(p["required"] for p in parameters if p["in"] == "path"), where
        assert any(code < "4" for code in op["responses"]) or "authorize" in path, where
        if path.startswith("/admin/"):
            assert "application/problem+json" in resolve(op["responses"]["default"])["content"], where
        for code, response in op["responses"].items():
            assert re.fullmatch(r"[1-5][0-9][0-9]|default", code), where
            assert resolve(response)["description"], where


def test_schemas_and_examples():
    examples = 0
    for where, node in walk(DOC):
        if not isinstance(node, dict):
            continue
        is_schema = re.fullmatch(r"/components/schemas/\w+", where) or where.endswith("/schema")
        if is_schema:
            jsonschema.Draft202012Validator.check_schema(node)
        for example in node.get("examples", []) if not where.endswith("/properties") else []:
            validator({k: v for k, v in node.items() if k != "examples"}).validate(example)
            examples += 1
    assert examples > 40


# -- the server ------------------------------------------------------------------------------------------------------
def undocumented(schema, value, where):
    """Members of an answer that the document does not name."""
    schema = resolve(schema)
    if isinstance(value, list):
        for i, v in enumerate(value):
            yield from undocumented(schema.get("items", {}), v, f"{where}/{i}")
    if not isinstance(value, dict):
        return
    parts = [resolve(p) for p in schema.get("allOf", [])] + [schema]
    known = {k: v for p in parts for k, v in p.get("properties", {}).items()}
    rest = schema.get("additionalProperties")
    for k, v in value.items():
        if k in known:
            yield from undocumented(known[k], v, f"{where}/{k}")
        elif isinstance(rest, dict):
            yield from undocumented(rest, v, f"{where}/{k}")
        elif rest is not True and known:
            yield f"{where}/{k}"


class Described:
    """Calls the server and holds each answer to the document."""

    def __init__(self, server):
        self.server, self.called = server, set()

    def send(self, method, target, body, headers):
        if not target.startswith(("/admin/", "/metrics")):
            return self.server.request(method, target, body, headers)
        c = UnixConnection(f"{self.server.data}/admin.sock")
        c.request(method, target, body, headers)
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        c.close()
        return answer

    def __call__(self, operation, status, body=None, query=None, headers=None, form=None, **path):
        template, method, op = next(o for o in operations() if o[2]["operationId"] == operation)
        self.called.add(operation)
        target = re.sub(r"{(\w+)}", lambda m: urllib.parse.quote(path[m[1]], safe=""), template)
        target += "?" + urllib.parse.urlencode(query) if query else ""
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            if status < 400:
                validator(next(iter(resolve(op["requestBody"])["content"].values()))["schema"]).validate(body)
        elif form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = json.dumps(body) if body is not None else None if form is None else urllib.parse.urlencode(form)
        answer = self.send(method.upper(), target, data, headers)
        assert answer.status == status, (operation, answer)
        self.check(op, answer)
        return answer

    @staticmethod
    def check(op, answer):
        where = op["operationId"], answer
        response = resolve(op["responses"].get(str(answer.status)) or op["responses"]["default"])
        assert set(h.lower() for h in response.get("headers", {})) <= {h.lower() for h in answer.headers}, where
        if "content" not in response:
            assert answer.body == b"", where
            return
        assert answer.headers["Content-Type"] in response["content"], where
        schema = response["content"][answer.headers["Content-Type"]]["schema"]
        value = answer.body.decode() if answer.headers["Content-Type"].startswith("text/") else answer.json
        validator(schema).validate(value)
        assert list(undocumented(schema, value, "")) == [], where


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("openapi") / "data")
    yield Described(server)
    server.stop()


def version(answer):
    return {"If-Match": answer.headers["ETag"]}


def the_document(call):
    assert call("getOpenapi", 200).json == DOC


def resources(call):
    made = call("createResource", 201, {"audience": "urn:t:one", "scopes": [{"name": "a", "text": "A"}, {"name": "b"}], "alg": "ES256",
                                        "lifetime": 60, "introspect_by": ["demo"]})
    call("createResource", 409, {"audience": "urn:t:one", "scopes": [{"name": "a"}]})
    call("createResource", 422, {"audience": "no uri", "scopes": []})
    call("createResource", 422, {"audience": "urn:t:x", "scopes": [{"name": "a"}], "colour": "red"})
    call("getResource", 200, audience="urn:t:one")
    call("getResource", 404, audience="urn:t:none")
    first = call("listResources", 200, query={"limit": 1}).json
    assert call("listResources", 200, query={"limit": 1, "cursor": first["next_cursor"]}).json["items"] != first["items"]
    call("listResources", 400, query={"cursor": "x"})
    call("updateResource", 428, {"lifetime": 90}, audience="urn:t:one")
    changed = call("updateResource", 200, {"lifetime": 90}, headers=version(made), audience="urn:t:one")
    call("updateResource", 412, {"lifetime": 91}, headers=version(made), audience="urn:t:one")
    call("updateResource", 422, {"lifetime": -1}, headers=version(changed), audience="urn:t:one")
    opaque = call("createResource", 201, {"audience": "urn:t:opaque", "scopes": [{"name": "a"}], "format": "opaque"})
    assert opaque.json["format"] == "opaque"
    call("deleteResource", 204, headers=version(opaque), audience="urn:t:opaque")
    call("deleteResource", 404, audience="urn:t:opaque")
    call("deleteResource", 409, audience=API)


def clients(call):
    made = call("createClient", 201, {"name": "Reports of the night", "client_id": "reports", "owner": "data", "networks": ["127.0.0.0/8", "::1/128"],
                                      "grants": [{"resource": API, "scopes": ["api:read"]}], "label": "prod", "expires": "2099-01-01T00:00:00Z"})
    assert made.json["client_secret"]
    bare = call("createClient", 201, {"name": "bare", "secret": False})
    assert "client_secret" not in bare.json
    call("createClient", 409, {"name": "reports"})
    call("createClient", 422, {"name": ""})
    call("getClient", 404, client_id="nobody")
    call("listClients", 200)
    seen = call("getClient", 200, client_id="reports")
    call("updateClient", 428, {"enabled": False}, client_id="reports")
    changed = call("updateClient", 200, {"owner": "team", "compat": ["cidaas-or"], "networks": []}, headers=version(seen), client_id="reports")
    call("updateClient", 412, {"owner": "x"}, headers=version(seen), client_id="reports")
    call("updateClient", 422, {"networks": ["nowhere"]}, headers=version(changed), client_id="reports")
    call("deleteClient", 412, headers={"If-Match": '"v99"'}, client_id="bare")
    call("deleteClient", 204, client_id="bare")
    call("deleteClient", 404, client_id="bare")


def grants(call):
    call("createClient", 201, {"name": "granted"})
    call("addGrant", 200, {"resource": API, "scopes": ["api:read", "api:write"]}, client_id="granted")
    call("addGrant", 422, {"resource": "urn:t:none", "scopes": ["a"]}, client_id="granted")
    assert len(call("listClientGrants", 200, client_id="granted").json["items"]) == 1
    call("listClientGrants", 404, client_id="nobody")
    assert call("listGrants", 200, query={"resource": API, "limit": 1}).json["items"]
    left = call("removeGrant", 200, query={"scope": "api:write"}, client_id="granted", audience=API).json
    assert left["grants"] == [{"resource": API, "scopes": ["api:read"]}]
    call("removeGrant", 200, client_id="granted", audience=API)
    call("removeGrant", 404, client_id="granted", audience=API)


def credentials(call):
    made = call("createClient", 201, {"name": "secretive", "grants": [{"resource": API, "scopes": ["api:read"]}], "label": "prod"}).json
    assert call.server.token("secretive", made["client_secret"]).status == 200
    call("addCredential", 201, {"kind": "secret", "label": "dev", "not_before": "2098-01-01T00:00:00Z", "expires": "2099-01-01T00:00:00Z",
                                "networks": ["10.0.0.0/8"]}, client_id="secretive")
    call("addCredential", 422, {"kind": "password"}, client_id="secretive")
    call("addCredential", 404, {"kind": "secret"}, client_id="nobody")
    call("rotateCredential", 409, {}, client_id="secretive")
    turned = call("rotateCredential", 201, {"label": "prod", "overlap": 60}, client_id="secretive").json
    assert [r["state"] for r in turned["replaced"]] == ["retiring"]
    call("rotateCredential", 201, {"label": "prod", "now": True}, client_id="secretive")
    call("revokeCredential", 200, client_id="secretive", credential_id=turned["credential_id"])
    call("revokeCredential", 404, client_id="secretive", credential_id="none")
    states = {c["state"] for c in call("listCredentials", 200, client_id="secretive").json["items"]}
    assert states == {"pending", "active", "revoked"}


def keys(call):
    call("createResource", 201, {"audience": "urn:t:keys", "scopes": [{"name": "a"}], "alg": "EdDSA"})
    mine = [k for k in call("listKeys", 200).json["items"] if k["alg"] == "EdDSA"]
    shown = call("getKey", 200, kid=mine[0]["kid"]).json
    assert shown["jwk"]["kid"] == shown["kid"] and shown["jwk"]["crv"] == "Ed25519"
    call("getKey", 404, kid="none")
    call("retireKey", 409, kid=mine[0]["kid"])
    call("rotateKey", 201, {"alg": "EdDSA"})
    call("rotateKey", 422, {"alg": "HS256"})
    call("revokeKey", 200, kid=mine[0]["kid"])
    call("revokeKey", 409, kid=mine[0]["kid"])
    call("retireKey", 404, kid="none")
    assert call("rekey", 200).json["data_keys"] > 0


def backup(call):
    file = call.server.data + "-copy.db"
    assert call("backup", 201, {"file": file}).json["bytes"] > 0
    call("backup", 409, {"file": file})
    call("backup", 422, {"file": "copy.db"})


def revocations(call):
    made = call("createClient", 201, {"name": "ended", "grants": [{"resource": API, "scopes": ["api:read"]}]}).json
    token = call.server.token("ended", made["client_secret"]).json["access_token"]
    told = call("introspect", 200, form={"token": token}, headers={"Authorization": "Bearer " + token}).json
    call("revokeTokens", 200, {"jti": told["jti"]})
    call("revokeTokens", 200, {"client_id": "ended"})
    call("revokeTokens", 200, {"credential_id": made["credential_id"]})
    call("revokeTokens", 422, {"client_id": "ended", "jti": told["jti"]})
    call("revokeTokens", 404, {"client_id": "nobody"})
    call("introspect", 401, form={"token": token}, headers={"Authorization": "Bearer " + token})


def audit(call):
    ref = call.server.token(secret="wrong").json["error_ref"]
    newest = call("listEvents", 200, query={"limit": 2}).json
    call("listEvents", 200, query={"cursor": newest["next_cursor"]})
    call("listEvents", 200, query={"order": "oldest", "after": newest["last_seq"] - 1, "limit": 5, "since": 0, "until": 2**32})
    call("listEvents", 422, query={"type": "nothing.such"})
    call("getEvent", 200, event=ref)
    call("getEvent", 200, event="1")
    call("getEvent", 404, event="999999999")
    assert call("explain", 200, reference=ref).json["reason"] == "secret_wrong"
    call("explain", 404, reference="a" * 26)


def why(call):
    granted = call("why", 200, {"client_id": "demo", "resource": API, "scopes": ["api:read"], "address": "127.0.0.1"}).json
    assert granted["decision"] == "granted" and granted["claims"]["client_id"] == "demo"
    refused = call("why", 200, {"client_id": "nobody", "scopes": []}).json
    assert refused["decision"] == "refused" and refused["reason"] == "client_unknown"
    call("why", 422, {"client_id": 1})


def health(call):
    call("livez", 200)
    call("readyz", 200)
    assert "# TYPE" in call("metrics", 200).body.decode()
    c = UnixConnection(f"{call.server.data}/admin.sock")
    c.request("GET", "/readyz")
    checks = json.loads(c.getresponse().read())
    c.close()
    schema = {"$ref": "#/components/schemas/Health"}
    validator(schema).validate(checks)
    assert checks["checks"] and list(undocumented(schema, checks, "")) == []


def oauth(call):
    me = {"Authorization": basic("demo", call.server.secret)}
    ask = {"grant_type": "client_credentials", "scope": "api:read"}
    for operation in ("token", "tokenAtOauth2", "tokenAtOauth", "tokenAtTokenSrv"):
        token = call(operation, 200, form=ask, headers=me).json["access_token"]
        call(operation, 400, form={**ask, "scope": "api:none"}, headers=me)
        call(operation, 401, form=ask)
    call("tokenAtTokenSrv", 200, ask, headers=me)
    bearer = {"Authorization": "Bearer " + token}
    for operation in ("introspect", "introspectAtTokenSrv"):
        assert call(operation, 200, form={"token": token}, headers=bearer).json["active"] is True
        assert call(operation, 200, form={"token": "x"}, headers=me).json == {"active": False}
        call(operation, 400, form={}, headers=me)
    call("introspectAtTokenSrv", 401, {"token": token, "scopes": ["api:read"]})
    call("revoke", 200, form={"token": token}, headers=me)
    call("revokeAtTokenSrv", 200, form={"token": token}, headers=me)
    call("revoke", 401, form={"token": token})
    call("rotateOwnCredential", 401, form={})
    call("rotateOwnCredential", 403, form={}, headers=me)
    call.server.cli("client", "update", "demo", "--rotation", "required")
    call("rotateOwnCredential", 400, form={"overlap": "1"}, headers=me)
    call("rotateOwnCredential", 201, form={"overlap": "3600"}, headers=me)
    assert 0 < call("token", 200, form=ask, headers=me).json["credential_expires_in"] <= 3600
    call("authorizationServerMetadata", 200)
    call("openidConfiguration", 200)
    keys = call("jwks", 200)
    call("jwks", 304, headers={"If-None-Match": keys.headers["ETag"]})
    call("authorize", 400)
    call("authorizeByPost", 400, form={})


STORIES = [the_document, resources, clients, grants, credentials, keys, backup, revocations, audit, why, health, oauth]


@pytest.fixture(scope="module")
def told():
    return set()


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.__name__)
def test_answers(call, told, story):
    story(call)
    told.add(story)


def test_every_operation_was_called(call, told):
    if told != set(STORIES):
        pytest.skip("only part of the stories ran to their end")
    assert {op["operationId"] for _, _, op in operations()} == call.called
