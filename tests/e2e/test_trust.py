# SPDX-License-Identifier: Apache-2.0
"""Trust rules: tokens of other issuers as client_assertion, and where their keys come from."""
import concurrent.futures
import json
import pathlib
import subprocess
import time

import pytest
from assertions import Key, form
from issuer import Issuer, make_certificate, token
from shim import Shim
from support import BIN, jti, until

API = "https://api.example.com"
SUB = "repo:acme/app:ref:refs/heads/main"


@pytest.fixture
def issuer(tmp_path):
    i = Issuer(tmp_path / "issuer")
    yield i
    i.stop()


def reach(issuer, **more):
    """The environment of a server that may ask this issuer."""
    return {"JETON_TRUST_CA_FILE": issuer.ca, "JETON_TRUST_ALLOW_NETWORKS": "127.0.0.1,::1", **more}


def rule_of(issuer, sub=None, **more):
    return {"issuer": issuer.url, "match": {"sub": sub or {"prefix": "repo:acme/app:"}}, **more}


def client_with_rule(server, rule, name="workload", **credential):
    made = server.ask("POST", "/clients", {"name": name, "secret": False, "grants": [{"resource": API, "scopes": ["api:read"]}]})
    k = server.ask("POST", f"/clients/{made['client_id']}/credentials", {"kind": "trust", "trust": rule, **credential})
    return made["client_id"], k["credential_id"]


def enter(server, client, assertion, **more):
    return server.post("/token", form(assertion, client_id=client), **more)


def reason_of(server, answer):
    said = server.cli_json("explain", answer.json["error_ref"])
    return {**said, "detail": said.get("event", {}).get("detail", "")}  # many at once are counted, not told one by one


def wire(answer):
    return json.dumps([answer.status, {k: v for k, v in answer.json.items() if k != "error_ref"}, answer.headers["WWW-Authenticate"]])


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
def test_found_through_the_issuers_metadata(start, issuer, alg):
    server = start(env=reach(issuer))
    client, credential = client_with_rule(server, rule_of(issuer))
    key = issuer.key(alg)
    t = token(key, issuer.url, server.issuer, SUB)
    a = enter(server, client, t)
    assert a.status == 200 and a.json["scope"] == "api:read", a
    [event] = server.events(type="token.issued", jti=jti(a.json["access_token"]))
    assert event["client_id"] == client and event["credential_id"] == credential
    b = enter(server, client, t)  # each is good once
    assert b.status == 401 and reason_of(server, b)["reason"] == "assertion_replayed"
    assert enter(server, client, token(key, issuer.url, server.issuer, SUB)).status == 200
    assert issuer.asked == {issuer.DISCOVERY: 1, issuer.JWKS: 1}


def test_like_kubernetes(start, issuer):
    server = start(env=reach(issuer))
    client, _ = client_with_rule(server, rule_of(
        issuer, "system:serviceaccount:prod:app", jwks_uri=issuer.url + "/keys", max_life="1h",
        **{"match": {"sub": "system:serviceaccount:prod:app", "/kubernetes.io/namespace": "prod",
                     "/kubernetes.io/serviceaccount/uid": {"any": ["u1", "u2"]}}}))
    key = issuer.key("RS256")

    def pod(namespace="prod", uid="u2"):
        return token(key, issuer.url, [server.issuer], "system:serviceaccount:prod:app", 3599,
                     **{"kubernetes.io": {"namespace": namespace, "pod": {"name": "app-1"}, "serviceaccount": {"name": "app", "uid": uid}}})

    assert enter(server, client, pod()).status == 200
    for bad in (pod(namespace="dev"), pod(uid="u3")):
        a = enter(server, client, bad)
        assert a.status == 401 and reason_of(server, a)["reason"] == "trust_claims"
    assert issuer.asked == {issuer.JWKS: 1}


def test_spiffe_without_iss(start, issuer):
    server = start()
    key = Key("ES256", "bundle")
    rule = {"issuer": "spiffe://acme.example", "match": {"sub": {"prefix": "spiffe://acme.example/ns/prod/"}},
            "jwks": {"keys": [{**key.jwk, "use": "jwt-svid"}]}, "replay": "none"}
    client, _ = client_with_rule(server, rule)

    def svid(sub="spiffe://acme.example/ns/prod/app", **more):
        return token(key, None, [server.issuer], sub, jti=None, **more)

    assert enter(server, client, svid()).status == 200
    same = svid()
    assert enter(server, client, same).status == enter(server, client, same).status == 200  # replay: none
    for bad in (svid("spiffe://acme.example.evil/ns/prod/app"), svid("spiffe://acme.example/ns/dev/app")):
        a = enter(server, client, bad)
        assert a.status == 401 and reason_of(server, a)["reason"] in ("trust_claims", "trust_rule")
    assert "libcurl.so" not in pathlib.Path(f"/proc/{server.process.pid}/maps").read_text()


