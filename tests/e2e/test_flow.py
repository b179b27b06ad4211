# SPDX-License-Identifier: Apache-2.0
"""The flow as a user pastes it, and the token as others see it."""
import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request

import jwt
import pytest
from support import ROOT, Server, basic, free_port

PASTED = r"""
set -e
TOKEN=$(curl -s --cacert $CA --request POST --url "$ISSUER/token-srv/token" --header 'Content-Type: application/x-www-form-urlencoded' \
  --data-urlencode grant_type=client_credentials --data-urlencode client_id=$ID --data-urlencode client_secret=$SECRET \
  --data-urlencode 'scope=api:read api:write' | tee $OUT | jq -r .access_token)
curl -s --cacert $CA --request POST --url "$ISSUER/token-srv/introspect" --header "Authorization: Bearer $TOKEN" --data-urlencode token=$TOKEN > $OUT.2
curl -s --header "Authorization: Bearer $TOKEN" http://127.0.0.1:$API/api/protected-resource > $OUT.3
"""


@pytest.fixture(scope="module")
def api(dev):
    port = free_port()
    p = subprocess.Popen([sys.executable if sys.executable == "/usr/bin/python3" else "/usr/bin/python3", ROOT / "examples/api.py"],
                         env={**os.environ, "JETON_ISSUER": dev.issuer, "JETON_CA_FILE": dev.ca, "PORT": str(port)}, stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.05)
    yield port
    p.kill()
    p.wait()


def test_pasted(dev, api, tmp_path):
    out = tmp_path / "out"
    env = {**os.environ, "CA": dev.ca, "ISSUER": dev.issuer, "ID": "demo", "SECRET": dev.secret, "OUT": str(out), "API": str(api)}
    subprocess.run(["bash", "-c", PASTED], env=env, check=True)
    answer = json.loads(out.read_text())
    assert answer["access_token"].startswith("eyJhbGciOiJSUzI1NiIs")
    assert answer["token_type"] == "Bearer" and answer["expires_in"] == 3600 and answer["scope"] == "api:read api:write"
    seen = json.loads((tmp_path / "out.2").read_text())
    assert seen["active"] is True and seen["client_id"] == seen["sub"] == "demo"
    assert (tmp_path / "out.3").read_text() == "hello demo\n"


