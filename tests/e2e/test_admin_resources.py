# SPDX-License-Identifier: Apache-2.0
"""The administration API: resources, and what their algorithms mean for signing keys."""
import sqlite3
import time
import urllib.parse

import jwt
import pytest

ALGS = ("RS256", "ES256", "PS256", "EdDSA")


def path(audience):
    return "/resources/" + urllib.parse.quote(audience, safe="")


def make(s, audience, **more):
    return s.ask("POST", "/resources", {"audience": audience, "scopes": [{"name": "a"}, {"name": "b"}], **more})


def refused(answer, status, code, pointer=None):
    """A problem of RFC 9457, with a sentence for people."""
    assert answer.status == status, answer
    p = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert p["status"] == status and p["code"] == code and p["title"] and len(p["detail"]) > 10, p
    if pointer is not None:
        assert [e["pointer"] for e in p["errors"]] == [pointer], p
        assert p["errors"][0]["detail"] == p["detail"]
    return p["detail"]


def published(s):
    return {k["kid"]: k for k in s.get("/.well-known/jwks.json").json["keys"]}


def signing_keys(s):
    db = sqlite3.connect(f"file:{s.data}/jeton.db?mode=ro", uri=True)
    try:
        return {r[0]: {"alg": r[1], "state": r[2], "until": r[3], "longest": r[4], "signs": r[5]}
                for r in db.execute("SELECT kid, alg, state, until, longest, signs FROM signing_key")}
    finally:
        db.close()


def test_object(dev):
    r = make(dev, "https://object.example.com", lifetime=600)
    assert list(r) == ["audience", "scopes", "alg", "format", "lifetime", "bind", "introspect_by", "builtin", "created", "updated", "version"]
    assert r["scopes"] == [{"name": "a", "text": ""}, {"name": "b", "text": ""}]
    assert (r["alg"], r["format"], r["lifetime"], r["introspect_by"], r["builtin"], r["version"]) == ("RS256", "jwt", 600, [], False, 1)
    a = dev.api("GET", path("https://object.example.com"))
    assert a.json == r and a.headers["ETag"] == '"v1"' and a.headers["Content-Type"] == "application/json"
    assert r in dev.ask("GET", "/resources?limit=1000")["items"]


@pytest.mark.parametrize("pointer,body", [
    ("/audience", {"audience": "not a uri"}),
    ("/audience", {"audience": 7}),
    ("/scopes", {"scopes": []}),
    ("/scopes", {"scopes": "a"}),
    ("/scopes/1", {"scopes": [{"name": "a"}, {"name": "a b"}]}),
    ("/scopes/0", {"scopes": [{"name": "a", "text": "x" * 201}]}),
    ("/scopes/0", {"scopes": [{"name": "a", "text": 1}]}),
    ("/scopes", {"scopes": [{"name": "a"}, {"name": "a"}]}),
    ("/alg", {"alg": "HS256"}),
    ("/alg", {"alg": "none"}),
    ("/alg", {"alg": None}),
    ("/format", {"format": "JWT"}),
    ("/lifetime", {"lifetime": 0}),
    ("/lifetime", {"lifetime": 86401}),
    ("/lifetime", {"lifetime": "600"}),
    ("/lifetime", {"lifetime": 600.0}),
    ("/introspect_by", {"introspect_by": "demo"}),
    ("/introspect_by/0", {"introspect_by": ["no id"]}),
    ("/introspect_by/1", {"introspect_by": ["demo", "demo"]}),
])
def test_bad_members(dev, pointer, body):
    good = {"audience": "https://bad.example.com", "scopes": [{"name": "a"}]}
    refused(dev.api("POST", "/resources", {**good, **body}), 422, "resource_invalid", pointer)
    assert dev.api("GET", path("https://bad.example.com")).status == 404


def test_names_all_algorithms(dev):
    detail = refused(dev.api("POST", "/resources", {"audience": "urn:x", "scopes": [{"name": "a"}], "alg": "HS256"}), 422, "resource_invalid")
    assert detail.endswith("RS256, ES256, PS256, EdDSA")


def test_missing_members(dev):
    refused(dev.api("POST", "/resources", {"scopes": [{"name": "a"}]}), 422, "resource_invalid", "/audience")
    refused(dev.api("POST", "/resources", {"audience": "urn:x"}), 422, "resource_invalid", "/scopes")


def test_unknown_members(dev):
    a = dev.api("POST", "/resources", {"audience": "urn:x", "scopes": [{"name": "a"}], "life/time": 1, "a~b": 2})
    assert a.status == 422 and a.json["code"] == "member"
    assert [e["pointer"] for e in a.json["errors"]] == ["/life~1time", "/a~0b"]
    assert "lifetime" in a.json["errors"][0]["detail"]
    refused(dev.api("POST", "/resources", {"audience": "urn:x", "scopes": [{"name": "a", "title": "A"}]}), 422, "member", "/scopes/0/title")
    many = dev.api("POST", "/resources", {f"m{i}": i for i in range(100)})
    assert many.status == 422 and len(many.json["errors"]) == 8
    long = dev.api("POST", "/resources", {"é" * 1500: 1})
    assert long.status == 422 and len(long.body) < 2000