REFUSED = {
    "no client_id": ("trust_rule", None),
    "other issuer": ("trust_rule", lambda k, i, s: token(k, "https://evil.example", s, SUB)),
    "issuer with a slash": ("trust_rule", lambda k, i, s: token(k, i + "/", s, SUB)),
    "aud of another": ("assertion_audience", lambda k, i, s: token(k, i, "https://evil.example", SUB)),
    "aud with another": ("assertion_malformed", lambda k, i, s: token(k, i, [s, "https://evil.example"], SUB)),
    "no aud": ("assertion_audience", lambda k, i, s: token(k, i, None, SUB)),
    "other repository": ("trust_claims", lambda k, i, s: token(k, i, s, "repo:evil/app:ref:refs/heads/main")),
    "no sub": ("trust_claims", lambda k, i, s: token(k, i, s, None)),
    "expired": ("assertion_expired", lambda k, i, s: token(k, i, s, SUB, at=-600)),
    "no exp": ("assertion_malformed", lambda k, i, s: token(k, i, s, SUB, exp=None)),
    "lives too long": ("assertion_life", lambda k, i, s: token(k, i, s, SUB, 7200)),
    "lives too long since iat": ("assertion_life", lambda k, i, s: token(k, i, s, SUB, 7200, at=-7000)),
    "from the future": ("assertion_not_yet_valid", lambda k, i, s: token(k, i, s, SUB, at=60)),
    "no jti": ("assertion_jti", lambda k, i, s: token(k, i, s, SUB, jti=None)),
    "unknown kid": ("assertion_key", lambda k, i, s: token(k, i, s, SUB, header={"kid": "other"})),
    "other key of that name": ("assertion_signature", lambda k, i, s: token(Key("ES256", "k1"), i, s, SUB)),
    "other algorithm": ("assertion_key", lambda k, i, s: token(Key("RS256", "k1"), i, s, SUB)),
    "access token": ("assertion_malformed", lambda k, i, s: token(k, i, s, SUB, header={"typ": "at+jwt"})),
    "a type for clients": ("assertion_malformed", lambda k, i, s: token(k, i, s, SUB, header={"typ": "client-authentication+jwt"})),
    "logout token": ("assertion_malformed", lambda k, i, s: token(k, i, s, SUB, header={"typ": "logout+jwt"})),
}


def test_refusals_look_alike_and_are_told_apart(start, issuer):
    key = issuer.key()
    server = start(env=reach(issuer))
    seen = set()
    n = 0
    for name, (reason, make) in REFUSED.items():
        if n % 4 == 0:  # the throttle looks at clients
            client, _ = client_with_rule(server, rule_of(issuer, max_life="1h"), f"w{n}")
            assert enter(server, client, token(key, issuer.url, server.issuer, SUB)).status == 200
        n += 1
        if make is None:
            a = server.post("/token", form(token(key, issuer.url, server.issuer, SUB)))
            assert "send client_id" in reason_of(server, a)["detail"] and "send client_id" in reason_of(server, a)["advice"]
        else:
            a = enter(server, client, make(key, issuer.url, server.issuer))
        if a.status == 429:  # many wrong ones from one address: a server of its own for the rest
            server.stop()
            server = start(f"more-{n}", env=reach(issuer))
            client, _ = client_with_rule(server, rule_of(issuer, max_life="1h"), f"w{n}")
            a = enter(server, client, make(key, issuer.url, server.issuer))
        assert a.status == 401 and reason_of(server, a)["reason"] == reason, (name, a, reason_of(server, a))
        seen.add(wire(a))
    a = enter(server, "nobody", token(key, issuer.url, server.issuer, SUB))
    assert reason_of(server, a)["reason"] == "client_unknown"
    seen.add(wire(a))
    assert len(seen) == 1, seen


def test_explain_says_which_claim(start, issuer):
    key = issuer.key()
    server = start(env=reach(issuer))
    client, _ = client_with_rule(server, {"issuer": issuer.url, "match": {"sub": SUB, "repository_owner_id": "123"}})
    a = enter(server, client, token(key, issuer.url, server.issuer, SUB, repository_owner_id=123))
    said = reason_of(server, a)
    assert said["reason"] == "trust_claims" and said["detail"] == 'repository_owner_id is 123; wanted: "123"', said
    assert issuer.asked == {}  # who does not know the rule makes nobody ask


