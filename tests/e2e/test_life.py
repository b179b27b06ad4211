# SPDX-License-Identifier: Apache-2.0
"""The life of a credential: who uses it, where it is good, how it is replaced, and what is told before it ends."""
import calendar
import json
import os
import threading
import time

import pytest
from admin_http import admin, client, resource, state
from assertions import TYPE, Key, claims
from support import FORM, UnixConnection, basic, until

API = "https://api.example.com"
HOUR, DAY = 3600, 86400


@pytest.fixture
def server(start):
    s = start(dev=False)
    resource(s, API)
    return s


def again(s, start, **options):
    """The same server once more, as an operator would."""
    s.stop()
    return start(dev=False, port=s.port, **options)


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def at(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def credentials(s, name):
    a = admin(s, "GET", f"/clients/{name}/credentials")
    assert a.status == 200, a
    return {c["credential_id"]: c for c in a.json["items"]}


def used(s, name, cid, times):
    return until(lambda: (c := credentials(s, name)[cid])["uses"] >= times and c)


def rotate(s, who, connection=None, **form):
    return s.post("/credentials/rotate", form, auth=who, connection=connection)


# -- evidence of use -------------------------------------------------------------------------------------------------------

def test_who_uses_it(server, start):
    s = server
    name, secret, cid = client(s, "used", {API: ["api:read"]})
    auth = {"Authorization": basic(name, secret), "Content-Type": FORM}
    for agent in ("curl/7.88.1", "\x1b[31mred\x7f\xe4" + "x" * 90):
        for path in ("/token", "/introspect", "/revoke"):  # all count
            r = s.request("POST", path, "grant_type=client_credentials&token=none", {**auth, "User-Agent": agent})
            assert r.status == (400 if "\x1b" in agent else 200)  # a control character is no header
    time.sleep(1.1)  # within one second any of the workers may be the last
    s.request("POST", "/token", "grant_type=client_credentials", {**auth, "User-Agent": "job/2 \xe4" + "x" * 90})
    c = used(s, name, cid, 4)
    assert c["uses"] == c["uses_24h"] == 4 and c["last_used_from"] == "127.0.0.1"
    agent = ("job/2 ??" + "x" * 90)[:64]  # two bytes of UTF-8, or one of Latin-1
    assert c["last_used_agent"] in (agent, ("job/2 ?" + "x" * 90)[:64])
    assert c["callers"] == [{"address": "127.0.0.1", "agent": c["last_used_agent"], "last_used": c["last_used"]}]
    time.sleep(6)  # written down every five seconds
    s = again(s, start)
    assert credentials(s, name)[cid] == c
    shown = s.cli("credential", "list", name).stdout
    assert "24H" in shown.splitlines()[0] and "job/2" in shown and "from 127.0.0.1" in shown


def test_a_secret_as_user_agent_is_not_kept(server):
    name, secret, cid = client(server, "careless", {API: ["api:read"]})
    server.request("POST", "/token", "grant_type=client_credentials",
                   {"Authorization": basic(name, secret), "Content-Type": FORM, "User-Agent": "job " + secret})
    c = used(server, name, cid, 1)
    assert c["last_used_agent"] == "(not recorded: a secret or a token)" and secret[:20] not in json.dumps(credentials(server, name))


def test_hours_of_a_day(server, start):
    name, secret, cid = client(server, "daily", {API: ["api:read"]})
    assert server.token(name, secret).status == 200
    assert used(server, name, cid, 1)
    server.stop()
    with state(server) as db:  # 23 hours ago it was busy, 24 hours ago more so
        hour = int(time.time()) // HOUR
        hours = [0] * 24
        hours[(hour - 23) % 24], hours[(hour - 1) % 24] = 7, 5
        blob = b"".join(h.to_bytes(4, "big") for h in hours)
        db.execute("UPDATE credential_use SET hour=?, hours=?, count=1000", (hour - 1, blob))
    s = start(dev=False, port=server.port)
    assert credentials(s, name)[cid]["uses_24h"] in (5, 12)  # the hour may turn right now
    assert s.token(name, secret).status == 200
    assert until(lambda: credentials(s, name)[cid]["uses"] == 1001)
    assert credentials(s, name)[cid]["uses_24h"] in (6, 13)


def test_hint_names_the_callers(server):
    name, secret, old = client(server, "moving", {API: ["api:read"]})
    made = server.cli_json("credential", "rotate", name, "--overlap", "1d")
    assert server.token(name, made["client_secret"]).status == 200
    time.sleep(1.1)
    server.request("POST", "/token", "grant_type=client_credentials",
                   {"Authorization": basic(name, secret), "Content-Type": FORM, "User-Agent": "old-job/1"})
    assert until(lambda: "from 127.0.0.1 (old-job/1); it ends in" in server.cli("credential", "list", name).stderr)


def test_room_for_the_next_one(server, start):
    """32 credentials of which one is over: it makes room when no token of it can be good any more."""
    name, _, first = client(server, "full", {API: ["api:read"]})
    for _ in range(31):
        server.cli("credential", "add", name, "--secret")
    for ago, code in ((HOUR // 2, 6), (HOUR + 120, 0)):  # its tokens lived an hour
        server.stop()
        with state(server) as db:
            db.execute("UPDATE credential SET expires=? WHERE id=?", (int(time.time()) - ago, first))
            db.execute("UPDATE signing_key SET longest=?", (HOUR,))  # as one that is rotated to knows it; the first one says a day
        server = start(dev=False, port=server.port)
        assert server.cli("credential", "add", name, "--secret", ok=False).returncode == code
    assert len(credentials(server, name)) == 32 and first not in credentials(server, name)


# -- environment -----------------------------------------------------------------------------------------------------------

def test_label_of_another_environment(start, tmp_path):
    config = tmp_path / "jeton.yaml"
    config.write_text("server:\n  environment: prod\n")
    s = start(dev=False, args=["--config", str(config)])
    resource(s, API)
    name, plain, _ = client(s, "everywhere", {API: ["api:read"]})
    made = {label: s.cli_json("credential", "add", name, "--secret", "--label", label) for label in ("prod", "staging", "Prod")}
    assert s.token(name, plain).status == 200  # no label: taken
    assert s.token(name, made["prod"]["client_secret"]).status == 200
    wrong = s.token(name, plain[:-8] + "aaaaaaaa")
    for label in ("staging", "Prod"):
        a = s.token(name, made[label]["client_secret"])
        assert a.status == 401 and {**a.json, "error_ref": ""} == {**wrong.json, "error_ref": ""}
        assert "credential_environment" in s.cli("explain", a.json["error_ref"], "-o", "json").stdout
    assert made["staging"]["refused_in"] == "prod" and "refused_in" not in made["prod"]
    r = s.cli("credential", "add", name, "--secret", "--label", "dev")
    assert "refused here: this server is prod" in r.stderr
    assert "(staging) is refused here" in s.cli("credential", "list", name).stderr
    only, _, _ = client(s, "only", {API: ["api:read"]}, label="staging")
    assert json.loads(s.cli("why", only, API, "-o", "json", ok=False).stdout)["reason"] == "credential_environment"
    assert "credentials labelled for another one than prod are refused" in s.cli("check", "--config", str(config)).stdout


def test_labels_without_an_environment(server):
    name, secret, _ = client(server, "free", {API: ["api:read"]}, label="staging")
    assert server.token(name, secret).status == 200


# -- rotation by the client itself -----------------------------------------------------------------------------------------

def test_rotation_policy(server):
    name, secret, cid = client(server, "self", {API: ["api:read"]})
    a = rotate(server, (name, secret))
    assert a.status == 403 and a.json["error"] == "access_denied"
    assert "rotation_off" in server.cli("explain", a.json["error_ref"]).stdout
    assert list(credentials(server, name)) == [cid]
    shown = server.cli_json("client", "update", name, "--rotation", "required")
    assert shown["rotation"] == "required" and shown["rotate_every"] == 90 * DAY
    assert "required every 90d" in server.cli("client", "show", name).stdout
    shown = server.cli_json("client", "update", name, "--rotate-every", "30d")
    assert shown["rotate_every"] == 30 * DAY
    shown = server.cli_json("client", "update", name, "--rotation", "allowed")
    assert shown["rotation"] == "allowed" and "rotate_every" not in shown
    for bad in (("--rotate-every", "30d"), ("--rotation", "sometimes"), ("--rotation", "required", "--rotate-every", "1h"),
                ("--rotation", "required", "--rotate-every", "4000d")):
        assert server.cli("client", "update", name, *bad, ok=False).returncode == 2, bad
    made = server.cli_json("client", "create", "born", "--rotation", "required", "--rotate-every", "60d")
    assert made["rotation"] == "required" and made["rotate_every"] == 60 * DAY


def test_rotation_with_a_secret(server):
    name, secret, cid = client(server, "self", {API: ["api:read"]}, label="prod", rotation="allowed")
    began = int(time.time())
    a = rotate(server, (name, secret))
    assert a.status == 201 and a.headers["Cache-Control"] == "no-store"
    new = a.json
    assert new["client_id"] == name and new["kind"] == "secret" and new["label"] == "prod" and new["previous_credential_id"] == cid
    assert abs(at(new["previous_expires_at"]) - began - DAY) < 10 and "expires" not in new
    assert server.token(name, secret).status == server.token(name, new["client_secret"]).status == 200
    warned = server.token(name, secret).json["credential_expires_in"]
    assert DAY - 10 <= warned <= DAY and "credential_expires_in" not in server.token(name, new["client_secret"]).json
    states = {k: (c["state"], c["label"]) for k, c in credentials(server, name).items()}
    assert states == {cid: ("retiring", "prod"), new["credential_id"]: ("active", "prod")}
    event, = server.events(type="credential.rotated", client_id=name)
    assert event["credential_id"] == new["credential_id"] and event["address"] == "127.0.0.1"
    assert "by the client itself" in event["detail"] and cid in event["detail"]
    # the one that was replaced is good, but not for this
    a = rotate(server, (name, secret))
    assert a.status == 403 and "rotation_superseded" in server.cli("explain", a.json["error_ref"]).stdout
    assert rotate(server, (name, new["client_secret"])).status == 201


def test_rotation_inherits(server):
    soon = int(time.time()) + 10 * DAY
    name, _, _ = client(server, "self", {API: ["api:read"]}, rotation="allowed")
    made = server.cli_json("credential", "add", name, "--secret", "--label", "x", "--cidr", "127.0.0.0/8", "--expires", rfc3339(soon))
    a = rotate(server, (name, made["client_secret"]), overlap=str(20 * DAY))
    assert a.status == 201 and at(a.json["previous_expires_at"]) == soon  # never later than it would have
    c = credentials(server, name)[a.json["credential_id"]]
    assert c["networks"] == ["127.0.0.0/8"] and c["label"] == "x" and abs(at(c["expires"]) - soon) < 10
    assert a.json["expires"] == c["expires"]


@pytest.mark.parametrize("form", [{"overlap": "3599"}, {"overlap": str(30 * DAY + 1)}, {"overlap": "-1"}, {"overlap": "1d"}, {"overlap": "99999999999999999999"},
                                  {"jwk": "{}"}, {"jwk": "x"}, {"jwk": "[]"}, {"jwk": "{},\"more\":1"}, {"jwk": "1"}])
def test_bad_rotations(server, form):
    name, secret, cid = client(server, "self", {API: ["api:read"]}, rotation="allowed")
    a = rotate(server, (name, secret), **form)
    assert a.status == 400 and a.json["error"] == "invalid_request"
    assert "rotation_request" in server.cli("explain", a.json["error_ref"]).stdout
    assert [c["state"] for c in credentials(server, name).values()] == ["active"]


def test_strangers_may_not_rotate(server):
    name, secret, _ = client(server, "self", {API: ["api:read"]}, rotation="allowed")
    assert server.post("/credentials/rotate", {}).status == 401
    assert rotate(server, (name, "wrong")).status == 401
    assert server.get("/credentials/rotate").status == 405
    assert server.post("/credentials/rotate?x=1", {}, auth=(name, secret)).status == 400
    server.cli("client", "disable", name)
    assert rotate(server, (name, secret)).status == 401


def test_rotation_to_and_between_keys(server):
    name, secret, _ = client(server, "self", {API: ["api:read"]}, rotation="allowed")
    first, second = Key("ES256"), Key("ES256")
    a = rotate(server, (name, secret), jwk=json.dumps(first.jwk))
    assert a.status == 201 and a.json["kind"] == "jwk" and "client_secret" not in a.json

    def proof(key):
        return {"client_assertion_type": TYPE, "client_assertion": key.sign(claims(name, server.issuer))}
    assert server.post("/token", {"grant_type": "client_credentials", **proof(first)}).status == 200
    a = server.post("/credentials/rotate", proof(first))
    assert a.status == 400 and "sends the next public key" in server.cli("explain", a.json["error_ref"]).stdout
    a = server.post("/credentials/rotate", {**proof(first), "jwk": json.dumps(first.jwk)})
    assert a.status == 400 and "has this key already" in server.cli("explain", a.json["error_ref"]).stdout
    a = server.post("/credentials/rotate", {**proof(first), "jwk": json.dumps({**first.jwk, "kid": "renamed", "alg": "ES256"})})
    assert a.status == 400 and "has this key already" in server.cli("explain", a.json["error_ref"]).stdout
    used_once = proof(first)
    a = server.post("/credentials/rotate", {**used_once, "jwk": json.dumps(second.jwk)})
    assert a.status == 201 and a.json["kind"] == "jwk"
    assert server.post("/credentials/rotate", {**used_once, "jwk": json.dumps(Key("ES256").jwk)}).status == 401  # an assertion is good once
    for key in (first, second):
        assert server.post("/token", {"grant_type": "client_credentials", **proof(key)}).status == 200
    assert server.post("/credentials/rotate", {**proof(first), "jwk": json.dumps(Key("ES256").jwk)}).status == 403


def test_a_thief_who_rotated_is_out_with_now(server):
    """What a leaked secret was replaced by, and what that made, ends with --now; revoke tells of it."""
    name, secret, cid = client(server, "robbed", {API: ["api:read"]}, rotation="allowed")
    thief, second = Key("ES256"), Key("ES256")

    def proof(key):
        return {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": key.sign(claims(name, server.issuer))}
    made = rotate(server, (name, secret), jwk=json.dumps(thief.jwk)).json["credential_id"]
    assert server.post("/token", proof(thief)).status == 200
    asked = lambda: server.post("/credentials/rotate", {**proof(thief), "jwk": json.dumps(second.jwk)})
    next_one = until(lambda: (a := asked()).status == 201 and a.json["credential_id"])  # once the use of his key is known
    other = server.ask("POST", f"/clients/{name}/credentials", {"kind": "secret", "label": "other"})
    shown = credentials(server, name)
    assert shown[made]["made_by"] == cid and shown[next_one]["made_by"] == made and "made_by" not in shown[cid]
    r = server.cli("credential", "revoke", name, cid, "--yes")
    assert made in r.stderr and "--now ends all of them" in r.stderr
    assert server.post("/token", proof(second)).status == 200  # one credential alone was ended
    new = server.cli_json("credential", "rotate", name, "--label", "", "--now")
    assert {c["credential_id"] for c in new["replaced"]} == {made, next_one}
    for key in (thief, second):
        assert server.post("/token", proof(key)).status == 401
    assert server.token(name, secret).status == 401
    assert server.token(name, new["client_secret"]).status == server.token(name, other["client_secret"]).status == 200


def test_now_finds_what_was_replaced(server):
    """The only secret that is left retires: --now needs no label for it."""
    name, secret, cid = client(server, "replaced", {API: ["api:read"]}, rotation="allowed")
    made = rotate(server, (name, secret), jwk=json.dumps(Key("ES256").jwk)).json["credential_id"]
    new = server.cli_json("credential", "rotate", name, "--now")
    assert {c["credential_id"] for c in new["replaced"]} == {cid, made}
    assert server.token(name, secret).status == 401 and server.token(name, new["client_secret"]).status == 200


def test_a_revoked_key_does_not_come_back(server):
    """Whoever has a leaked key and a secret cannot register the key again, under another kid either."""
    name, secret, _ = client(server, "leaked", {API: ["api:read"]}, rotation="allowed")
    leaked = Key("ES256")
    made = server.ask("POST", f"/clients/{name}/credentials", {"kind": "jwk", "jwk": leaked.jwk})
    server.ask("POST", f"/clients/{name}/credentials/{made['credential_id']}/revoke", status=200)
    a = rotate(server, (name, secret), jwk=json.dumps({**leaked.jwk, "kid": "renamed"}))
    assert a.status == 400 and "or had it" in server.cli("explain", a.json["error_ref"]).stdout


def test_a_hundred_at_once(server):
    """Whoever asks with the same secret: one gets the next."""
    name, secret, _ = client(server, "herd", {API: ["api:read"]}, rotation="allowed")
    answers, gate = [], threading.Barrier(50)

    def ask():
        c = server.connect()
        gate.wait()
        for _ in range(2):
            answers.append(rotate(server, (name, secret), connection=c).status)
        c.close()
    threads = [threading.Thread(target=ask) for _ in range(50)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers.count(201) == 1 and answers.count(403) == 99
    assert sorted(c["state"] for c in credentials(server, name).values()) == ["active", "retiring"]


def test_not_again_before_the_new_one_is_used(server):
    name, one, _ = client(server, "two", {API: ["api:read"]}, rotation="allowed")
    two = server.cli_json("credential", "add", name, "--secret")["client_secret"]
    assert server.token(name, two).status == 200
    new = rotate(server, (name, one))
    assert new.status == 201
    assert until(lambda: any(c["uses"] == 1 and c["state"] == "active" for c in credentials(server, name).values()))
    a = rotate(server, (name, two))
    assert a.status == 429 and a.headers["Retry-After"] == "3600"
    assert "has not been used yet" in server.cli("explain", a.json["error_ref"]).stdout
    assert server.token(name, new.json["client_secret"]).status == 200
    assert until(lambda: rotate(server, (name, two)).status == 201)


def test_what_an_administrator_made_is_in_nobodys_way(server):
    """An unused credential of another label, or one that an administrator added, does not stop a client from rotating."""
    name, first, _ = client(server, "busy", {API: ["api:read"]}, rotation="allowed")
    second = server.cli_json("credential", "rotate", name, "--overlap", "7d")["client_secret"]
    for label in ("staging", ""):
        server.ask("POST", f"/clients/{name}/credentials", {"kind": "secret", "label": label})
    assert rotate(server, (name, second)).status == 201


def test_a_loop_of_rotations_ends(server):
    name, secret, _ = client(server, "loop", {API: ["api:read"]}, rotation="allowed")
    for n in range(8):
        a = rotate(server, (name, secret))
        assert a.status == 201, n
        secret = a.json["client_secret"]
    a = rotate(server, (name, secret))
    assert a.status == 429 and len(credentials(server, name)) == 9
    assert "are ending already" in server.cli("explain", a.json["error_ref"]).stdout
    assert server.token(name, secret).status == 200


def test_a_rotation_outlives_a_kill(server, start):
    name, secret, cid = client(server, "self", {API: ["api:read"]}, rotation="allowed")
    a = rotate(server, (name, secret))
    server.kill()
    s = start(dev=False, port=server.port)
    assert s.token(name, a.json["client_secret"]).status == 200 and credentials(s, name)[cid]["state"] == "retiring"
    assert rotate(s, (name, secret)).status == 403


def aged(server, start, days, name="old"):
    """A client that must rotate every 30 days, and whose secret is that old."""
    _, secret, cid = client(server, name, {API: ["api:read"]}, rotation="required", rotate_every=30 * DAY)
    server.stop()
    with state(server) as db:
        db.execute("UPDATE credential SET created=created-?", (int(days * DAY),))
    return start(dev=False, port=server.port), (name, secret), cid


def test_required_rotation_warns(server, start):
    s, who, cid = aged(server, start, 29)
    a = s.token(*who)
    assert a.status == 200 and DAY - 60 <= a.json["credential_expires_in"] <= DAY
    assert credentials(s, who[0])[cid]["state"] == "active" and "expires" in credentials(s, who[0])[cid]


def test_required_rotation_is_due(server, start):
    s, who, cid = aged(server, start, 31)
    a = s.token(*who)
    assert a.status == 401 and a.json["error"] == "invalid_client"
    assert "rotation_required" in s.cli("explain", a.json["error_ref"]).stdout
    assert credentials(s, who[0])[cid]["state"] == "expired"
    new = rotate(s, who)  # for a week it can still be replaced
    assert new.status == 201 and abs(new.json["credential_expires_in"] - 30 * DAY) < 60 and new.json["previous_expires_in"] == 0
    assert s.token(*who).status == 401 and s.token(who[0], new.json["client_secret"]).status == 200
    assert rotate(s, who).status == 401


def test_required_rotation_was_missed(server, start):
    s, who, _ = aged(server, start, 38)
    a = rotate(s, who)
    assert a.status == 401 and "rotation_required" in s.cli("explain", a.json["error_ref"]).stdout
    made = s.cli_json("credential", "rotate", who[0])
    assert s.token(who[0], made["client_secret"]).status == 200


def test_metadata_names_the_endpoint(server):
    assert server.get("/.well-known/oauth-authorization-server").json["credential_rotation_endpoint"] == server.issuer + "/credentials/rotate"


def test_credential_expires_in(server):
    now = int(time.time())
    for days, warned in ((13, True), (15, False)):
        name, secret, _ = client(server, f"ends-{days}", {API: ["api:read"]}, expires=rfc3339(now + days * DAY))
        assert ("credential_expires_in" in server.token(name, secret).json) is warned


# -- reminders -------------------------------------------------------------------------------------------------------------

def metrics_of(s):
    c = UnixConnection(os.path.join(s.data, "admin.sock"))
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    c.close()
    return text


def told(s, kind="credential"):
    return [(e.get("credential_id", ""), e["reason"]) for e in s.events(type=f"{kind}.expiring")]


def test_reminders(server, start):
    now = int(time.time())
    ends = {days: client(server, f"in-{days}", {API: ["api:read"]}, expires=rfc3339(now + int(days * DAY)))[2]
            for days in (0.5, 5, 10, 25, 40)}
    _, _, never = client(server, "never", {API: ["api:read"]})
    want = {(ends[0.5], "1d"), (ends[5], "7d"), (ends[10], "14d"), (ends[25], "30d")}
    assert until(lambda: set(told(server)) == want, 30)
    event, = server.events(type="credential.expiring", client_id="in-5")
    assert rfc3339(now + 5 * DAY) in event["detail"]
    assert "WARN" in server.stderr().upper() and f"credential {ends[5]} of client in-5 ends" in server.stderr()
    metrics = metrics_of(server)
    for within, n in (("1d", 1), ("7d", 2), ("14d", 3), ("30d", 4)):
        assert f'jeton_client_secrets_expiring{{within="{within}"}} {n}\n' in metrics
    assert 'jeton_reminders_total{kind="credential"} 4\n' in metrics
    s = again(server, start)  # a start tells nothing twice
    time.sleep(3)
    assert len(told(s)) == 4
    s.stop()
    with state(s) as db:  # its end moved; another one's time goes on
        db.execute("UPDATE credential SET expires=expires+86400 WHERE id=?", (ends[10],))
        db.execute("UPDATE credential SET expires=expires-4*86400-3600 WHERE id=?", (ends[5],))
        db.execute("UPDATE reminder SET ends=ends-4*86400-3600 WHERE days=7")
    s = start(dev=False, port=s.port)
    assert until(lambda: len(told(s)) == 6, 30)
    assert told(s).count((ends[10], "14d")) == 2 and (ends[5], "1d") in told(s)
    assert never not in {c for c, _ in told(s)}


def test_no_reminder_of_what_was_replaced(server):
    now = int(time.time())
    name, _, old = client(server, "moved", {API: ["api:read"]}, expires=rfc3339(now + 40 * DAY))
    server.cli("credential", "rotate", name, "--overlap", "2d", "--expires", "200d")
    gone, _, revoked = client(server, "gone", {API: ["api:read"]}, expires=rfc3339(now + 40 * DAY))
    server.cli("credential", "revoke", gone, revoked)
    off, _, _ = client(server, "off", {API: ["api:read"]}, expires=rfc3339(now + 3 * DAY))
    server.cli("client", "disable", off)
    sign, _, cid = client(server, "sign", {API: ["api:read"]}, expires=rfc3339(now + 3 * DAY))
    assert until(lambda: (cid, "7d") in told(server), 30)
    assert {c for c, _ in told(server)} <= {cid} | {k for k in credentials(server, off)}
    assert old not in {c for c, _ in told(server)}


def test_many_reminders_are_spread(server, start):
    for n in range(5):
        client(server, f"c{n}", {API: ["api:read"]}, expires=rfc3339(int(time.time()) + 3 * DAY))
    server.stop()
    with state(server) as db:
        names = ", ".join(c[1] for c in db.execute("PRAGMA table_info(client)"))
        creds = ", ".join(c[1] for c in db.execute("PRAGMA table_info(credential)"))
        for n in range(300):
            db.execute(f"INSERT INTO client SELECT {names.replace('client_id', '?', 1)} FROM client WHERE client_id='c0'", (f"m{n}",))
            db.execute("INSERT INTO credential SELECT " + creds.replace("client_id", "?", 1).replace("id,", "?,", 1).replace("number", "?", 1) +
                       " FROM credential WHERE client_id='c0'", (f"m{n}", f"m{n:011d}", 1000 + n))
        db.execute("DELETE FROM reminder")
    s = start(dev=False, port=server.port)
    before = len(told(s))
    assert until(lambda: len(told(s)) - before >= 60, 40)
    time.sleep(5)
    assert len(told(s)) - before <= 110


def test_certificate_and_key(start, tmp_path):
    from test_operations import certificate
    certificate(tmp_path)
    config = tmp_path / "jeton.yaml"
    config.write_text(f"server:\n  tls_cert: {tmp_path}/cert.pem\n  tls_key: {tmp_path}/key.pem\nkeys:\n  rotate_every: 10d\n")
    s = start(dev=False, args=["--config", str(config)])
    assert until(lambda: told(s, "key"), 30) and told(s, "key")[0][1] == "14d"
    with open(f"{tmp_path}/cert.pem", encoding="ascii") as f:
        from cryptography import x509
        ends = x509.load_pem_x509_certificate(f.read().encode()).not_valid_after
    left = calendar.timegm(ends.timetuple()) - time.time()
    if left < 30 * DAY:
        assert until(lambda: told(s, "certificate"), 30)
    else:
        assert not told(s, "certificate")
