# SPDX-License-Identifier: Apache-2.0
"""Who asks: client authentication, introspection and revocation under attack (A1 to A8, A14, I1 to I5, R1, R2)."""
import base64
import hashlib
import itertools
import pathlib
import random
import string
import subprocess
import threading
import time

import pytest
from support import Server, basic, until
from threats import API, call, connect, events_after, last_seq, refused, still_serves

REST, OTHER = "https://o.example.com", "https://other.example.com"
FORM = "grant_type=client_credentials"


@pytest.fixture(scope="module")
def s(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("auth") / "data", dev=False, env={"JETON_LOG_LEVEL": "debug"})
    s.cli("resource", "create", API, "--scope", "r", "--scope", "w", "--alg", "ES256")
    s.cli("resource", "create", OTHER, "--scope", "r", "--alg", "ES256")
    s.cli("resource", "create", REST, "--scope", "r", "--format", "opaque")
    s.good = s.client("good", "--allow", f"{API}=r,w")
    s.both = s.client("both", "--allow", f"{API}=r", "--allow", f"{REST}=r", "--allow", f"{OTHER}=r")
    s.rs, s.other_rs = s.client("rs"), s.client("other-rs")
    for a in (API, REST):
        s.cli("resource", "update", a, "--introspect-by", "rs")
    s.cli("resource", "update", OTHER, "--introspect-by", "other-rs")
    yield s
    s.stop()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def client_in(s, state):
    """A client whose right secret does not help, and that secret."""
    name = f"c-{state}-{next(_count)}"
    more = {"cidr": ["--cidr", "192.0.2.0/24"]}.get(state, [])
    _, secret = s.client(name, "--allow", f"{API}=r", *more)
    credential = s.ask("GET", f"/clients/{name}/credentials")["items"][0]["credential_id"]
    if state == "disabled":
        s.cli("client", "disable", name)
    elif state == "revoked":
        s.cli("credential", "revoke", name, credential, "--yes")
    elif state == "expired":
        made = s.ask("POST", f"/clients/{name}/credentials", {"kind": "secret", "expires": stamp(2)})
        secret = made["client_secret"]
        time.sleep(3)
    elif state == "early":
        made = s.ask("POST", f"/clients/{name}/credentials", {"kind": "secret", "not_before": stamp(3600)})
        secret = made["client_secret"]
    return name, secret


_count = itertools.count()
STATES = {"disabled": "client_disabled", "revoked": "secret_revoked", "expired": "secret_expired", "early": "secret_not_yet_valid",
          "cidr": "client_network"}
UNAUTHENTICATED = '{"error":"invalid_client","error_description":"Client authentication failed.","error_ref":"…"}'


def shape(a):
    """All that a stranger sees, but what differs from answer to answer."""
    ref = a.json["error_ref"]
    headers = sorted((k, v) for k, v in a.headers.items() if k not in ("Date", "X-Request-Id"))
    assert a.headers["X-Request-Id"] == ref
    return a.status, headers, a.body.decode().replace(ref, "…")


def credentials(method, client, secret):
    """Headers and body of one request."""
    if method == "basic":
        return [("Authorization", basic(client, secret))], FORM
    return [], f"{FORM}&client_id={client}&client_secret={secret}"


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a2_one_answer_for_all_who_are_not_let_in(s, method):
    """Byte for byte, whoever they are; the reason is in the audit log alone."""
    cases = {"unknown": ("nobody-here", "secret", "client_unknown"), "wrong": ("good", "wrong", "secret_wrong"),
             "another's": ("good", s.both[1], "secret_wrong"), "damaged": ("good", s.good[1][:-1] + "!", "secret_damaged"),
             "unknown with a good one": ("nobody-here", s.both[1], "client_unknown"), "case": ("GOOD", s.good[1], "client_unknown")}
    for state, reason in STATES.items():
        cases[state] = (*client_in(s, state), reason)
    seen = {}
    for name, (client, secret, reason) in cases.items():
        headers, body = credentials(method, client, secret)
        a, e = refused(s, 401, "invalid_client", reason, body, headers, secrets=[secret] if len(secret) > 10 else [])
        assert e["client_id"] == client and client not in a.body.decode() + str(a.headers)
        seen[name] = shape(a)
    assert len(set(map(str, seen.values()))) == 1, seen
    assert seen["unknown"][2] == UNAUTHENTICATED


