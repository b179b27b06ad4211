# SPDX-License-Identifier: Apache-2.0
"""Signing keys: rotation, retiring, revocation as others see them; and a new master key."""
import os
import shutil
import stat
import subprocess
import time

import jwt
import pytest
from admin_http import active, admin, client, resource, token
from support import BIN

AT_ONCE = {"JETON_KEYS_PUBLISH_WAIT": "0s", "JETON_KEYS_JWKS_MAX_AGE": "0s"}
SLOW = {"JETON_KEYS_PUBLISH_WAIT": "2s", "JETON_KEYS_JWKS_MAX_AGE": "1s"}
API = "https://api.example.com"


def jwks(server):
    return {k["kid"]: k for k in server.get("/.well-known/jwks.json").json["keys"]}


def kid(token):
    return jwt.get_unverified_header(token)["kid"]


def verify(server, token, audience=API):
    """As a resource server does, with the published keys and nothing else."""
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK.from_dict(jwks(server)[header["kid"]])
    return jwt.decode(token, key.key, algorithms=[header["alg"]], audience=audience, issuer=server.issuer)


def keys(server, alg="RS256"):
    return {k["kid"]: k for k in admin(server, "GET", "/keys").json["items"] if k["alg"] == alg}


def rotate(server, alg="RS256"):
    a = admin(server, "POST", "/keys/rotate", {"alg": alg})
    assert a.status == 201, a
    return a.json


def test_list_and_show(dev):
    first = next(iter(keys(dev).values()))
    assert first["state"] == "active" and first["signs_from"] == first["created"] and "published_until" not in first
    shown = admin(dev, "GET", "/keys/" + first["kid"]).json
    assert shown["jwk"] == jwks(dev)[first["kid"]] and shown["kid"] == first["kid"]
    pem = subprocess.run(["openssl", "pkey", "-pubin", "-noout", "-text"], input=shown["pem"], capture_output=True, text=True, check=True)
    assert "2048 bit" in pem.stdout
    assert "PRIVATE" not in str(shown) and "d" not in shown["jwk"]
    a = admin(dev, "GET", "/keys/nobody")
    assert a.status == 404 and a.json["code"] == "not_found"


def test_pages(start):
    s = start()
    made = {rotate(s, alg)["kid"] for alg in ("ES256", "EdDSA", "EdDSA")} | set(keys(s))
    seen, query = [], {"limit": "1"}
    while True:
        page = admin(s, "GET", "/keys", **query).json
        seen += [k["kid"] for k in page["items"]]
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(seen) == sorted(made) and len(made) == 4
    assert admin(s, "GET", "/clients", cursor=query["cursor"]).status == 400


@pytest.mark.parametrize("status,code,body", [
    (422, "alg", {}),
    (422, "alg", {"alg": "HS256"}),
    (422, "alg", {"alg": 7}),
    (422, "member", {"alg": "RS256", "algo": "RS256"}),
    (400, "body", []),
])
def test_rotate_is_strict(dev, status, code, body):
    before = len(keys(dev))
    a = admin(dev, "POST", "/keys/rotate", body)
    assert (a.status, a.json["code"]) == (status, code) and len(keys(dev)) == before
    if code == "member":
        assert a.json["errors"][0]["pointer"] == "/algo"


def test_rotate_at_once(start):
    s = start(env=AT_ONCE)
    old = token(s)
    made = rotate(s)
    assert made["state"] == "active" and made["alg"] == "RS256"
    new = token(s)
    assert kid(new) == made["kid"] != kid(old)
    retiring = keys(s)[kid(old)]
    assert retiring["state"] == "retiring" and retiring["published_until"] > retiring["created"]
    assert verify(s, old)["client_id"] == verify(s, new)["client_id"] == "demo"  # offline
    assert active(s, old) and active(s, new)
    assert len(jwks(s)) == 2
    event = s.events(type="key.created")[0]
    assert made["kid"] in event["detail"] and kid(old) in event["detail"] and event["detail"].startswith("uid ")
    s.stop()
    t = start(env=AT_ONCE, port=s.port)  # and so after a restart
    assert {k: v["state"] for k, v in keys(t).items()} == {kid(old): "retiring", kid(new): "active"}
    assert verify(t, old) and active(t, old) and kid(token(t)) == made["kid"]