def test_explain_says_whose_tokens_are_taken(start):
    server = start()
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}}
    client, _ = client_with_rule(server, rule)
    for host, sub in (("a", "other:a"), ("b", SUB), ("c", SUB), ("d", SUB)):  # two of the first
        server.ask("POST", f"/clients/{client}/credentials",
                   {"kind": "trust", "trust": {**rule, "issuer": f"https://{host}.example", "match": {"sub": sub}}})
    a = enter(server, client, token(key, "https://evil.example/" + "x" * 200, server.issuer, SUB))
    said = reason_of(server, a)
    assert said["reason"] == "trust_rule"
    assert said["detail"] == ('iss is "https://evil.example/' + "x" * 79 + '..."; the client\'s rules name '
                              '"https://a.example", "https://b.example", "https://c.example" and 1 more'), said


@pytest.mark.parametrize("how", ["revoke", "disable", "elsewhere", "not yet"])
def test_a_rule_is_a_credential(start, how):
    server = start()
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}}
    client, credential = client_with_rule(server, rule, **{"elsewhere": {"networks": ["10.0.0.0/8"]},
                                                           "not yet": {"not_before": "2099-01-01T00:00:00Z"}}.get(how, {}))
    if how == "revoke":
        server.cli("credential", "revoke", client, credential, "--yes")
    if how == "disable":
        server.cli("client", "disable", client)
    a = enter(server, client, token(key, "https://a.example", server.issuer, SUB))
    assert a.status == 401 and reason_of(server, a)["reason"] == {
        "revoke": "credential_revoked", "disable": "client_disabled", "elsewhere": "credential_network", "not yet": "credential_not_yet_valid"}[how]
    b = enter(server, client, token(Key("ES256", "k"), "https://a.example", server.issuer, SUB))
    assert b.status == 401 and reason_of(server, b)["reason"] == "trust_rule"
    fresh = server.ask("POST", f"/clients/{client}/credentials", {"kind": "trust", "trust": {**rule, "max_life": "1h"}})["credential_id"]
    if how != "disable":  # an old rule does not stand in the way of the new one
        a = enter(server, client, token(key, "https://a.example", server.issuer, SUB))
        assert a.status == 200, a
        assert server.events(type="token.issued")[0]["credential_id"] == fresh


def test_the_rule_whose_key_signed_decides_the_reason(start):
    server = start()
    old, new = Key("ES256", "old"), Key("ES256", "new")
    rules = [{"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [k.jwk]}} for k in (old, new)]
    client, first = client_with_rule(server, rules[0])
    second = server.ask("POST", f"/clients/{client}/credentials", {"kind": "trust", "trust": rules[1]})["credential_id"]
    for key, credential in ((new, second), (old, first)):
        for more, reason in (({"at": -600}, "assertion_expired"), ({"life": 999999}, "assertion_life"), ({"jti": None}, "assertion_jti")):
            a = enter(server, client, token(key, "https://a.example", server.issuer, SUB, **more))
            said = reason_of(server, a)
            assert a.status == 401 and (said["reason"], said["event"]["credential_id"]) == (reason, credential), said
    a = enter(server, client, token(Key("ES256", "none of both"), "https://a.example", server.issuer, SUB, at=-600))
    assert reason_of(server, a)["reason"] == "assertion_key"


def test_the_keys_of_four_rules_are_tried_for_a_reason(start):
    """A stranger's token costs a bounded number of signature checks; what is good is found among all rules."""
    server = start()
    keys = [Key("ES256", f"k{i}") for i in range(6)]
    rules = [{"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [k.jwk]}} for k in keys]
    client, first = client_with_rule(server, rules[0])
    credentials = [first] + [server.ask("POST", f"/clients/{client}/credentials", {"kind": "trust", "trust": r})["credential_id"] for r in rules[1:]]
    told = [reason_of(server, enter(server, client, token(k, "https://a.example", server.issuer, SUB, at=-600))) for k in keys]
    assert sorted(t["reason"] for t in told) == ["assertion_expired"] * 4 + ["assertion_key"] * 2, told
    for key, credential in zip(keys, credentials):
        a = enter(server, client, token(key, "https://a.example", server.issuer, SUB))
        assert a.status == 200 and server.events(type="token.issued", jti=jti(a.json["access_token"]))[0]["credential_id"] == credential


def test_used_ones_are_remembered_over_a_restart(start, tmp_path):
    server = start()
    key = Key("ES256", "k")
    client, _ = client_with_rule(server, {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}})
    t = token(key, "https://a.example", server.issuer, SUB)
    assert enter(server, client, t).status == 200
    server.kill()
    again = start(port=server.port)
    a = enter(again, client, t)
    assert a.status == 401 and reason_of(again, a)["reason"] == "assertion_replayed"


def test_a_forged_token_does_not_use_up_a_good_ones_jti(start):
    """threats J28."""
    server = start()
    key = Key("ES256", "k")
    client, _ = client_with_rule(server, {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}})
    a = enter(server, client, token(Key("ES256", "k"), "https://a.example", server.issuer, SUB, jti="one"))
    assert a.status == 401 and reason_of(server, a)["reason"] == "assertion_signature"
    assert enter(server, client, token(key, "https://a.example", server.issuer, SUB, jti="one")).status == 200


def test_one_token_one_client(start):
    """Two clients with the same rule: a token is good once, for one of them."""
    server = start()
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}}
    (one, _), (two, _) = client_with_rule(server, rule, "one"), client_with_rule(server, rule, "two")
    t = token(key, "https://a.example", server.issuer, SUB)
    assert enter(server, one, t).status == 200
    a = enter(server, two, t)
    assert a.status == 401 and reason_of(server, a)["reason"] == "assertion_replayed"