def test_a3_a_stolen_database_opens_nothing(s, tmp_path):
    """No secret, no unkeyed hash of one, no opaque token and no private key in any file but master.key."""
    token = s.token(*s.both, resource=REST).json["access_token"]
    assert until(lambda: s.events(type="token.issued", client_id="both"))
    backup = tmp_path / "backup.db"
    s.cli("backup", str(backup))
    files = {p.name: p.read_bytes() for p in pathlib.Path(s.data).iterdir() if p.is_file()} | {"backup": backup.read_bytes()}
    assert {"jeton.db", "audit.db", "master.key", "backup"} <= set(files)
    master = files.pop("master.key")
    for name, text in files.items():
        for key in (master, master.strip(), base64.b64decode(master, validate=False) if len(master) < 100 else b"-" * 9):
            assert len(key) < 16 or key not in text, name
        for secret in (s.good[1], s.both[1], token):
            for raw in (secret.encode(), secret.split("_")[-2].encode(), secret.encode().hex().encode()):
                assert raw not in text, name
            for h in ("md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "blake2b"):
                digest = hashlib.new(h, secret.encode()).digest()
                if not (h == "sha256" and secret == token):  # of an opaque token: 256 random bits need no key
                    assert digest not in text and digest.hex().encode() not in text, (name, h)
        for mark in ("PRIVATE KEY".encode().hex(), "020100300d06092a864886f70d010101", "0201010420", "020100300506032b6570"):  # PEM; RSA, EC, EdDSA in DER
            assert bytes.fromhex(mark) not in text, (name, mark)


def test_a3_generated_secrets_are_random(s):
    made = [s.ask("POST", "/clients/other-rs/credentials/rotate", {"now": True}, status=201)["client_secret"] for _ in range(40)]
    s.other_rs = ("other-rs", made[-1])
    middles = [m.split("_")[2] for m in made]
    assert all(len(m) == 43 and set(m) <= set(string.ascii_letters + string.digits) for m in middles)
    assert len(set(middles)) == 40
    text = "".join(middles)
    assert len(set(text)) == 62 and max(text.count(c) for c in set(text)) < 3 * len(text) / 62  # about evenly
    for i, j in itertools.combinations(range(40), 2):
        assert sum(a == b for a, b in zip(middles[i], middles[j])) < 12


@pytest.mark.parametrize("n, status, reason", [(511, 401, "secret_wrong"), (512, 401, "secret_wrong"), (513, 401, "secret_wrong"), (12000, 401, "secret_wrong")])
def test_a4_long_secrets_cost_nothing(s, n, status, reason):
    for method in ("basic", "post"):
        if method == "post" or n < 5000:  # a header has 8 KiB
            headers, body = credentials(method, "good", "x" * n)
            refused(s, status, "invalid_client", reason, body, headers)


def test_a4_a_body_over_the_cap_is_not_read(s):
    a, _ = refused(s, 413, "invalid_request", "unreadable", f"{FORM}&client_id=good&client_secret=" + "x" * 65536, event="request.refused")
    assert a.headers["Connection"] == "close"


def test_a4_many_wrong_ones_at_once(s):
    """200 wrong proofs from as many networks: who knows the secret is let in meanwhile, each time."""
    results = []

    def wrong():
        for _ in range(5):
            c = connect(s)
            results.append(call(c, body=FORM.encode(), headers=[("Authorization", basic("good", "wrong"))]).status)
            c.close()
    threads = [threading.Thread(target=wrong) for _ in range(40)]
    for t in threads:
        t.start()
    c = connect(s)
    right = [call(c, body=FORM.encode(), headers=[("Authorization", basic(*s.good))]).status for _ in range(40)]
    for t in threads:
        t.join()
    assert set(right) == {200} and results == [401] * 200


ASSERTION = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJhbGciOiJFUzI1NiJ9.e30.AA"


@pytest.mark.parametrize("name, status, error, reason, auth, more", [
    ("Basic and body", 400, "invalid_request", "auth_two_methods", "good", "&client_id=good&client_secret={secret}"),
    ("Basic and a wrong secret in the body", 400, "invalid_request", "auth_two_methods", "good", "&client_secret=x"),
    ("broken Basic and body", 400, "invalid_request", "auth_two_methods", "Basic %", "&client_id=good&client_secret={secret}"),
    ("Basic and assertion", 400, "invalid_request", "auth_two_methods", "good", "&" + ASSERTION),
    ("Basic and the type of an assertion", 400, "invalid_request", "auth_two_methods", "good", "&client_assertion_type=x"),
    ("body and assertion", 400, "invalid_request", "auth_two_methods", None, "&client_id=good&client_secret={secret}&" + ASSERTION),
    ("Bearer and body", 400, "invalid_request", "auth_two_methods", "Bearer abc", "&client_id=good&client_secret={secret}"),
    ("DPoP scheme and body", 400, "invalid_request", "auth_two_methods", "DPoP abc", "&client_id=good&client_secret={secret}"),
    ("a second id", 400, "invalid_request", "client_id_mismatch", "good", "&client_id=both"),
    ("the same id in another case", 400, "invalid_request", "client_id_mismatch", "good", "&client_id=Good"),
])
def test_a5_two_methods(s, name, status, error, reason, auth, more):
    headers = [] if auth is None else [("Authorization", basic(*s.good) if auth == "good" else auth)]
    refused(s, status, error, reason, FORM + more.format(secret=s.good[1]), headers)


@pytest.mark.parametrize("name, status, error, reason, headers, more", [
    ("assertion alone", 401, "invalid_client", "assertion_malformed", [], "&client_id=good&" + ASSERTION),
    ("assertion of no type", 401, "invalid_client", "assertion_type", [], "&client_id=good&client_assertion=a.b.c"),
    ("SAML", 401, "invalid_client", "assertion_type", [], "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer&client_assertion=x"),
    ("Digest", 401, "invalid_client", "auth_method", [("Authorization", 'Digest username="good"')], ""),
    ("Negotiate", 401, "invalid_client", "auth_method", [("Authorization", "Negotiate YII=")], ""),
    ("its own token", 401, "invalid_client", "auth_method", [("Authorization", "Bearer TOKEN")], ""),
    ("id alone", 401, "invalid_client", "auth_missing", [], "&client_id=good"),
    ("empty secret", 401, "invalid_client", "auth_missing", [], "&client_id=good&client_secret="),
    ("secret alone", 401, "invalid_client", "client_unknown", [], "&client_secret=SECRET"),
    ("nothing", 401, "invalid_client", "auth_missing", [], ""),
])
def test_a6_nothing_but_a_credential_proves_anything(s, name, status, error, reason, headers, more):
    token = s.token(*s.good).json["access_token"] if name == "its own token" else ""
    headers = [(k, v.replace("TOKEN", token)) for k, v in headers]
    refused(s, status, error, reason, FORM + more.replace("SECRET", s.good[1]), headers, secrets=[token] if token else [])


def b64(raw):
    return "Basic " + base64.b64encode(raw if isinstance(raw, bytes) else raw.encode()).decode()


BASIC = {
    "empty": (400, "auth_header", "Basic"), "blank": (400, "auth_header", "Basic "), "two blanks": (400, "auth_header", "Basic  Z29vZDp4"),
    "a tab": (401, "auth_method", "Basic\tZ29vZDp4"), "not base64": (400, "auth_header", "Basic !!!!"), "base64url": (400, "auth_header", "Basic Z29v-_=="),
    "cut": (400, "auth_header", "Basic Z29vZDp"), "no padding": (400, "auth_header", "Basic Z29vZDp4eA"), "too much padding": (400, "auth_header", "Basic Z29vZDp4="),
    "unused bits": (400, "auth_header", "Basic Z29vZDp4eB=="), "a blank inside": (400, "auth_header", "Basic Z29v ZDp4"),
    "two": (400, "auth_header", "Basic Z29vZDp4, Basic Z29vZDp4"), "a parameter": (400, "auth_header", "Basic Z29vZDp4;x=y"),
    "no colon": (400, "auth_header", b64("good")), "NUL in the id": (400, "auth_header", b64("go\0od:x")), "NUL behind": (400, "auth_header", b64("good:x\0")),
    "LF": (400, "auth_header", b64("good:x\n")), "DEL": (400, "auth_header", b64("good:\x7f")), "bad UTF-8": (400, "auth_header", b64(b"good:\xff")),
    "overlong UTF-8": (400, "auth_header", b64(b"good:\xc0\xaf")), "UTF-16": (400, "auth_header", b64("good:x".encode("utf-16"))),
    "empty id": (401, "client_unknown", b64(":x")), "empty secret": (401, "secret_wrong", b64("good:")), "both empty": (401, "client_unknown", b64(":")),
    "UTF-8": (401, "client_unknown", b64("gööd:x")), "broken escape": (401, "secret_wrong", b64("good:%zz")), "escaped NUL": (401, "secret_wrong", b64("good:%00")),
    "escaped LF in the id": (401, "client_unknown", b64("good%0a:x")), "escaped colon": (401, "client_unknown", b64("good%3ax:x")),
    "plus is a blank": (401, "client_unknown", b64("go+od:x")), "blank before the id": (401, "client_unknown", b64(" good:SECRET")),
    "blank behind the secret": (401, "secret_damaged", b64("good:SECRET ")), "quoted": (401, "client_unknown", b64('"good":"SECRET"')),
    "id twice": (401, "secret_wrong", b64("good:good:SECRET")), "scheme in the value": (400, "auth_header", "Basic Basic Z29vZDp4"),
}


@pytest.mark.parametrize("name", BASIC)
def test_a7_basic(s, name):
    status, reason, header = BASIC[name]
    if "SECRET" in name or name in ("blank before the id", "blank behind the secret", "quoted", "id twice"):
        header = b64(base64.b64decode(header[6:]).decode().replace("SECRET", s.good[1]))
    refused(s, status, "invalid_client" if status == 401 else "invalid_request", reason, FORM, [("Authorization", header)])


def test_a7_two_headers(s):
    headers = [("Authorization", basic(*s.good)), ("Authorization", basic(*s.good))]
    refused(s, 400, "invalid_request", "unreadable", FORM, headers, event="request.refused")


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bAsIc"])
def test_a7_the_scheme_has_no_case(s, scheme):
    c = connect(s)
    assert call(c, body=FORM.encode(), headers=[("Authorization", scheme + basic(*s.good)[5:])]).status == 200
    still_serves(s, c)


def test_a8_old_secrets(s):
    """In the overlap, after it, and after an emergency: on the next request, not a second later."""
    name, old = s.client("rotating", "--allow", f"{API}=r")
    new = s.ask("POST", f"/clients/{name}/credentials/rotate", {"overlap": 2}, status=201)["client_secret"]
    for secret in (old, new):
        assert s.token(name, secret).status == 200
    time.sleep(3)
    refused(s, 401, "invalid_client", "secret_expired", FORM, [("Authorization", basic(name, old))], secrets=[old])
    token = s.token(name, new).json["access_token"]
    newest = s.ask("POST", f"/clients/{name}/credentials/rotate", {"now": True}, status=201)["client_secret"]
    refused(s, 401, "invalid_client", "secret_revoked", FORM, [("Authorization", basic(name, new))], secrets=[new])
    assert s.token(name, newest).status == 200
    assert introspect(s, token, s.rs).body == INACTIVE


SPOOFED = ["X-SSL-Client-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert", "X-ARR-ClientCert", "X-Amzn-Mtls-Clientcert", "X-Amzn-Mtls-Clientcert-Leaf", "Client-Cert",
           "Client-Cert-Chain", "SSL_CLIENT_CERT", "SSL-Client-Cert", "ssl_client_cert", "X_SSL_Client_Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN",
           "X-SSL-Client-SHA1", "X-Client-DN", "X-Real-Client", "Remote-User", "REMOTE_USER", "X-Remote-User", "X-Forwarded-User", "X-Authenticated-User",
           "X-Consumer-Username", "X-WEBAUTH-USER"]


@pytest.mark.parametrize("proxy", [False, True])
def test_a14_no_header_says_who_asks(start, proxy):
    """Neither a stranger's nor a trusted proxy's."""
    more = {"env": {"JETON_SERVER_TRUSTED_PROXIES": "127.0.0.0/8"}} if proxy else {}
    s = start(dev=False, **more)
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    s.good = s.client("good", "--allow", f"{API}=r")
    pem = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=good",
                          "-keyout", "/dev/null"], capture_output=True, text=True, check=True).stdout
    one_line = "".join(pem.split("\n")[1:-2])
    for name in SPOOFED:
        for value in ("good", "SUCCESS", "CN=good", one_line, ":" + one_line + ":", "By=spiffe://x;Hash=00;Subject=\"CN=good\";URI=good"):
            c, before = connect(s), last_seq(s)
            a = call(c, body=f"{FORM}&client_id=good".encode(), headers=[(name, value)])
            assert a.status == 401 and a.json["error"] == "invalid_client"
            assert [(e["type"], e["reason"]) for e in events_after(s, before)] == [("token.denied", "auth_missing")]
            c.close()
    still_serves(s, connect(s))