def test_rotate_waits(start):
    s = start(env=SLOW)
    old = token(s)
    made = rotate(s)
    assert made["state"] == "published" and made["signs_from"] > made["created"]
    assert made["kid"] in jwks(s) and kid(token(s)) == kid(old)
    a = admin(s, "POST", f"/keys/{kid(old)}/retire")
    assert a.status == 409 and a.json["code"] == "key_needed" and "long enough" in a.json["detail"]
    time.sleep(3)
    a = admin(s, "POST", f"/keys/{kid(old)}/retire")  # unless the server was faster
    assert a.json == {"kid": kid(old), "state": "retiring", "next": made["kid"]} or "does not sign" in a.json["detail"], a
    assert keys(s)[kid(old)]["state"] == "retiring"
    assert kid(token(s)) == made["kid"] and verify(s, old) and active(s, old)


def test_retire(start):
    s = start()
    only = kid(token(s))
    a = admin(s, "POST", f"/keys/{only}/retire")
    assert a.status == 409 and a.json["code"] == "key_needed" and "only key" in a.json["detail"]
    waiting = rotate(s)["kid"]
    a = admin(s, "POST", f"/keys/{waiting}/retire", {})
    assert a.status == 200 and a.json == {"kid": waiting, "state": "removed", "next": only}
    assert list(keys(s)) == [only] and waiting not in jwks(s)
    assert "never signed" in s.events(type="key.retired")[0]["detail"]
    assert admin(s, "POST", f"/keys/{waiting}/retire").status == 404
    assert admin(s, "POST", f"/keys/{only}/retire", {"now": True}).json["code"] == "member"


def test_too_many_wait(start):
    s = start()
    states = [rotate(s, "EdDSA")["state"] for _ in range(9)]
    assert states == ["active"] + 8 * ["published"]
    a = admin(s, "POST", "/keys/rotate", {"alg": "EdDSA"})
    assert a.status == 409 and a.json["code"] == "waiting" and "wait already" in a.json["detail"]
    assert token(s)


def test_many_rotations_stop_nothing(start):
    s = start(env=AT_ONCE)
    refused = [admin(s, "POST", "/keys/rotate", {"alg": "ES256"}).status for _ in range(40)]
    assert refused.count(201) == 27 and refused[-1] == 409  # one more, of RS256, is there
    assert verify(s, token(s)) and admin(s, "POST", "/keys/rotate", {"alg": "EdDSA"}).status == 201
    assert verify(s, token(s))


def test_revoke(start):
    s = start(env=AT_ONCE)
    old = token(s)
    assert active(s, old)
    a = admin(s, "POST", f"/keys/{kid(old)}/revoke")
    assert a.status == 200 and a.json["state"] == "revoked" and a.json["next"] != kid(old)
    assert kid(old) not in jwks(s) and not active(s, old)
    new = token(s)
    assert kid(new) == a.json["next"] and active(s, new) and verify(s, new)
    again = admin(s, "POST", f"/keys/{kid(old)}/revoke")
    assert again.status == 409 and again.json["code"] == "revoked"
    assert admin(s, "POST", "/keys/nobody/revoke").status == 404
    shown = admin(s, "GET", "/keys/" + kid(old)).json
    assert shown["state"] == "revoked" and "jwk" not in shown and "pem" not in shown
    assert kid(old) in s.events(type="key.revoked")[0]["detail"]
    s.stop()
    t = start(env=AT_ONCE, port=s.port)
    assert not active(t, old) and active(t, new) and kid(old) not in jwks(t)


def test_revoke_uses_the_waiting_key(start):
    s = start()
    old = token(s)
    waiting = rotate(s)["kid"]
    a = admin(s, "POST", f"/keys/{kid(old)}/revoke")
    assert a.json == {"kid": kid(old), "state": "revoked", "next": waiting}
    assert kid(token(s)) == waiting


def test_revoke_a_retiring_key(start):
    s = start(env=AT_ONCE)
    old = token(s)
    rotate(s)
    new = token(s)
    assert admin(s, "POST", f"/keys/{kid(old)}/revoke").json["next"] == kid(new)
    assert not active(s, old) and active(s, new) and list(jwks(s)) == [kid(new)]


@pytest.mark.parametrize("alg,kty", [("PS256", "RSA"), ("EdDSA", "OKP"), ("ES256", "EC")])
def test_algorithms(start, alg, kty):
    s = start(env=AT_ONCE)
    audience = f"https://{alg.lower()}.example.com"
    resource(s, audience, alg=alg)
    c, secret, _ = client(s, alg, {audience: ["api:read"]})
    old = token(s, c, secret)
    assert jwt.get_unverified_header(old)["alg"] == alg
    assert jwks(s)[kid(old)]["kty"] == kty and jwks(s)[kid(old)]["alg"] == alg
    assert verify(s, old, audience)["scope"] == "api:read" and active(s, old)
    rotate(s, alg)
    new = token(s, c, secret)
    assert kid(new) != kid(old) and verify(s, new, audience) and verify(s, old, audience)
    head, body, signature = new.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        verify(s, f"{head}.{body}.{signature[:-8]}AAAAAAAA", audience)
    pem = admin(s, "GET", "/keys/" + kid(new)).json["pem"]
    assert jwt.decode(new, pem, algorithms=[alg], audience=audience)["client_id"] == c
    assert admin(s, "POST", f"/keys/{kid(new)}/revoke").status == 200 and not active(s, new)