@pytest.mark.parametrize("status,code,body,headers", [
    (400, "body", b"{", {}),
    (400, "body", b"[]", {}),
    (400, "body", b'{"audience":"urn:a","audience":"urn:b"}', {}),
    (415, "content_type", b"{}", {"Content-Type": "text/plain"}),
    (415, "content_type", b"{}", {"Content-Type": "application/merge-patch+json"}),
])
def test_bad_bodies(dev, status, code, body, headers):
    refused(dev.api("POST", "/resources", body, headers), status, code)


def test_conflicts(dev):
    refused(dev.api("POST", "/resources", {"audience": "https://api.example.com", "scopes": [{"name": "a"}]}), 409, "exists")
    refused(dev.api("POST", "/resources", {"audience": "urn:ref", "scopes": [{"name": "a"}], "introspect_by": ["nobody"]}), 422, "reference")
    assert dev.api("GET", path("urn:ref")).status == 404


def test_patch(dev):
    make(dev, "urn:patch", alg="ES256")
    p = path("urn:patch")
    refused(dev.api("PATCH", p, {"lifetime": 60}), 428, "if_match")
    refused(dev.api("PATCH", p, {"lifetime": 60}, {"If-Match": '"v2"'}), 412, "changed")
    for tag in ('W/"v1"', "v1", '"v0"', '"v01"', '"v1", "v2"'):
        refused(dev.api("PATCH", p, {"lifetime": 60}, {"If-Match": tag}), 412, "changed")
    a = dev.api("PATCH", p, {"lifetime": 60}, {"If-Match": '"v1"', "Content-Type": "application/merge-patch+json"})
    assert a.status == 200 and a.headers["ETag"] == '"v2"'
    assert (a.json["lifetime"], a.json["alg"], len(a.json["scopes"])) == (60, "ES256", 2)
    assert dev.api("PATCH", p, {"lifetime": 61}, {"If-Match": "*"}).json["version"] == 3
    assert dev.patch(p, {})["version"] == 3  # nothing given, nothing changed
    refused(dev.api("PATCH", p, {"audience": "urn:other"}, {"If-Match": '"v3"'}), 422, "member", "/audience")
    refused(dev.api("PATCH", path("urn:none"), {"lifetime": 60}, {"If-Match": '"v3"'}), 404, "not_found")
    assert dev.patch(p, {"introspect_by": ["demo"]})["introspect_by"] == ["demo"]
    assert dev.patch(p, {"introspect_by": None})["introspect_by"] == []
    events = [e for e in dev.events(type="resource.updated") if e.get("resource") == "urn:patch"]
    assert len(events) == 4 and events[-1]["detail"].startswith("uid ") and events[-1]["detail"].endswith(": lifetime")


def test_builtin(dev):
    p = path(dev.issuer)
    assert dev.ask("GET", p)["builtin"] is True
    refused(dev.api("PATCH", p, {"lifetime": 60}, {"If-Match": '"v1"'}), 409, "builtin")
    refused(dev.api("DELETE", p), 409, "builtin")


def test_delete(dev):
    make(dev, "urn:delete")
    p = path("urn:delete")
    names = [dev.ask("POST", "/clients", {"name": f"holder{i}", "grants": [{"resource": "urn:delete", "scopes": ["a"]}]})["client_id"]
             for i in range(7)]
    detail = refused(dev.api("DELETE", p), 409, "in_use")
    assert detail.startswith("7 clients") and sum(n in detail for n in names) == 5
    for n in names[1:]:
        dev.ask("DELETE", f"/clients/{n}")
    assert refused(dev.api("DELETE", p), 409, "in_use").startswith("1 client has")
    dev.ask("DELETE", f"/clients/{names[0]}/grants/urn%3Adelete", status=200)
    refused(dev.api("DELETE", p, headers={"If-Match": '"v9"'}), 412, "changed")
    a = dev.api("DELETE", p, headers={"If-Match": '"v1"'})
    assert a.status == 204 and a.body == b"" and "Content-Type" not in a.headers
    refused(dev.api("DELETE", p), 404, "not_found")
    refused(dev.api("GET", p), 404, "not_found")
    assert len([e for e in dev.events(type="resource.deleted") if e["resource"] == "urn:delete"]) == 1


def test_deleted_stays_deleted(start):
    s = start()
    make(s, "urn:gone")
    s.ask("DELETE", path("urn:gone"))
    s.stop()
    s = start(port=s.port)
    assert s.api("GET", path("urn:gone")).status == 404
    make(s, "urn:gone")