def call(port, token=None):
    r = urllib.request.Request(f"http://127.0.0.1:{port}/api/protected-resource", headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(r) as a:
            return a.status, a.headers
    except urllib.error.HTTPError as e:
        return e.code, e.headers


def test_example_api(dev, api):
    good = dev.token(scope="api:read")
    assert good.status == 200, good
    good = good.json["access_token"]
    assert call(api, good)[0] == 200
    status, headers = call(api)
    assert status == 401 and headers["WWW-Authenticate"].startswith("Bearer ")
    assert call(api, good[:-8] + "AAAAAAAA")[0] == 401
    status, headers = call(api, dev.token(scope="api:write").json["access_token"])
    assert status == 403 and 'error="insufficient_scope"' in headers["WWW-Authenticate"]


def keys_of(server):
    return {k["kid"]: jwt.PyJWK.from_dict(k) for k in server.get("/.well-known/jwks.json").json["keys"]}


def test_claims(dev):
    token = dev.token(scope="api:write api:read").json["access_token"]
    header = jwt.get_unverified_header(token)
    assert set(header) == {"alg", "typ", "kid"} and header["typ"] == "at+jwt"
    claims = jwt.decode(token, keys_of(dev)[header["kid"]].key, algorithms=["RS256"], audience="https://api.example.com", issuer=dev.issuer)
    assert set(claims) == {"iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti"}
    assert claims["aud"] == "https://api.example.com" and claims["sub"] == claims["client_id"] == "demo"
    assert claims["scope"] == "api:write api:read" and claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60 and len(claims["jti"]) == 22


def test_es256(start):
    s = start()
    s.cli("resource", "create", "https://es.example.com", "--scope", "es:read", "--alg", "ES256", "--lifetime", "5m")
    client, secret = s.client("es", "--allow", "https://es.example.com=es:read")
    answer = s.token(client, secret).json
    assert answer["expires_in"] == 300
    header = jwt.get_unverified_header(answer["access_token"])
    assert header["alg"] == "ES256"
    keys = keys_of(s)
    assert len(keys) == 2  # one key type for each algorithm in use
    jwt.decode(answer["access_token"], keys[header["kid"]].key, algorithms=["ES256"], audience="https://es.example.com", issuer=s.issuer)
    assert s.post("/introspect", {"token": answer["access_token"]}, auth="Bearer " + answer["access_token"]).json["active"] is True


def test_second_start_keeps(start, tmp_path):
    s = start()
    secret, token = s.secret, s.token().json["access_token"]
    s.stop()
    t = start(port=s.port)
    assert t.secret == secret
    assert t.post("/introspect", {"token": token}, auth="Bearer " + token).json["active"] is True
    stored = json.loads((tmp_path / "data" / "dev.json").read_text())
    assert stored == t.info and os.stat(tmp_path / "data" / "dev.json").st_mode & 0o777 == 0o600
    assert set(stored) == {"issuer", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri", "client_id",
                           "client_secret", "ca_file", "admin_socket", "data"}


def test_dev_temporary_directory_goes(tmp_path):
    from support import BIN
    p = subprocess.Popen([BIN, "dev", "--listen", f"127.0.0.1:{free_port()}", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env={**os.environ, "TMPDIR": str(tmp_path)})
    info = json.loads(p.stdout.readline())
    assert os.stat(info["data"]).st_mode & 0o777 == 0o700
    p.terminate()
    assert p.wait(20) == 0
    p.communicate()
    assert not os.path.exists(info["data"])


def test_metadata_without_certificates(plain):
    """Over plain HTTP nobody can show one, and no client is told to."""
    m = plain.get("/.well-known/oauth-authorization-server").json
    assert m["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert m["introspection_endpoint_auth_methods_supported"][-1] == "bearer" and m["tls_client_certificate_bound_access_tokens"] is False


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
def test_metadata(dev, path):
    a = dev.get(path)
    m = a.json
    assert a.status == 200 and m["issuer"] == dev.issuer
    assert m["token_endpoint"] == dev.issuer + "/token" and m["introspection_endpoint"] == dev.issuer + "/introspect"
    assert m["jwks_uri"] == dev.issuer + "/.well-known/jwks.json" and m["authorization_endpoint"] == dev.issuer + "/authorize"
    assert m["response_types_supported"] == [] and m["grant_types_supported"] == ["client_credentials"]
    assert m["token_endpoint_auth_methods_supported"] [:3] == ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert "client_secret_basic" in m["introspection_endpoint_auth_methods_supported"]


def test_metadata_cidaas_profile(start):
    m = start(dev=False, env={"JETON_SERVER_PROFILE": "cidaas"}).get("/.well-known/openid-configuration").json
    assert m["token_endpoint"].endswith("/token-srv/token") and m["introspection_endpoint"].endswith("/token-srv/introspect")


def test_host_is_ignored(dev):  # M2
    m = dev.get("/.well-known/openid-configuration", Host="evil.example", X_Forwarded_Host="evil.example").body
    assert b"evil" not in m


def test_jwks_has_no_private_members(dev):  # M1
    a = dev.get("/.well-known/jwks.json")
    for key in a.json["keys"]:
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"} and key["use"] == "sig"
    assert dev.get("/.well-known/jwks.json", If_None_Match=a.headers["ETag"]).status == 304


def test_authorize_refuses(dev):
    a = dev.get("/authorize?response_type=code&client_id=demo")
    assert a.status == 400 and a.json["error"] == "unsupported_response_type"


def test_every_answer_has_date_and_request_id(dev):
    seen = set()
    for a in (dev.token(), dev.token(secret="x"), dev.get("/nowhere"), dev.get("/.well-known/jwks.json"), dev.get("/token")):
        assert a.headers["Date"] and len(a.headers["X-Request-Id"]) == 26
        seen.add(a.headers["X-Request-Id"])
    assert len(seen) == 5
    mine = dev.get("/.well-known/jwks.json", X_Request_Id="mine")
    assert mine.headers["X-Request-Id"] != "mine"


def test_basic_encoded_and_raw(dev):
    from urllib.parse import quote_plus
    form = {"grant_type": "client_credentials"}
    assert dev.post("/token", form, auth=basic("demo", dev.secret)).status == 200
    assert dev.post("/token", form, auth=basic(quote_plus("demo"), quote_plus(dev.secret))).status == 200
    lower = "basic " + base64.b64encode(f"demo:{dev.secret}".encode()).decode()
    assert dev.post("/token", form, auth=lower).status == 200