def test_one_of_a_hundred_parallel_uses(start):
    server = start()
    key = Key("ES256", "k")
    client, _ = client_with_rule(server, {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}})
    t = token(key, "https://a.example", server.issuer, SUB)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = [a.status for a in pool.map(lambda _: enter(server, client, t), range(100))]
    assert answers.count(200) == 1 and set(answers) == {200, 401}


# -- where keys come from ----------------------------------------------------------------------------------------------

def unreachable(server, client, iss, note):
    """503 that says nothing, and what explain says."""
    a = enter(server, client, token(note, iss, server.issuer, SUB))
    assert a.status == 503 and a.json["error"] == "temporarily_unavailable" and a.headers["Retry-After"], a
    said = reason_of(server, a)
    assert said["reason"] == "trust_keys", said
    return said["detail"]


def test_addresses_that_are_not_public(start, issuer):
    """threats S19: what only the server can reach is not asked, whatever name leads there."""
    server = start(env={"JETON_TRUST_CA_FILE": issuer.ca})
    key = issuer.key()
    port = issuer.port
    places = {"127.0.0.1": f"https://127.0.0.1:{port}/keys", "localhost": f"https://localhost:{port}/keys", "::1": f"https://[::1]:{port}/keys",
              "mapped": f"https://[::ffff:127.0.0.1]:{port}/keys", "NAT64": f"https://[64:ff9b::7f00:1]:{port}/keys",
              "a number": f"https://2130706433:{port}/keys", "octal": f"https://0177.0.0.1:{port}/keys", "zero": f"https://0.0.0.0:{port}/keys",
              "metadata": "https://169.254.169.254/latest/meta-data/", "private": "https://10.0.0.1/keys", "plain": f"http://127.0.0.1:{port}/keys"}
    for name, uri in places.items():
        client, _ = client_with_rule(server, rule_of(issuer, jwks_uri=uri), name.replace(":", "c").replace(" ", "-"))
        detail = unreachable(server, client, issuer.url, key)
        assert name != "127.0.0.1" or "not an address of the public Internet" in detail
        told = [line for line in server.stderr().splitlines() if f"keys at {uri} cannot be fetched" in line]
        assert len(told) == 1 and "not an address of the public Internet" in told[0], (name, server.stderr())
    client, _ = client_with_rule(server, rule_of(issuer), "found")
    unreachable(server, client, issuer.url, key)
    assert issuer.asked == {}


def test_redirects_lead_nowhere(start, issuer):
    server = start(env=reach(issuer))
    key = issuer.key()
    for status in (301, 302, 303, 307, 308):
        issuer.instead[f"/moved{status}"] = (status, {"Location": issuer.url + "/keys"}, b"", 0)
        client, _ = client_with_rule(server, rule_of(issuer, jwks_uri=f"{issuer.url}/moved{status}"), f"c{status}")
        assert "redirect" in unreachable(server, client, issuer.url, key)
    assert issuer.JWKS not in issuer.asked


def test_certificates_count(start, issuer):
    server = start(env={"JETON_TRUST_ALLOW_NETWORKS": "127.0.0.0/8"})
    client, _ = client_with_rule(server, rule_of(issuer))
    assert "of no CA that this system trusts" in unreachable(server, client, issuer.url, issuer.key())
    assert until(lambda: "cannot be fetched" in server.stderr())