@pytest.mark.parametrize("alg", ALGS)
def test_algorithms(dev, alg):
    audience = f"https://{alg.lower()}.example.com"
    make(dev, audience, alg=alg)
    client = dev.ask("POST", "/clients", {"name": "signs-" + alg, "grants": [{"resource": audience, "scopes": ["a"]}]})
    token = dev.token(client["client_id"], client["client_secret"]).json["access_token"]
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, jwt.PyJWK.from_dict(published(dev)[kid]).key, [alg], audience=audience)
    assert claims["client_id"] == client["client_id"]
    assert [k for k, v in signing_keys(dev).items() if v["alg"] == alg] == [kid]  # made once


def test_opaque(dev):
    make(dev, "urn:opaque", format="opaque", introspect_by=["demo"])
    client = dev.ask("POST", "/clients", {"name": "opaque", "grants": [{"resource": "urn:opaque", "scopes": ["a"]}]})
    token = dev.token(client["client_id"], client["client_secret"]).json["access_token"]
    assert token.startswith("jat_")
    seen = dev.post("/introspect", {"token": token}, auth=("demo", dev.secret)).json
    assert seen["active"] and seen["aud"] == "urn:opaque" and seen["scope"] == "a"
    assert dev.patch(path("urn:opaque"), {"format": "jwt"})["format"] == "jwt"
    assert dev.token(client["client_id"], client["client_secret"]).json["access_token"].startswith("eyJ")
    assert dev.post("/introspect", {"token": token}, auth=("demo", dev.secret)).json["active"]  # the old one too


def test_opaque_needs_no_key(start):
    s = start()
    make(s, "urn:opaque", format="opaque", alg="EdDSA")
    assert "EdDSA" not in [k["alg"] for k in signing_keys(s).values()]
    s.patch(path("urn:opaque"), {"format": "jwt"})
    assert "EdDSA" in [k["alg"] for k in signing_keys(s).values()]


def test_key_learns_lifetimes(start):
    s = start()
    make(s, "urn:short", alg="ES256", lifetime=60)
    key = lambda: next(k for k in signing_keys(s).values() if k["alg"] == "ES256")
    assert key()["longest"] == 60 and key()["state"] == 2 and abs(key()["signs"] - time.time()) < 60
    make(s, "urn:long", alg="ES256", lifetime=7200)
    assert key()["longest"] == 7200
    s.patch(path("urn:short"), {"lifetime": 80000})
    assert key()["longest"] == 80000
    s.patch(path("urn:short"), {"lifetime": 60})
    assert key()["longest"] == 80000  # a token of that life may be about


def test_old_algorithm_stays_verifiable(start):
    s = start()
    make(s, "urn:moves", alg="ES256", lifetime=300, introspect_by=["demo"])
    make(s, "urn:stays", alg="EdDSA")
    client = s.ask("POST", "/clients", {"name": "c", "grants": [{"resource": "urn:moves", "scopes": ["a"]}]})
    token = s.token("c", client["client_secret"]).json["access_token"]
    old = jwt.get_unverified_header(token)["kid"]
    key = lambda: signing_keys(s)[old]
    assert key()["until"] == 0
    s.patch(path("urn:moves"), {"alg": "EdDSA"})
    assert abs(key()["until"] - (time.time() + 360)) < 30
    jwt.decode(token, jwt.PyJWK.from_dict(published(s)[old]).key, ["ES256"], audience="urn:moves")
    assert s.post("/introspect", {"token": token}, auth=("demo", s.secret)).json["active"]
    assert jwt.get_unverified_header(s.token("c", client["client_secret"]).json["access_token"])["alg"] == "EdDSA"
    s.patch(path("urn:moves"), {"alg": "ES256"})
    assert key()["until"] == 0
    assert jwt.get_unverified_header(s.token("c", client["client_secret"]).json["access_token"])["kid"] == old
    s.ask("POST", "/resources", {"audience": "urn:too", "scopes": [{"name": "a"}], "alg": "ES256"})
    s.patch(path("urn:moves"), {"format": "opaque"})
    assert key()["until"] == 0  # another one uses it
    s.ask("DELETE", path("urn:too"))
    assert key()["until"] > time.time() + 3600


def test_concurrent_first_keys(start):
    """Resources of a new algorithm made at once bring one key, not one each."""
    import concurrent.futures
    s = start()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: make(s, f"urn:many:{i}", alg="ES256"), range(8)))
    assert [k["state"] for k in signing_keys(s).values() if k["alg"] == "ES256"] == [2]


def test_delete_against_new_grants(start):
    """A resource goes only if nobody was given it meanwhile, in the same batch of the disk too."""
    import concurrent.futures
    s = start()
    for turn in range(10):
        audience = f"urn:race:{turn}"
        make(s, audience)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            gone = pool.submit(s.api, "DELETE", path(audience))
            given = pool.submit(s.api, "POST", "/clients", {"name": f"c{turn}", "grants": [{"resource": audience, "scopes": ["a"]}]})
            pair = gone.result().status, given.result().status
        assert pair in ((204, 422), (409, 201)), pair