# -- a new master key --------------------------------------------------------------------------------------------------
def test_rekey(start, tmp_path):
    s = start()
    old = token(s)
    master = os.path.join(s.data, "master.key")
    before = open(master).read()
    a = admin(s, "POST", "/rekey")
    assert a.status == 200 and a.json == {"data_keys": 3}
    after = open(master).read()
    assert before != after and stat.S_IMODE(os.stat(master).st_mode) == 0o600
    assert not os.path.exists(master + ".new")
    assert active(s, old) and active(s, token(s))
    assert len(s.events(type="keys.rewrapped")) == 1
    assert admin(s, "POST", "/rekey", {}).status == 200  # and once more
    a = admin(s, "POST", "/rekey", {"x": 1})
    assert a.json["code"] == "member" and a.json["detail"].endswith("there are none")
    s.stop()
    t = start(port=s.port)
    assert active(t, old) and active(t, token(t))
    t.stop()
    for wrong in (before, after):
        with open(master, "w") as f:
            f.write(wrong)
        r = subprocess.run([BIN, "serve", "--data", t.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        assert r.returncode != 0 and "master.key does not open" in r.stderr


def test_rekey_cut_before_its_change(start):
    s = start()
    old = token(s)
    s.stop()
    master = os.path.join(s.data, "master.key")
    kept = open(master).read()
    for left in ("0" * 64 + "\n", "0123"):  # whole, and cut while it was written
        with open(os.open(master + ".new", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(left)
        t = start(port=s.port)
        assert active(t, old) and not os.path.exists(master + ".new") and open(master).read() == kept
        assert admin(t, "POST", "/rekey").status == 200
        t.stop()
        kept = open(master).read()


def test_rekey_cut_before_its_rename(start, tmp_path):
    s = start()
    old = token(s)
    master = os.path.join(s.data, "master.key")
    shutil.copy2(master, tmp_path / "before")
    assert admin(s, "POST", "/rekey").status == 200
    s.stop()
    right = open(master).read()
    os.rename(master, master + ".new")
    shutil.copy2(tmp_path / "before", master)
    t = start(port=s.port)
    assert active(t, old) and active(t, token(t))
    assert open(master).read() == right and not os.path.exists(master + ".new")
    t.stop()
    u = start(port=s.port)
    assert active(u, old)


def test_rekey_again_after_a_failure(start):
    """Somebody else's file stands where the new key is to go."""
    s = start()
    new = os.path.join(s.data, "master.key.new")
    os.mkdir(new)
    a = admin(s, "POST", "/rekey")
    assert a.status == 409 and a.json["code"] == "busy" and "master.key.new" in a.json["detail"]
    os.rmdir(new)
    assert admin(s, "POST", "/rekey").json == {"data_keys": 3}
    assert active(s, token(s))


@pytest.mark.parametrize("again", ["ask", "restart"])
def test_rekey_that_cannot_finish(start, tmp_path, again):
    """The change is made, but the new key cannot be put in place: it is never thrown away."""
    s = start()
    old = token(s)
    master = os.path.join(s.data, "master.key")
    os.rename(master, tmp_path / "kept")
    os.mkdir(master)  # no file can be renamed over it
    a = admin(s, "POST", "/rekey")
    assert a.status == 503 and a.json["code"] == "unfinished" and "Keep both" in a.json["detail"]
    new = open(master + ".new").read()
    assert active(s, old)
    os.rmdir(master)
    if again == "ask":
        assert admin(s, "POST", "/rekey").json == {"data_keys": 3}
    else:
        os.rename(tmp_path / "kept", master)
    s.stop()
    t = start(port=s.port)
    assert open(master).read() == new and not os.path.exists(master + ".new")
    assert active(t, old) and active(t, token(t))


def test_rekey_of_a_key_that_is_elsewhere(start, tmp_path):
    s = start()
    s.stop()
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    shutil.move(os.path.join(s.data, "master.key"), credentials / "master.key")
    t = start(port=s.port, env={"CREDENTIALS_DIRECTORY": str(credentials)})
    a = admin(t, "POST", "/rekey")
    assert a.status == 409 and a.json["code"] == "elsewhere" and active(t, token(t))