def test_proxies_of_the_environment_do_not_count(start, issuer):
    server = start(env=reach(issuer, https_proxy="http://127.0.0.1:1", all_proxy="http://127.0.0.1:1"))
    key = issuer.key()
    client, _ = client_with_rule(server, rule_of(issuer))
    assert enter(server, client, token(key, issuer.url, server.issuer, SUB)).status == 200


def test_libcurl_is_there_when_it_is_needed(start, issuer):
    server = start(env=reach(issuer))
    maps = pathlib.Path(f"/proc/{server.process.pid}/maps")
    client, _ = client_with_rule(server, rule_of(issuer))
    assert "libcurl.so" not in maps.read_text()
    assert enter(server, client, token(issuer.key(), issuer.url, server.issuer, SUB)).status == 200
    assert "libcurl.so" in maps.read_text()


def test_a_hundred_first_uses_are_one_fetch(start, issuer):
    server = start(env=reach(issuer))
    key = issuer.key()
    client, _ = client_with_rule(server, rule_of(issuer))
    issuer.instead[issuer.JWKS] = (200, {}, issuer.document(issuer.JWKS), 1)
    tokens = [token(key, issuer.url, server.issuer, SUB) for _ in range(100)]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda t: enter(server, client, t), tokens))
    assert [a.status for a in answers] == [200] * 100
    assert issuer.asked == {issuer.DISCOVERY: 1, issuer.JWKS: 1}
    page = subprocess.run(["curl", "-s", "--unix-socket", f"{server.data}/admin.sock", "http://jeton/metrics"], capture_output=True, text=True,
                          timeout=20).stdout.splitlines()
    assert {'jeton_issuer_fetches_total{result="ok"} 1', 'jeton_issuer_fetches_total{result="failed"} 0', "jeton_issuer_keys 1",
            "jeton_replay_cache_entries 100"} <= set(page)


class Sleep:
    """A server and its clocks: so much later, as if the machine had slept."""

    def __init__(self, tmp_path, start, issuer, **more):
        self.shim, self.at, self.issuer = Shim(tmp_path, "clock", "CLOCK_CONTROL"), 0, issuer
        self.server = start(env={**reach(issuer, **more), **self.shim.env})
        self.client, _ = client_with_rule(self.server, rule_of(issuer))

    def later(self, seconds):
        self.at += seconds
        self.shim(f"{self.at} {self.at}")

    def enter(self, key, **more):
        return enter(self.server, self.client, token(key, self.issuer.url, self.server.issuer, SUB, at=self.at, **more))

    def detail(self, key):
        a = self.enter(key)
        assert a.status == 503, a
        return reason_of(self.server, a)["detail"]


@pytest.fixture
def sleep(tmp_path, start, issuer):
    return Sleep(tmp_path, start, issuer, JETON_SERVER_TRUSTED_PROXIES="127.0.0.1")


def test_unknown_keys_cause_no_storm(sleep, issuer):
    """threats S19: strangers invent kids; the issuer is asked once in 30 s."""
    key = issuer.key()
    assert sleep.enter(key).status == 200

    def storm(first, n=60):
        def one(i):
            t = token(key, issuer.url, sleep.server.issuer, SUB, at=sleep.at, header={"kid": f"x{i}"})
            return enter(sleep.server, sleep.client, t, headers={"X-Forwarded-For": f"198.51.{i // 200}.{i % 200 + 1}"})
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return [a.status for a in pool.map(one, range(first, first + n))]

    assert set(storm(0)) <= {401, 429}
    assert issuer.asked[issuer.JWKS] == 1
    sleep.later(31)
    assert set(storm(1000)) <= {401, 429}
    assert issuer.asked[issuer.JWKS] == 2
    new = issuer.key("ES256", "k2")  # the issuer's next key: known when the issuer may be asked again
    sleep.later(31)
    assert sleep.enter(new).status == 200 and issuer.asked[issuer.JWKS] == 3


def test_keys_are_used_on_while_the_issuer_is_down(sleep, issuer):
    key = issuer.key()
    assert sleep.enter(key).status == 200
    issuer.stop()
    sleep.later(2 * 3600)
    assert sleep.enter(key).status == 200
    assert until(lambda: "those that are known are used on" in sleep.server.stderr())
    sleep.later(21 * 3600)
    assert sleep.enter(key).status == 200
    sleep.later(2 * 3600)
    assert "cannot connect" in sleep.detail(key)


