# SPDX-License-Identifier: Apache-2.0
"""The administration API: clients, their grants and their credentials, and what each change does to tokens."""
import datetime
import sqlite3
import time
import urllib.parse

import pytest
from support import Server
from test_admin_resources import refused

API = "https://api.example.com"
OTHER = "urn:example:other"


@pytest.fixture(scope="module")
def s(tmp_path_factory):
    """A server with a second resource, and "watcher", which may ask about the tokens of both."""
    s = Server(tmp_path_factory.mktemp("clients") / "data", dev=False)
    s.watch = s.ask("POST", "/clients", {"name": "watcher"})["client_secret"]
    for audience in (API, OTHER):
        s.ask("POST", "/resources", {"audience": audience, "introspect_by": ["watcher"],
                                     "scopes": [{"name": "api:read"}, {"name": "api:write"}]})
    yield s
    s.stop()


def make(s, name, **more):
    return s.ask("POST", "/clients", {"name": name, "grants": [{"resource": API, "scopes": ["api:read", "api:write"]}], **more})


def stamp(seconds=0):
    """The time so many seconds from now, as the API writes it."""
    return datetime.datetime.fromtimestamp(int(time.time()) + seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def works(s, client, secret, **form):
    """May this secret be used? A token, or None for 401."""
    a = s.token(client, secret, **form)
    assert a.status in (200, 401), a
    return a.json["access_token"] if a.status == 200 else None


def active(s, token):
    return s.post("/introspect", {"token": token}, auth=("watcher", s.watch)).json["active"]


def reason(s, client, secret):
    """Why a token request is refused."""
    a = s.token(client, secret)
    assert a.status == 401, a
    return s.ask("GET", "/explain/" + a.json["error_ref"])["reason"]


def credential(s, client, cid):
    return next(c for c in s.ask("GET", f"/clients/{client}/credentials")["items"] if c["credential_id"] == cid)


def wait_until(moment):
    while stamp() <= moment:
        time.sleep(0.05)


def events(s, client, *types):
    return [e for e in reversed(s.events(client_id=client)) if not types or e["type"] in types]


# -- clients -----------------------------------------------------------------------------------------------------------

def test_object(s):
    c = s.ask("POST", "/clients", {"name": "Orders service", "client_id": "orders", "owner": "team orders", "label": "dev", "expires": stamp(3600),
                                   "networks": ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"], "grants": [{"resource": API, "scopes": ["api:read"]}]})
    assert list(c) == ["client_id", "client_secret", "credential_id", "name", "owner", "enabled", "networks", "compat", "rotation", "grants", "credentials",
                       "created", "updated", "version"]
    assert c["client_secret"].startswith("jcs_" + c["credential_id"])
    k, = c["credentials"]
    assert k.pop("created") == c["created"]
    assert k == {"credential_id": c["credential_id"], "kind": "secret", "hash": "hmac-sha-256", "label": "dev", "state": "active", "expires": k["expires"],
                 "networks": [], "uses": 0, "uses_24h": 0, "callers": []}
    a = s.api("GET", "/clients/orders")
    shown = a.json
    assert a.headers["ETag"] == '"v1"' and "client_secret" not in shown and "jcs_" not in a.body.decode()
    assert shown["networks"] == ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"] and shown["compat"] == [] and shown["enabled"] is True
    assert shown["grants"] == [{"resource": API, "scopes": ["api:read"]}]
    made, = events(s, "orders")
    assert made["type"] == "client.created" and made["credential_id"] == c["credential_id"] and made["detail"].startswith("uid ")


def test_no_secret(s):
    c = s.ask("POST", "/clients", {"name": "bare", "secret": False})
    assert c["credentials"] == [] and "client_secret" not in c and "credential_id" not in c


def test_chosen_ids(s):
    assert s.ask("POST", "/clients", {"name": "as.named_1"})["client_id"] == "as.named_1"
    assert len(s.ask("POST", "/clients", {"name": "not as named"})["client_id"]) == 12
    refused(s.api("POST", "/clients", {"name": "as.named_1"}), 409, "exists")


@pytest.mark.parametrize("pointer,body", [
    ("/name", {"name": ""}),
    ("/name", {"name": "x" * 201}),
    ("/name", {"name": "a\u202eb"}),
    ("/name", {"name": None}),
    ("/client_id", {"client_id": "no id"}),
    ("/client_id", {"client_id": "-x"}),
    ("/client_id", {"client_id": "x" * 65}),
    ("/owner", {"owner": 1}),
    ("/owner", {"owner": "a\nb"}),
    ("/secret", {"secret": "yes"}),
    ("/secret", {"secret": False, "label": "dev"}),
    ("/label", {"label": 1}),
    ("/label", {"label": "x" * 201}),
    ("/expires", {"expires": "tomorrow"}),
    ("/expires", {"expires": "2001-01-01T00:00:00Z"}),
    ("/expires", {"expires": "2099-02-30T00:00:00Z"}),
    ("/expires", {"expires": 3600}),
    ("/networks", {"networks": "10.0.0.0/8"}),
    ("/networks", {"networks": ["10.0.0.0/8"] * 33}),
    ("/networks/1", {"networks": ["10.0.0.0/8", "10.0.0.1/8"]}),
    ("/networks/0", {"networks": ["10.0.0.0/33"]}),
    ("/networks/0", {"networks": ["example.com"]}),
    ("/networks/0", {"networks": [10]}),
    ("/grants", {"grants": {}}),
    ("/grants", {"grants": [{}] * 257}),
    ("/grants/0", {"grants": [{"scopes": ["api:read"]}]}),
    ("/grants/0", {"grants": [["a"]]}),
    ("/grants/0/scopes", {"grants": [{"resource": API}]}),
    ("/grants/0/scopes", {"grants": [{"resource": API, "scopes": []}]}),
    ("/grants/0/scopes", {"grants": [{"resource": API, "scopes": ["a b"]}]}),
    ("/grants/0/scopes", {"grants": [{"resource": API, "scopes": ["api:read", "api:read"]}]}),
    ("/grants/1", {"grants": [{"resource": API, "scopes": ["api:read"]}, {"resource": API, "scopes": ["api:write"]}]}),
])
def test_bad_members(s, pointer, body):
    refused(s.api("POST", "/clients", {"name": "bad", **body}), 422, "client_invalid", pointer)
    assert s.api("GET", "/clients/bad").status == 404


def test_offending_network_is_shown(s):
    detail = refused(s.api("POST", "/clients", {"name": "bad", "networks": ["10.0.0.1/8"]}), 422, "client_invalid")
    assert detail.startswith('"10.0.0.1/8": ') and len(detail) > 20


def test_unknown_members(s):
    refused(s.api("POST", "/clients", {"name": "bad", "grant": []}), 422, "member", "/grant")
    refused(s.api("POST", "/clients", {"name": "bad", "not_before": stamp()}), 422, "member", "/not_before")
    refused(s.api("POST", "/clients", {"name": "bad", "grants": [{"resource": API, "scopes": ["a"], "scope": "a"}]}), 422, "member", "/grants/0/scope")


def test_dangling_grants(s):
    detail = refused(s.api("POST", "/clients", {"name": "bad", "grants": [{"resource": "urn:none", "scopes": ["a"]}]}), 422, "reference")
    assert "urn:none" in detail
    assert "nope" in refused(s.api("POST", "/clients", {"name": "bad", "grants": [{"resource": API, "scopes": ["nope"]}]}), 422, "reference")


def test_patch(s):
    make(s, "patched", owner="me")
    p = "/clients/patched"
    refused(s.api("PATCH", p, {"owner": "you"}), 428, "if_match")
    refused(s.api("PATCH", p, {"owner": "you"}, {"If-Match": '"v7"'}), 412, "changed")
    refused(s.api("PATCH", "/clients/nobody", {"owner": "you"}, {"If-Match": '"v1"'}), 404, "not_found")
    a = s.api("PATCH", p, {"owner": "you", "name": "Patched"}, {"If-Match": '"v1"'})
    assert a.status == 200 and a.headers["ETag"] == '"v2"' and "client_secret" not in a.json
    assert (a.json["owner"], a.json["name"], len(a.json["grants"]), len(a.json["credentials"])) == ("you", "Patched", 1, 1)
    refused(s.api("PATCH", p, {"owner": "they"}, {"If-Match": '"v1"'}), 412, "changed")
    c = s.patch(p, {"networks": ["::1"], "compat": ["cidaas-or"], "grants": [{"resource": OTHER, "scopes": ["api:read"]}]})
    assert (c["networks"], c["compat"], c["grants"]) == (["::1"], ["cidaas-or"], [{"resource": OTHER, "scopes": ["api:read"]}])
    c = s.patch(p, {"networks": None, "compat": None, "grants": None, "owner": None})
    assert (c["networks"], c["compat"], c["grants"], c["owner"], c["name"]) == ([], [], [], "", "Patched")
    assert s.patch(p, {})["version"] == c["version"]
    told = events(s, "patched", "client.updated")
    assert [e["detail"].split(": ")[1] for e in told] == ["name, owner", "networks, compat, grants", "owner, networks, compat, grants"]


@pytest.mark.parametrize("code,pointer,body", [
    ("client_invalid", "/name", {"name": None}),
    ("client_invalid", "/name", {"name": ""}),
    ("client_invalid", "/enabled", {"enabled": None}),
    ("client_invalid", "/enabled", {"enabled": "false"}),
    ("client_invalid", "/compat", {"compat": ["cidaas-and"]}),
    ("client_invalid", "/compat", {"compat": "cidaas-or"}),
    ("client_invalid", "/networks/0", {"networks": ["0.0.0.0/00"]}),
    ("client_invalid", "/grants/0/scopes", {"grants": [{"resource": API, "scopes": []}]}),
    ("member", "/client_id", {"client_id": "other"}),
    ("member", "/credentials", {"credentials": []}),
    ("reference", None, {"grants": [{"resource": API, "scopes": ["nope"]}]}),
])
def test_bad_patches(s, code, pointer, body):
    refused(s.api("PATCH", "/clients/watcher", body, {"If-Match": '"v1"'}), 422, code, pointer)
    assert s.api("GET", "/clients/watcher").headers["ETag"] == '"v1"'


def test_disabled_client(s):
    c = make(s, "disabled")
    token = works(s, "disabled", c["client_secret"])
    assert active(s, token)
    assert s.patch("/clients/disabled", {"enabled": False})["enabled"] is False
    assert reason(s, "disabled", c["client_secret"]) == "client_disabled" and not active(s, token)
    version = s.ask("GET", "/clients/disabled")["version"]
    assert s.patch("/clients/disabled", {"enabled": False})["version"] == version  # it is already
    s.patch("/clients/disabled", {"enabled": True})
    assert works(s, "disabled", c["client_secret"])
    s.patch("/clients/disabled", {"enabled": False, "owner": "x"})
    assert [e["type"] for e in events(s, "disabled") if e["type"].startswith("client.")] == \
        ["client.created", "client.disabled", "client.enabled", "client.updated"]


def test_delete(s):
    c = make(s, "deleted")
    token = works(s, "deleted", c["client_secret"])
    r = "/resources/" + urllib.parse.quote(OTHER, safe="")
    s.patch(r, {"introspect_by": ["watcher", "deleted"]})
    assert OTHER in refused(s.api("DELETE", "/clients/deleted"), 409, "in_use")
    s.patch(r, {"introspect_by": ["watcher"]})
    refused(s.api("DELETE", "/clients/deleted", headers={"If-Match": '"v2"'}), 412, "changed")
    s.ask("DELETE", "/clients/deleted", headers={"If-Match": '"v1"'})
    refused(s.api("GET", "/clients/deleted"), 404, "not_found")
    refused(s.api("DELETE", "/clients/deleted"), 404, "not_found")
    assert not active(s, token) and reason(s, "deleted", c["client_secret"]) == "client_unknown"
    assert [e["type"] for e in events(s, "deleted", "client.deleted")] == ["client.deleted"]
    again = make(s, "deleted")
    assert works(s, "deleted", again["client_secret"]) and not active(s, token)  # another client of the same name


def test_networks_of_a_client(s):
    c = make(s, "placed", networks=["192.0.2.0/24"])
    assert reason(s, "placed", c["client_secret"]) == "client_network"
    s.patch("/clients/placed", {"networks": ["192.0.2.0/24", "127.0.0.0/8"]})
    assert works(s, "placed", c["client_secret"])


# -- grants ------------------------------------------------------------------------------------------------------------

def test_grants(s):
    c = s.ask("POST", "/clients", {"name": "granted"})
    g = "/clients/granted/grants"
    assert s.ask("GET", g) == {"items": []}
    after = s.ask("POST", g, {"resource": API, "scopes": ["api:read"]}, status=200)
    assert after["grants"] == [{"resource": API, "scopes": ["api:read"]}] and after["version"] == 2 and "client_secret" not in after
    assert s.ask("POST", g, {"resource": API, "scopes": ["api:read"]}, status=200)["version"] == 2  # had it already
    s.ask("POST", g, {"resource": API, "scopes": ["api:write", "api:read"]}, status=200)
    a = s.api("POST", g, {"resource": OTHER, "scopes": ["api:read"]})
    assert a.headers["ETag"] == '"v4"'
    assert s.ask("GET", g)["items"] == [{"client_id": "granted", "resource": API, "scopes": ["api:read", "api:write"]},
                                        {"client_id": "granted", "resource": OTHER, "scopes": ["api:read"]}]
    token = works(s, "granted", c["client_secret"], resource=API, scope="api:read")
    both = works(s, "granted", c["client_secret"], resource=API)
    assert active(s, token) and active(s, both)
    d = g + "/" + urllib.parse.quote(API, safe="")
    assert s.ask("DELETE", d + "?scope=api:write%20api:admin", status=200)["grants"][0]["scopes"] == ["api:read"]
    assert active(s, token) and not active(s, both)
    refused(s.api("DELETE", d + "?scope=api:write"), 404, "no_grant")
    assert [x["resource"] for x in s.ask("DELETE", d, status=200)["grants"]] == [OTHER]
    assert not active(s, token)
    refused(s.api("DELETE", d), 404, "no_grant")
    told = events(s, "granted", "grant.added", "grant.removed")
    assert [(e["type"], e["resource"], e.get("scope")) for e in told] == [
        ("grant.added", API, "api:read"), ("grant.added", API, "api:write api:read"), ("grant.added", OTHER, "api:read"),
        ("grant.removed", API, "api:write api:admin"), ("grant.removed", API, None)]


@pytest.mark.parametrize("status,code,pointer,body", [
    (422, "reference", None, {"resource": "urn:none", "scopes": ["a"]}),
    (422, "reference", None, {"resource": API, "scopes": ["api:read", "nope"]}),
    (422, "grant_invalid", "", {"scopes": ["a"]}),
    (422, "grant_invalid", "/scopes", {"resource": API}),
    (422, "grant_invalid", "/scopes", {"resource": API, "scopes": ["a"] * 129}),
    (422, "member", "/scope", {"resource": API, "scopes": ["api:read"], "scope": "x"}),
    (400, "body", None, []),
])
def test_bad_grants(s, status, code, pointer, body):
    refused(s.api("POST", "/clients/watcher/grants", body), status, code, pointer)
    assert s.ask("GET", "/clients/watcher")["grants"] == []


def test_grants_of_nobody(s):
    refused(s.api("GET", "/clients/nobody/grants"), 404, "not_found")
    refused(s.api("POST", "/clients/nobody/grants", {"resource": API, "scopes": ["api:read"]}), 404, "not_found")
    refused(s.api("DELETE", "/clients/nobody/grants/x"), 404, "not_found")


def test_empty_scope_is_not_all(s):
    make(s, "emptied")
    d = "/clients/emptied/grants/" + urllib.parse.quote(API, safe="")
    for query in ("?scope=", "?scope", "?scope=%20"):
        refused(s.api("DELETE", d + query), 400, "query")
    assert len(s.ask("GET", "/clients/emptied")["grants"]) == 1


def test_grant_limits(s):
    for i in range(3):
        s.ask("POST", "/resources", {"audience": f"urn:wide:{i}", "scopes": [{"name": f"s{k}"} for k in range(128)]})
    s.ask("POST", "/clients", {"name": "wide", "secret": False})
    s.ask("POST", "/clients/wide/grants", {"resource": "urn:wide:0", "scopes": [f"s{k}" for k in range(128)]}, status=200)
    assert len(s.ask("GET", "/clients/wide")["grants"][0]["scopes"]) == 128
    s.patch("/resources/urn%3Awide%3A0", {"scopes": [{"name": "more"}]})  # the others are gone, from the client too
    c = s.ask("POST", "/clients/wide/grants", {"resource": "urn:wide:0", "scopes": ["more"]}, status=200)
    assert c["grants"] == [{"resource": "urn:wide:0", "scopes": ["more"]}]


def test_256_grants(start):
    t = start(dev=False)
    t.ask("POST", "/clients", {"name": "many", "secret": False})
    for i in range(257):
        t.ask("POST", "/resources", {"audience": f"urn:n:{i}", "scopes": [{"name": "a"}]})
    for i in range(256):
        t.ask("POST", "/clients/many/grants", {"resource": f"urn:n:{i}", "scopes": ["a"]}, status=200)
    refused(t.api("POST", "/clients/many/grants", {"resource": "urn:n:256", "scopes": ["a"]}), 409, "full")
    t.stop()
    t = start(dev=False, port=t.port)
    assert len(t.ask("GET", "/clients/many/grants")["items"]) == 256


# -- lists -------------------------------------------------------------------------------------------------------------

def pages(s, path):
    join = "&" if "?" in path else "?"
    cursor, out = "", []
    while cursor is not None:
        page = s.ask("GET", f"{path}{join}cursor={cursor}" if cursor else path)
        out.append(page["items"])
        cursor = page.get("next_cursor")
        assert cursor is None or len(cursor) == 26
    return out


@pytest.fixture(scope="module")
def crowd(s):
    """250 clients; every tenth may have something of OTHER too."""
    for i in range(250):
        more = {"resource": OTHER, "scopes": ["api:read"]}
        s.ask("POST", "/clients", {"name": f"crowd{i}", "secret": False,
                                   "grants": [{"resource": API, "scopes": ["api:read"]}, *([more] if i % 10 == 0 else [])]})
    return s


def test_pages_of_clients(crowd):
    all_of_them = pages(crowd, "/clients?limit=100")
    assert [len(p) for p in all_of_them[:2]] == [100, 100]
    names = [c["client_id"] for p in all_of_them for c in p]
    assert len(names) == len(set(names)) and {f"crowd{i}" for i in range(250)} <= set(names)
    assert names == [c["client_id"] for p in pages(crowd, "/clients?limit=7") for c in p]


def test_pages_of_grants(crowd):
    for limit in (1, 40, 1000):
        items = [g for p in pages(crowd, f"/grants?limit={limit}") for g in p]
        mine = [g for g in items if g["client_id"].startswith("crowd")]
        assert len(mine) == 275 and all(set(g) == {"client_id", "resource", "scopes"} for g in items)
    for page in pages(crowd, "/grants?limit=40"):  # never split
        both = [g["client_id"] for g in page if g["resource"] == OTHER and g["client_id"].startswith("crowd")]
        assert set(both) <= {g["client_id"] for g in page if g["resource"] == API}
    only = [g for p in pages(crowd, "/grants?limit=3&resource=" + urllib.parse.quote(OTHER)) for g in p]
    assert {g["resource"] for g in only} == {OTHER} and len([g for g in only if g["client_id"].startswith("crowd")]) == 25
    assert pages(crowd, "/grants?resource=urn:none") == [[]]


def test_large_pages(start):
    """A page that becomes too large ends early, and the cursor goes on from there."""
    t = start(dev=False)
    scopes = [f"{'x' * 87}{i:03}" for i in range(128)]
    for i in range(20):
        t.ask("POST", "/resources", {"audience": f"urn:large:{i}", "scopes": [{"name": n} for n in scopes]})
    for c in range(11):
        t.ask("POST", "/clients", {"name": f"large{c}", "secret": False})
        for i in range(20):
            t.ask("POST", f"/clients/large{c}/grants", {"resource": f"urn:large:{i}", "scopes": scopes}, status=200)
    for path, key, total in (("/clients?limit=1000", "client_id", 11), ("/grants?limit=1000", "resource", 220)):
        found = pages(t, path)
        assert len(found) > 1 and len([i[key] for p in found for i in p]) == total


def test_bad_pages(crowd):
    cursor = crowd.ask("GET", "/clients?limit=10")["next_cursor"]
    ref = crowd.api("GET", "/clients").headers["X-Request-Id"]
    for query in ("limit=0", "limit=1001", "limit=x", "cursor=5", f"cursor={cursor[:-1]}", f"cursor={'a' * 26}", f"cursor={ref}"):
        refused(crowd.api("GET", "/clients?" + query), 400, "page")
    for other in ("/resources", "/grants"):  # a cursor of another list
        refused(crowd.api("GET", f"{other}?cursor={cursor}"), 400, "page")


# -- credentials -------------------------------------------------------------------------------------------------------

def test_add_credential(s):
    c = make(s, "adds")
    k = s.ask("POST", "/clients/adds/credentials", {"kind": "secret", "label": "prod", "networks": ["127.0.0.1"], "expires": stamp(3600)})
    assert k["client_id"] == "adds" and k["client_secret"].startswith("jcs_" + k["credential_id"])
    assert (k["label"], k["state"], k["networks"], k["uses"]) == ("prod", "active", ["127.0.0.1"], 0)
    assert works(s, "adds", k["client_secret"]) and works(s, "adds", c["client_secret"])
    items = s.ask("GET", "/clients/adds/credentials")["items"]
    assert [i["credential_id"] for i in items] == [c["credential_id"], k["credential_id"]]
    assert "jcs_" not in s.api("GET", "/clients/adds/credentials").body.decode()
    added, = events(s, "adds", "credential.added")
    assert added["credential_id"] == k["credential_id"] and added["detail"].endswith(": kind secret, label prod")


@pytest.mark.parametrize("code,pointer,body", [
    ("credential_invalid", "/kind", {}),
    ("credential_invalid", "/kind", {"kind": "password"}),
    ("credential_invalid", "/jwk", {"kind": "jwk"}),
    ("credential_invalid", "/label", {"kind": "secret", "label": "a\tb"}),
    ("credential_invalid", "/expires", {"kind": "secret", "expires": stamp(-1)}),
    ("credential_invalid", "/not_before", {"kind": "secret", "not_before": 5}),
    ("credential_invalid", "/not_before", {"kind": "secret", "not_before": stamp(172800), "expires": stamp(86400)}),
    ("credential_invalid", "/networks/0", {"kind": "secret", "networks": ["127.0.0.1/8"]}),
    ("member", "/overlap", {"kind": "secret", "overlap": 5}),
])
def test_bad_credentials(s, code, pointer, body):
    refused(s.api("POST", "/clients/watcher/credentials", body), 422, code, pointer)
    assert len(s.ask("GET", "/clients/watcher/credentials")["items"]) == 1


def test_credentials_of_nobody(s):
    refused(s.api("GET", "/clients/nobody/credentials"), 404, "not_found")
    refused(s.api("POST", "/clients/nobody/credentials", {"kind": "secret"}), 404, "not_found")
    refused(s.api("POST", "/clients/nobody/credentials/rotate", {}), 404, "not_found")
    refused(s.api("POST", "/clients/nobody/credentials/x/revoke"), 404, "not_found")
    refused(s.api("POST", "/clients/watcher/credentials/x/revoke"), 404, "not_found")


def test_pending(s):
    make(s, "pends")
    begin = stamp(3)
    k = s.ask("POST", "/clients/pends/credentials", {"kind": "secret", "not_before": begin})
    assert k["state"] == "pending" and k["not_before"] == begin
    assert reason(s, "pends", k["client_secret"]) == "secret_not_yet_valid"
    wait_until(begin)
    assert works(s, "pends", k["client_secret"]) and credential(s, "pends", k["credential_id"])["state"] == "active"


def test_expires(s):
    make(s, "expires")
    end = stamp(3)
    k = s.ask("POST", "/clients/expires/credentials", {"kind": "secret", "expires": end})
    token = works(s, "expires", k["client_secret"])
    wait_until(end)
    assert reason(s, "expires", k["client_secret"]) == "secret_expired"
    assert credential(s, "expires", k["credential_id"])["state"] == "expired"
    assert active(s, token)  # that ends no token


def test_networks_of_a_credential(s):
    make(s, "nets")
    no = s.ask("POST", "/clients/nets/credentials", {"kind": "secret", "networks": ["192.0.2.1", "::1"]})
    yes = s.ask("POST", "/clients/nets/credentials", {"kind": "secret", "networks": ["192.0.2.1", "127.0.0.0/8"]})
    assert reason(s, "nets", no["client_secret"]) == "credential_network"
    assert works(s, "nets", yes["client_secret"])


def test_last_used(s):
    c = make(s, "used")
    before = stamp(-1)
    for _ in range(3):
        works(s, "used", c["client_secret"])
    for _ in range(100):
        k = credential(s, "used", c["credential_id"])
        if k["uses"] == 3:
            break
        time.sleep(0.1)
    assert k["uses"] == 3 and k["last_used_from"] == "127.0.0.1"
    assert before < k["first_used"] <= k["last_used"] <= stamp()
    assert s.ask("GET", "/clients/used")["credentials"] == [k]


def test_revoke(s):
    c = make(s, "revokes")
    k = s.ask("POST", "/clients/revokes/credentials", {"kind": "secret", "label": "b"})
    one, two = works(s, "revokes", c["client_secret"]), works(s, "revokes", k["client_secret"])
    p = f"/clients/revokes/credentials/{k['credential_id']}/revoke"
    gone = s.ask("POST", p, status=200)
    assert gone["state"] == "revoked" and gone["credential_id"] == k["credential_id"] and "client_secret" not in gone
    assert reason(s, "revokes", k["client_secret"]) == "secret_revoked"
    assert not active(s, two) and active(s, one) and works(s, "revokes", c["client_secret"])
    version = s.ask("GET", "/clients/revokes")["version"]
    assert s.ask("POST", p, status=200) == gone and s.ask("GET", "/clients/revokes")["version"] == version
    told, = events(s, "revokes", "credential.revoked")
    assert told["credential_id"] == k["credential_id"] and told["detail"].endswith(": label b")


def test_room_for_32(s):
    make(s, "full")
    for _ in range(31):
        s.ask("POST", "/clients/full/credentials", {"kind": "secret"})
    refused(s.api("POST", "/clients/full/credentials", {"kind": "secret"}), 409, "full")
    refused(s.api("POST", "/clients/full/credentials/rotate", {}), 409, "full")
    items = s.ask("GET", "/clients/full/credentials")["items"]
    s.ask("POST", f"/clients/full/credentials/{items[0]['credential_id']}/revoke", status=200)
    new = s.ask("POST", "/clients/full/credentials", {"kind": "secret"})["credential_id"]  # the revoked one makes room
    left = [i["credential_id"] for i in s.ask("GET", "/clients/full/credentials")["items"]]
    assert left == [i["credential_id"] for i in items[1:]] + [new]
    assert {i["state"] for i in items} == {"active"}


def test_old_ones_make_room(start):
    t = start(dev=False)
    t.ask("POST", "/clients", {"name": "c"})
    ids = [t.ask("POST", "/clients/c/credentials", {"kind": "secret", "expires": stamp(3600)})["credential_id"] for _ in range(31)]
    t.ask("POST", f"/clients/c/credentials/{ids[0]}/revoke", status=200)
    t.stop()
    db = sqlite3.connect(f"{t.data}/jeton.db")
    for i, hours in ((0, 30), (1, 26), (2, 23)):
        db.execute("UPDATE credential SET expires=? WHERE id=?", (int(time.time()) - hours * 3600, ids[i]))
    db.commit()
    db.close()
    t = start(dev=False, port=t.port)
    add = lambda: t.api("POST", "/clients/c/credentials", {"kind": "secret"})
    left = lambda: [k["credential_id"] for k in t.ask("GET", "/clients/c/credentials")["items"]]
    assert add().status == 201 and ids[0] not in left() and ids[1] in left()  # the one that ended first
    assert add().status == 201 and ids[1] not in left() and ids[2] in left()
    refused(add(), 409, "full")  # its last token may still live: a token lives 24 hours at most
    assert len(left()) == 32


# -- rotation ----------------------------------------------------------------------------------------------------------

def rotate(s, client, **body):
    return s.ask("POST", f"/clients/{client}/credentials/rotate", body)


def test_rotation_keeps_the_length_of_a_life(s):
    """A secret that was made to last 90 days is not followed by one that lasts for ever, unless somebody says so."""
    make(s, "lasts", expires=stamp(90 * 86400))

    def life(**body):
        new = rotate(s, "lasts", **body)["credential_id"]
        k, = (k for k in s.ask("GET", "/clients/lasts/credentials")["items"] if k["credential_id"] == new)
        seconds = lambda name: datetime.datetime.fromisoformat(k[name].replace("Z", "+00:00")).timestamp()
        return seconds("expires") - seconds("created") if "expires" in k else None

    assert abs(life() - 90 * 86400) < 5
    assert abs(life() - 90 * 86400) < 5  # not of the retiring one, whose end came nearer
    assert abs(life(expires=stamp(3600)) - 3600) < 5
    assert abs(life() - 3600) < 5
    assert life(expires=None) is None
    assert life() is None


def test_rotate_with_overlap(s):
    old = make(s, "rotates", label="main", networks=["127.0.0.1"])
    token = works(s, "rotates", old["client_secret"])
    end = stamp(3)
    new = rotate(s, "rotates", overlap=3)
    assert list(new) == ["client_id", "credential_id", "kind", "client_secret", "label", "replaced"]
    assert new["client_id"] == "rotates" and new["label"] == "main"
    replaced, = new["replaced"]
    assert replaced["credential_id"] == old["credential_id"] and replaced["state"] == "retiring" and end <= replaced["expires"] <= stamp(3)
    assert works(s, "rotates", old["client_secret"]) and works(s, "rotates", new["client_secret"])
    assert credential(s, "rotates", old["credential_id"])["state"] == "retiring"
    wait_until(replaced["expires"])
    assert reason(s, "rotates", old["client_secret"]) == "secret_expired" and works(s, "rotates", new["client_secret"])
    assert credential(s, "rotates", old["credential_id"])["state"] == "expired"
    assert active(s, token)
    told, = events(s, "rotates", "credential.rotated")
    assert told["credential_id"] == new["credential_id"] and told["detail"].startswith("uid ")
    assert 'label "main"' in told["detail"] and "3 s" in told["detail"] and old["credential_id"] in told["detail"]


def test_rotate_now(s):
    old = make(s, "now")
    token = works(s, "now", old["client_secret"])
    half = rotate(s, "now", overlap=600)
    assert works(s, "now", old["client_secret"]) and active(s, token)
    new = rotate(s, "now", now=True)
    assert {r["credential_id"]: r["state"] for r in new["replaced"]} == {old["credential_id"]: "revoked", half["credential_id"]: "revoked"}
    assert not active(s, token) and reason(s, "now", old["client_secret"]) == "secret_revoked"
    assert reason(s, "now", half["client_secret"]) == "secret_revoked" and works(s, "now", new["client_secret"])


def test_rotate_without_body(s):
    make(s, "plain")
    new = s.ask("POST", "/clients/plain/credentials/rotate")
    assert abs(time.time() + 86400 - datetime.datetime.fromisoformat(new["replaced"][0]["expires"].replace("Z", "+00:00")).timestamp()) < 10


def test_rotate_keeps_an_earlier_end(s):
    end = stamp(60)
    old = make(s, "early", expires=end)
    new = rotate(s, "early", overlap=3600, expires=stamp(7200))
    assert new["replaced"] == [{"credential_id": old["credential_id"], "state": "retiring", "expires": end}]
    again = rotate(s, "early", overlap=1800)
    assert [r["credential_id"] for r in again["replaced"]] == [new["credential_id"]]  # the oldest ends as it was told
    assert credential(s, "early", old["credential_id"])["expires"] == end


def test_rotate_without_overlap(s):
    old = make(s, "sharp")
    token = works(s, "sharp", old["client_secret"])
    new = rotate(s, "sharp", overlap=0)
    assert new["replaced"][0]["state"] == "expired"
    assert reason(s, "sharp", old["client_secret"]) == "secret_expired" and active(s, token)


def test_rotate_pending_too(s):
    make(s, "soon", secret=False)
    k = s.ask("POST", "/clients/soon/credentials", {"kind": "secret", "not_before": stamp(600)})
    assert rotate(s, "soon")["replaced"][0]["credential_id"] == k["credential_id"]


def test_rotate_networks(s):
    make(s, "moves", secret=False)
    s.ask("POST", "/clients/moves/credentials", {"kind": "secret", "networks": ["192.0.2.1"]})
    s.ask("POST", "/clients/moves/credentials", {"kind": "secret", "networks": ["127.0.0.1"]})
    s.ask("POST", "/clients/moves/credentials", {"kind": "secret", "label": "b", "networks": ["192.0.2.9"]})
    nets = lambda k: credential(s, "moves", k["credential_id"])["networks"]
    new = rotate(s, "moves", label="")
    assert nets(new) == ["127.0.0.1"] and len(new["replaced"]) == 2  # of the newest
    assert nets(rotate(s, "moves", label="", networks=["127.0.0.0/8"])) == ["127.0.0.0/8"]
    assert nets(rotate(s, "moves", label="", networks=[])) == []


def test_rotate_labels(s):
    dev = make(s, "labels", label="dev")
    prod = s.ask("POST", "/clients/labels/credentials", {"kind": "secret", "label": "prod"})
    detail = refused(s.api("POST", "/clients/labels/credentials/rotate", {}), 409, "label")
    assert "dev, prod" in detail
    new = rotate(s, "labels", label="prod")
    assert [r["credential_id"] for r in new["replaced"]] == [prod["credential_id"]]
    assert credential(s, "labels", dev["credential_id"])["state"] == "active"
    s.ask("POST", f"/clients/labels/credentials/{dev['credential_id']}/revoke", status=200)
    assert rotate(s, "labels")["label"] == "prod"  # the only one in use now
    assert rotate(s, "labels", label="dev")["replaced"] == []  # it had one once
    detail = refused(s.api("POST", "/clients/labels/credentials/rotate", {"label": "pord", "now": True}), 409, "label")
    assert "nothing would end" in detail and "dev, prod" in detail
    assert rotate(s, "labels", label="prod")["label"] == "prod"
    make(s, "none", secret=False)
    refused(s.api("POST", "/clients/none/credentials/rotate", {}), 409, "label")


@pytest.mark.parametrize("code,pointer,body", [
    ("credential_invalid", "/overlap", {"overlap": 60, "now": True}),
    ("credential_invalid", "/overlap", {"overlap": -1}),
    ("credential_invalid", "/overlap", {"overlap": "24h"}),
    ("credential_invalid", "/overlap", {"overlap": 40000000}),
    ("credential_invalid", "/now", {"now": 1}),
    ("credential_invalid", "/label", {"label": 5}),
    ("credential_invalid", "/expires", {"expires": "never"}),
    ("member", "/not_before", {"not_before": stamp(5)}),
    ("credential_invalid", "/kind", {"kind": 5}),
])
def test_bad_rotations(s, code, pointer, body):
    refused(s.api("POST", "/clients/watcher/credentials/rotate", body), 422, code, pointer)
    assert len(s.ask("GET", "/clients/watcher/credentials")["items"]) == 1


# -- all of it ---------------------------------------------------------------------------------------------------------

def test_methods(s):
    for path, allow in (("/clients", "GET, HEAD, POST"), ("/clients/watcher", "GET, HEAD, PATCH, DELETE"), ("/grants", "GET, HEAD"),
                        ("/clients/watcher/grants", "GET, HEAD, POST"), ("/clients/watcher/grants/x", "DELETE"),
                        ("/clients/watcher/credentials", "GET, HEAD, POST"), ("/clients/watcher/credentials/rotate", "POST"),
                        ("/clients/watcher/credentials/x/revoke", "POST"), ("/resources/x", "GET, HEAD, PATCH, DELETE")):
        a = s.api("PUT", path)
        refused(a, 405, "method")
        assert a.headers["Allow"] == allow, (path, a.headers["Allow"])
    refused(s.api("GET", "/nothing"), 404, "no_path")
    refused(s.api("GET", "/clients/%zz"), 400, "path")
    refused(s.api("GET", "/clients?limit=%zz"), 400, "query")


def test_all_is_kept(start):
    """What was changed is the same after a restart."""
    t = start()
    t.ask("POST", "/clients", {"name": "kept", "owner": "o", "label": "l", "networks": ["10.0.0.0/8", "127.0.0.1"], "expires": stamp(5000),
                               "grants": [{"resource": API, "scopes": ["api:write"]}]})
    t.ask("POST", "/clients/kept/credentials", {"kind": "secret", "not_before": stamp(500), "networks": ["::1"]})
    rotate(t, "kept", label="l", overlap=1000)
    t.patch("/clients/kept", {"compat": ["cidaas-or"], "enabled": False})
    before = t.ask("GET", "/clients/kept")
    t.stop()
    t = start(port=t.port)
    assert t.ask("GET", "/clients/kept") == before
    assert [c["state"] for c in before["credentials"]] == ["retiring", "pending", "active"]