# -- introspection and revocation ------------------------------------------------------------------------------------
INACTIVE = b'{"active":false}'


def introspect(s, token, who, path="/introspect", headers=()):
    auth = who if isinstance(who, str) else basic(*who)
    c = connect(s)
    a = call(c, path=path, body=f"token={token}".encode(), headers=[("Authorization", auth), *headers])
    c.close()
    return a


@pytest.mark.parametrize("name, status, error, reason, auth", [
    ("nothing", 401, "invalid_client", "auth_missing", None), ("a wrong secret", 401, "invalid_client", "secret_wrong", ("rs", "wrong")),
    ("nobody", 401, "invalid_client", "client_unknown", ("nobody", "x")), ("a forged bearer", 401, "invalid_token", "bearer_invalid", "Bearer eyJhbGciOiJub25lIn0.e30.e30"),
    ("an opaque bearer", 401, "invalid_token", "bearer_invalid", "Bearer jat_" + "A" * 43)])
def test_i1_no_answer_without_credentials(s, name, status, error, reason, auth):
    """The same to the byte for a token that is good, one that is over and none."""
    good, seen = s.token(*s.good).json["access_token"], set()
    for token in (good, good[:-4] + "AAAA", "garbage", ""):
        headers = [] if auth is None else [("Authorization", auth if isinstance(auth, str) else basic(*auth))]
        a, _ = refused(s, status, error, reason, f"token={token}", headers, path="/introspect", event="introspection.denied", secrets=[good])
        seen.add(str(shape(a)))
    assert len(seen) == 1