def test_what_is_no_set_of_keys_never_takes_its_place(sleep, issuer):
    key = issuer.key()
    assert sleep.enter(key).status == 200
    good = issuer.document(issuer.JWKS)
    bad = {
        "huge": (200, {}, good[:-1] + b',"x":"' + b"x" * 300_000 + b'"}', 0),
        "html": (200, {"Content-Type": "text/html"}, b"<html>maintenance</html>", 0),
        "empty": (200, {}, b'{"keys":[]}', 0),
        "nothing": (200, {}, b"", 0),
        "secrets": (200, {}, b'{"keys":[{"kty":"oct","k":"AAAA"}]}', 0),
        "down": (503, {}, b"", 0),
        "gone": (404, {}, good, 0),
        "gzip": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\x00bomb", 0),
        "slow": (200, {}, good, 8),
    }
    for name, answer in bad.items():
        issuer.instead[issuer.JWKS] = answer
        sleep.later(2 * 3600)
        assert sleep.enter(key).status == 200, name
    issuer.instead.clear()
    new = issuer.key("ES256", "k2")
    sleep.later(31)
    assert sleep.enter(new).status == 200
    asked = issuer.asked[issuer.JWKS]
    assert asked == len(bad) + 2


def test_metadata_of_another_issuer(start, issuer):
    server = start(env=reach(issuer))
    key = issuer.key()
    client, _ = client_with_rule(server, rule_of(issuer))
    issuer.instead[issuer.DISCOVERY] = (200, {}, json.dumps({"issuer": issuer.url + "/", "jwks_uri": issuer.url + "/keys"}).encode(), 0)
    assert "they must be the same" in unreachable(server, client, issuer.url, key)
    assert issuer.JWKS not in issuer.asked


def test_reload_lets_more_networks_be_reached(start, issuer, tmp_path):
    conf = tmp_path / "jeton.yaml"
    conf.write_text(f"trust:\n  ca_file: {issuer.ca}\n")
    server = start(dev=False, args=("--config", str(conf)))
    server.cli("resource", "create", API, "--scope", "api:read")
    key = issuer.key()
    client, _ = client_with_rule(server, rule_of(issuer))
    unreachable(server, client, issuer.url, key)
    conf.write_text(f"trust:\n  ca_file: {issuer.ca}\n  allow_networks: [127.0.0.0/8]\n")
    server.process.send_signal(1)
    assert until(lambda: "changed: trust.allow_networks" in server.stderr())
    other, _ = client_with_rule(server, rule_of(issuer, jwks_uri=issuer.url + "/keys"), "other")
    assert enter(server, other, token(key, issuer.url, server.issuer, SUB)).status == 200


def test_a_ca_file_has_certificates(tmp_path):
    conf, file = tmp_path / "jeton.yaml", tmp_path / "ca.pem"
    conf.write_text(f"server:\n  data: {tmp_path}/d\ntrust:\n  ca_file: {file}\n")
    good = pathlib.Path(make_certificate(tmp_path)[1]).read_text()
    for text, says in (("", "no certificate in PEM form"), ("nothing\n", "no certificate in PEM form"), (good[:200], "cannot use"), (good, None), ("# a bundle\n" + good * 3, None)):
        file.write_text(text)
        r = subprocess.run([BIN, "check", "--config", conf], capture_output=True, text=True, timeout=30)
        assert (r.returncode == 0) if says is None else (r.returncode == 2 and says in r.stderr and "trust.ca_file" in r.stderr), (text, r.stderr)


# -- administration ----------------------------------------------------------------------------------------------------

def test_rules_are_shown_without_their_keys(dev, tmp_path):
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB, "x.y": True}, "jwks": {"keys": [key.jwk]}, "max_life": 600}
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(rule))
    made = dev.ask("POST", "/clients", {"name": "shown", "secret": False})["client_id"]
    added = dev.cli_json("credential", "add", made, "--trust", str(file), "--label", "ci")
    assert added["kind"] == "trust" and added["keys_from"] == "rule"
    assert added["trust"] == {k: v for k, v in rule.items() if k != "jwks"}
    [listed] = dev.cli_json("credential", "list", made)
    assert listed["trust"] == added["trust"] and listed["label"] == "ci"
    again = dev.cli("credential", "add", made, "--trust", str(file), ok=False)
    assert again.returncode == 6 and "already" in again.stderr
    assert "https://a.example" in dev.cli("credential", "list", made, "-o", "json").stdout