ACCEPTS = ["application/token-introspection+jwt", "application/jwt", "application/json, application/token-introspection+jwt;q=0.9", "*/*", ""]


@pytest.mark.parametrize("accept", ACCEPTS)
def test_i2_another_resource_server_learns_nothing(s, accept):
    """Whatever representation it asks for (RFC 9701): not even that the token exists."""
    for resource in (API, REST):
        token = s.token(*s.both, resource=resource).json["access_token"]
        for who in (s.other_rs, s.good, "Bearer " + s.token(*s.good).json["access_token"]):
            for path in ("/introspect", "/token-srv/introspect"):
                a = introspect(s, token, who, path, [("Accept", accept)])
                assert (a.status, a.body, a.headers["Content-Type"]) == (200, INACTIVE, "application/json")
        assert introspect(s, token, s.rs, headers=[("Accept", accept)]).json["active"] is True


def test_i2_a_token_that_an_api_received_does_not_make_it_its_caller(s):
    """The bearer may ask about itself; not about another token of the same client."""
    one, two = (s.token(*s.both, resource=API).json["access_token"] for _ in range(2))
    assert introspect(s, one, "Bearer " + one).json["active"] is True
    assert introspect(s, two, "Bearer " + one).body == INACTIVE


def test_i3_guessing_tokens(s):
    """Opaque tokens have 256 bits; guesses around a real one, and at random, are all alike, and counted."""
    token, rng = s.token(*s.both, resource=REST).json["access_token"], random.Random(3)
    assert introspect(s, token, s.rs).json["active"] is True
    alphabet = string.ascii_letters + string.digits + "-_"
    assert token.startswith("jat_") and len(token) == 47 and set(token[4:]) <= set(alphabet)
    guesses = ["jat_" + "".join(rng.choices(alphabet, k=43)) for _ in range(200)]
    guesses += [token[:i] + rng.choice(alphabet.replace(token[i], "")) + token[i + 1:] for i in range(4, 47)]
    guesses += [token[:-1], token + "A", token.upper(), token.lower(), token.swapcase(), token[4:], "jat_", "JAT_" + token[4:], token + "%20", token + "="]
    c = connect(s)
    answers = {call(c, path="/introspect", body=f"token={g}".encode(), headers=[("Authorization", basic(*s.rs))]).body for g in guesses if g != token}
    assert answers == {INACTIVE}
    assert until(lambda: sum(e.get("count", 1) for e in s.events(type="introspection.counted", client_id="rs")) > len(guesses) / 2)
    c.close()