@pytest.mark.parametrize("rule, word", [
    ({"issuer": "https://a.example", "match": {"email": "x"}}, "nothing for sub"),
    ({"issuer": "https://a.example", "match": {"sub": {"prefix": "repo:"}}}, "strangers"),
    ({"issuer": "https://a.example", "match": {"sub": {"prefix": ""}}}, "empty prefix"),
    ({"issuer": "https://a.example", "match": {"sub": "repo:acme/app:*"}}, 'values are compared whole: use {\\"prefix\\": \\"repo:acme/app:\\"}'),
    ({"issuer": "https://a.example", "match": {"sub": {"any": ["x", "repo:*"]}}}, "values are compared whole"),
    ({"issuer": "https://a.example", "match": {"sub": "x", "ref": "*"}}, "values are compared whole"),
    ({"issuer": "https://a.example", "match": {"sub": {"prefix": "repo:acme/*"}}}, "in a prefix * stands for itself"),
    ({"issuer": "https://a.example", "match": {"sub": "x"}, "jwks_uri": "http://a.example/keys"}, "jwks_uri is an https:// URL"),
    ({"issuer": "http://a.example", "match": {"sub": "x"}}, "an https:// URL"),
    ({"issuer": "https://a.example", "match": {"sub": "x"}, "max_life": "25h"}, "max_life"),
    ({"issuer": "https://a.example", "match": {"sub": "x"}, "algs": ["HS256"]}, "algs"),
    ({"issuer": "https://a.example", "match": {"sub": "x"}, "audiences": "x"}, "unknown member"),
    ({"issuer": "https://a.example"}, "match is missing"),
    (None, "the rule"),
    ([], "JSON object"),
])
def test_wrong_rules_are_refused_with_the_reason(dev, tmp_path, rule, word):
    client = dev.ask("POST", "/clients", {"name": "wrong-" + tmp_path.name, "secret": False})["client_id"]
    a = dev.api("POST", f"/clients/{client}/credentials", {"kind": "trust", **({} if rule is None else {"trust": rule})})
    assert a.status == 422 and word in a.body.decode(), a
    if rule is not None:
        file = tmp_path / "rule.json"
        file.write_text(json.dumps(rule))
        r = dev.cli("credential", "add", client, "--trust", str(file), ok=False)
        assert r.returncode == 2 and word.replace("\\", "") in r.stderr, r


def test_a_rule_for_our_own_tokens_is_refused(dev):
    client = dev.ask("POST", "/clients", {"name": "own", "secret": False})["client_id"]
    a = dev.api("POST", f"/clients/{client}/credentials", {"kind": "trust", "trust": {"issuer": dev.issuer, "match": {"sub": "demo"}}})
    assert a.status == 422 and b"this server itself" in a.body, a


# -- jeton credential test ---------------------------------------------------------------------------------------------

def try_out(tmp_path, rule, t, *args, stdin=None, env=None):
    (tmp_path / "rule.json").write_text(rule if isinstance(rule, str) else json.dumps(rule))
    (tmp_path / "token").write_text(t)
    (tmp_path / "token").chmod(0o600)
    return subprocess.run([BIN, "credential", "test", str(tmp_path / "rule.json"), "-" if stdin else str(tmp_path / "token"), *args],
                          capture_output=True, text=True, input=stdin, env=env or {}, timeout=60, check=False)


def results(r):
    return {f["claim"]: f["result"] for f in json.loads(r.stdout)["rules"][0]["findings"]}


def test_test_says_what_fits(tmp_path):
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": {"prefix": "repo:acme/app:"}, "ref": "main"}, "jwks": {"keys": [key.jwk]}}
    good = token(key, "https://a.example", "https://auth.example", SUB, ref="main")
    r = try_out(tmp_path, rule, good, "--issuer", "https://auth.example", "-o", "json")
    assert r.returncode == 0 and json.loads(r.stdout)["accepted"] is True, r
    assert set(results(r).values()) == {"ok"} and {"iss", "aud", "exp", "sub", "ref", "signature"} <= set(results(r))
    r = try_out(tmp_path, rule, good, env={"JETON_ISSUER": "https://auth.example"})
    assert r.returncode == 0 and "CLAIM" in r.stdout and "signature" in r.stdout, r
    r = try_out(tmp_path, rule, "", "--audience", "https://auth.example", stdin=good + "\n")
    assert r.returncode == 0, r
    for change, wrong in (({"ref": "dev"}, "ref"), ({"ref": None}, "ref"), ({"aud": "x"}, "aud"), ({"exp": 1}, "exp")):
        bad = key.sign({k: v for k, v in {"iss": "https://a.example", "aud": "https://auth.example", "sub": SUB, "ref": "main",
                                          "exp": int(time.time()) + 60, "jti": "j", **change}.items() if v is not None})
        r = try_out(tmp_path, rule, bad, "--issuer", "https://auth.example", "-o", "json")
        assert r.returncode == 1 and results(r)[wrong] == "wrong" and results(r)["signature"] == "ok", r
    r = try_out(tmp_path, rule, good, "--issuer", "https://auth.example", "--now", "2099-01-01T00:00:00Z", "-o", "json")
    assert r.returncode == 1 and results(r)["exp"] == "wrong", r
    r = try_out(tmp_path, rule, good, "--issuer", "https://auth.example", "--now", "2h ago", "-o", "json")
    assert r.returncode == 1 and results(r)["iat"] == "wrong", r
    two = [{**rule, "issuer": "https://b.example"}, rule]  # one that fits is enough
    r = try_out(tmp_path, two, good, "--issuer", "https://auth.example", "-o", "json")
    assert r.returncode == 0 and [x["accepted"] for x in json.loads(r.stdout)["rules"]] == [False, True], r