def test_i4_one_answer_for_all_that_are_not_active(s):
    """Unknown, over, revoked, malformed, foreign, of a client that is gone: headers and body alike."""
    gone = s.client("gone", "--allow", f"{API}=r", "--allow", f"{REST}=r")
    tokens = {}
    for resource in (API, REST):
        t = s.token(*gone, resource=resource).json["access_token"]
        assert introspect(s, t, s.rs).json["active"] is True
        tokens[f"deleted client, {resource}"] = t
        t = s.token(*s.both, resource=resource).json["access_token"]
        assert s.post("/revoke", {"token": t}, auth=s.both).status == 200
        tokens[f"revoked, {resource}"] = t
    s.ask("DELETE", "/clients/gone")
    good = s.token(*s.both, resource=API).json["access_token"]
    h, p, sig = good.split(".")
    tokens |= {"unknown": "jat_" + "B" * 43, "malformed": "x", "foreign": s.token(*s.both, resource=OTHER).json["access_token"],
               "none": base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + f".{p}.", "cut": good[:-1], "other signature": f"{h}.{p}.{sig[::-1]}",
               "no signature": f"{h}.{p}.", "unknown key": f"{h[:-6]}AAAAAA.{p}.{sig}", "long": "a" * 12000, "parts": ".".join("a" * 6)}
    seen = {}
    for name, t in tokens.items():
        a = introspect(s, t, s.rs)
        headers = sorted((k, v) for k, v in a.headers.items() if k not in ("Date", "X-Request-Id"))
        seen[name] = str((a.status, a.body, headers))
    assert len(set(seen.values())) == 1 and "active\":false" in seen["unknown"], seen
    assert introspect(s, good, s.rs).json["active"] is True


@pytest.mark.parametrize("change", ["disable", "delete", "scope", "grant", "resource"])
@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_i5_what_ends_tokens_ends_them_with_its_answer(s, change, form):
    """No window: the next introspection after the change was acknowledged says inactive."""
    n = next(_count)
    audience, name = f"https://i5-{n}.example.com", f"i5-{n}"
    s.cli("resource", "create", audience, "--scope", "r", "--scope", "w", "--format", form, *(["--alg", "ES256"] if form == "jwt" else []))
    s.cli("resource", "update", audience, "--introspect-by", "rs")
    who = s.client(name, "--allow", f"{audience}=r,w")
    token = s.token(*who, resource=audience).json["access_token"]
    assert introspect(s, token, s.rs).json["active"] is True
    quoted = audience.replace(":", "%3A").replace("/", "%2F")
    if change == "disable":
        s.patch(f"/clients/{name}", {"enabled": False})
    elif change == "delete":
        s.ask("DELETE", f"/clients/{name}")
    elif change == "scope":
        s.patch(f"/resources/{quoted}", {"scopes": [{"name": "r"}]})
    elif change == "grant":
        s.ask("DELETE", f"/clients/{name}/grants/{quoted}", status=200)
    else:
        s.ask("DELETE", f"/clients/{name}/grants/{quoted}", status=200)
        s.ask("DELETE", f"/resources/{quoted}")
    assert introspect(s, token, s.rs).body == INACTIVE


def test_r1_nobody_else_ends_a_token(s):
    """Not another client, not the resource server, not who introspects it, not who has it in hand."""
    token = s.token(*s.both, resource=API).json["access_token"]
    for who in (s.good, s.rs, s.other_rs):
        a = s.post("/revoke", {"token": token}, auth=who)
        assert (a.status, a.body) == (200, b"")
    refused(s, 401, "invalid_client", "auth_method", f"token={token}", [("Authorization", "Bearer " + token)], path="/revoke",
            event="revocation.denied", secrets=[token])
    assert introspect(s, token, s.rs).json["active"] is True


def test_r2_revoking_nonsense(s):
    """200 and empty, with one event each, and no token in it."""
    token = s.token(*s.both, resource=API).json["access_token"]
    h, p, sig = token.split(".")
    for t in ["garbage", "a.b.c", "jat_" + "A" * 43, f"{h}.{p}.{sig[::-1]}", f"{h}.{p}.", "..", "x" * 12000, "%00", "é" * 50, "{}", "null"]:
        c, before = connect(s), last_seq(s)
        a = call(c, path="/revoke", body=b"token=" + t.replace("%00", "%2500").encode(), headers=[("Authorization", basic(*s.good))])
        assert (a.status, a.body) == (200, b"")
        told = events_after(s, before)
        assert [(e["type"], e["reason"]) for e in told] == [("revocation.ignored", "unknown_or_over")]
        assert p not in str(told)
        still_serves(s, c)
    assert introspect(s, token, s.rs).json["active"] is True