def test_test_says_what_is_wrong_first(tmp_path):
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB, "ref": "main"}, "jwks": {"keys": [key.jwk]}}
    args = ("--issuer", "https://auth.example")
    r = try_out(tmp_path, rule, token(key, "https://a.example", "https://auth.example", SUB, ref="dev"), *args)
    lines = r.stdout.splitlines()
    assert r.returncode == 1 and lines[0].split(None, 1) == ["accepted", "no: ref (trust_claims)"], r
    head = next(i for i, line in enumerate(lines) if line.startswith("CLAIM"))
    assert lines[head + 1].split()[:2] == ["ref", "wrong"] and all(line.split()[1] == "ok" for line in lines[head + 2:]), r
    other = token(Key("ES256", "k"), "https://b.example", "x", SUB, ref="main")
    r = try_out(tmp_path, rule, other, *args)
    assert r.stdout.splitlines()[0].split(None, 1)[1] == "no: iss (trust_rule), aud (assertion_audience), signature (assertion_signature)", r
    unknown = token(Key("ES256", "other"), "https://a.example", "https://auth.example", SUB, ref="main")
    assert "no: kid (assertion_key)" in try_out(tmp_path, rule, unknown, *args).stdout
    r = try_out(tmp_path, [rule, rule], unknown, *args)
    assert r.stdout.count("\n\naccepted ") == 1 and r.stdout.startswith("accepted "), r
    r = try_out(tmp_path, {k: v for k, v in rule.items() if k != "jwks"}, unknown, *args, "--no-fetch")
    assert "no: kid (trust_keys)" in r.stdout.splitlines()[0], r


def test_test_refuses_bad_files(tmp_path):
    key = Key("ES256", "k")
    rule = {"issuer": "https://a.example", "match": {"sub": SUB}, "jwks": {"keys": [key.jwk]}}
    good = token(key, "https://a.example", "x", SUB)
    for wrong, t, args, word in (("{", good, ("--audience", "x"), "not JSON"), ("[]", good, ("--audience", "x"), "no rule"),
                                 ({**rule, "x": 1}, good, ("--audience", "x"), "unknown member"), (rule, good, (), "no audience"),
                                 (rule, "a.b", ("--audience", "x"), "not a signed JWT"), (rule, "", ("--audience", "x"), "empty"),
                                 (rule, good, ("--audience", "x", "--now", "soon"), "--now"),
                                 (rule, good, ("--audience", "x", "--allow-network", "x"), "--allow-network")):
        r = try_out(tmp_path, wrong, t, *args)
        assert r.returncode == 2 and word in r.stderr and not r.stdout, (word, r)
    for wrong, t, file in (("{", good, "rule.json"), (rule, "a.b", "token")):
        assert f'"{tmp_path / file}" is not ' in try_out(tmp_path, wrong, t, "--audience", "x").stderr
    assert '"standard input" is not a signed JWT' in try_out(tmp_path, rule, "", "--audience", "x", stdin="a.b").stderr


def test_test_fetches_keys_as_the_server_does(tmp_path, issuer):
    key = issuer.key("RS256")
    good = token(key, issuer.url, "https://auth.example", SUB)
    args = ("--issuer", "https://auth.example", "-o", "json")
    r = try_out(tmp_path, rule_of(issuer), good, *args, "--ca-file", issuer.ca, "--allow-network", "127.0.0.1")
    assert r.returncode == 0 and results(r)["signature"] == "ok", r
    asked = dict(issuer.asked)
    r = try_out(tmp_path, rule_of(issuer), good, *args, "--ca-file", issuer.ca)
    assert r.returncode == 1 and "not an address of the public Internet" in json.loads(r.stdout)["rules"][0]["keys_missing"], r
    r = try_out(tmp_path, rule_of(issuer), good, *args, "--no-fetch")
    assert r.returncode == 1 and results(r)["kid"] == "not checked" and results(r)["sub"] == "ok" and "--no-fetch" in r.stdout, r
    assert issuer.asked == asked
