# SPDX-License-Identifier: Apache-2.0
"""Client certificates (RFC 8705): who may enter with one, and what is told of those who may not."""
import re
import ssl

import jwt
import pytest
from assertions import Key, claims, form
from certs import Maker
from mtls import API, ask, client, named, over, told, whole, wire
from support import UnixConnection

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
SAN = "DNS:worker.example,URI:spiffe://example/worker,IP:10.0.0.7,email:worker@example.com"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def ca(made):
    return made.ca()


@pytest.fixture(scope="module")
def worker(made, ca):
    return made.client(ca, san=SAN)


@pytest.fixture(scope="module")
def whose(dev, worker):
    """A client of that certificate's whole, which nobody changes."""
    return client(dev, "whole", whole(worker))[0]


NAMES = [{"subject": "CN=worker,O=Acme,C=DE"}, {"subject": "cn=WORKER,o=acme,c=de"}, {"san_dns": "worker.example"}, {"san_dns": "WORKER.example"},
         {"san_uri": "spiffe://example/worker"}, {"san_ip": "10.0.0.7"}, {"san_email": "worker@example.com"}]


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_name_and_its_ca(dev, ca, worker, name):
    c, credential = client(dev, "named", named(ca, **name))
    a = ask(dev, c, worker)
    assert a.status == 200 and a.json["token_type"] == "Bearer", a
    [event] = dev.events(type="token.issued", client_id=c)
    assert event["credential_id"] == credential
    assert "cnf" not in jwt.decode(a.json["access_token"], options={"verify_signature": False})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_whole_certificate(dev, made, version):
    cert = made.make("/CN=self", days=7)
    c, credential = client(dev, "self", whole(cert))
    assert ask(dev, c, cert, version=version).status == 200
    [shown] = dev.ask("GET", f"/clients/{c}/credentials")["items"]
    assert shown["uses"] >= 0 and shown["kind"] == "certificate" and shown["certificate"]["sha256"] == cert.sha256.hex()
    assert shown["certificate"]["subject"] == "CN=self" and shown["expires"] == shown["certificate"]["not_after"]


def test_kinds_of_keys(dev, made):
    for kind in ("ec", "rsa", "ed25519"):
        cert = made.make(f"/CN={kind}", kind=kind)
        assert ask(dev, client(dev, kind, whole(cert))[0], cert).status == 200


def test_intermediates(dev, made, ca):
    """A chain that the caller sends, and an intermediate that is the CA of the credential."""
    between = made.ca("/CN=Between", ca)
    cert = made.client(between, san="DNS:deep.example")
    c, _ = client(dev, "chain", named(ca, san_dns="deep.example"))
    assert ask(dev, c, cert, [between]).status == 200
    assert ask(dev, c, cert, [between, ca]).status == 200
    a = ask(dev, c, cert)
    assert a.status == 401 and told(dev, a) == ("certificate_chain", "none of the credential's CA certificates stands behind it")
    c, _ = client(dev, "anchor", named(between, san_dns="deep.example"))
    assert ask(dev, c, cert).status == 200
    assert ask(dev, c, made.client(ca, san="DNS:deep.example")).status == 401


def test_every_request_of_a_connection(dev, worker, whose):
    """Kept alive: the certificate stays the connection's, and no request has another's."""
    with_it, without = over(dev, worker), over(dev)
    for _ in range(3):
        assert ask(dev, whose, connection=with_it).status == 200
        assert told(dev, ask(dev, whose, connection=without))[0] == "auth_missing"


# threat A15: what is wrong with a certificate, and how it is told apart
def refused(made, ca):
    other = made.ca("/CN=Test CA")  # of the same name
    no_ca = made.client(ca, "/CN=no CA")
    wild = made.client(ca, san="DNS:*.example")
    return {
        "another name": (made.client(ca, san="DNS:other.example"), [], "certificate_unknown", "DNS:other.example"),
        "a wildcard": (wild, [], "certificate_unknown", "DNS:*.example"),
        "the name in the CN alone": (made.client(ca, "/CN=worker.example"), [], "certificate_unknown", "subject CN=worker.example"),
        "no name": (made.client(ca), [], "certificate_unknown", "subject CN=worker,O=Acme,C=DE"),
        "another CA": (made.client(other, san=SAN), [], "certificate_chain", "none of the credential's CA certificates"),
        "self-signed": (made.make(extensions=["subjectAltName=" + SAN]), [], "certificate_chain", "none of the credential's CA certificates"),
        "expired": (made.client(ca, san=SAN, days=-1), [], "certificate_chain", "has expired"),
        "for servers": (made.client(ca, san=SAN, usage="serverAuth"), [], "certificate_chain", "not for client authentication"),
        "issued by no CA": (made.client(no_ca, san=SAN), [no_ca], "certificate_chain", "not one of a CA"),
        "SHA-1": (made.client(ca, san=SAN, digest="sha1"), [], "certificate_chain", "too weak"),
    }


def test_refused(dev, made, ca, worker):
    c, credential = client(dev, "strict", named(ca, san_dns="worker.example"))
    answers = []
    for what, (cert, chain, reason, words) in refused(made, ca).items():
        try:
            a = ask(dev, c, cert, chain)
        except ssl.SSLError:
            assert what == "SHA-1", what  # the library of the caller may refuse to load it
            continue
        answers.append(wire(a))
        got, detail = told(dev, a)
        assert got == reason and words in detail, (what, got, detail)
        shown = "; sha256 " + cert.sha256.hex()[:16]
        assert detail.endswith(shown) == (reason == "certificate_unknown"), (what, detail)
        [event] = dev.events(ref=a.json["error_ref"])
        assert event.get("credential_id", "") == (credential if reason == "certificate_chain" else ""), what
    nobody = ask(dev, "nobody", worker)
    assert told(dev, nobody)[0] == "client_unknown"
    plain, _ = client(dev, "with a secret", secret=True)[0], None
    no_such = ask(dev, plain, worker)
    assert told(dev, no_such)[0] == "certificate_unknown"
    assert all(a == wire(nobody) == wire(no_such) for a in answers) and wire(nobody)[0] == 401
    assert ask(dev, c, worker).status == 200


def test_reordered_names(dev, ca, worker):
    for dn in ("C=DE,O=Acme,CN=worker", "O=Acme,CN=worker,C=DE", "CN=worker", "CN=worker+O=Acme,C=DE"):
        a = ask(dev, client(dev, "reordered", named(ca, subject=dn))[0], worker)
        assert told(dev, a) == ("certificate_unknown", "subject CN=worker,O=Acme,C=DE, " + SAN.replace(",", ", ") + "; sha256 " + worker.sha256.hex()[:16])


def test_another_certificate_for_the_same_key(dev, made):
    cert = made.make("/CN=self")
    c, _ = client(dev, "one key", whole(cert))
    again = made.make("/CN=self", key=cert)
    assert again.der != cert.der
    assert told(dev, ask(dev, c, again))[0] == "certificate_unknown"


def test_a_ca_is_one_credentials_alone(dev, made, ca):
    """The CA of one client says nothing about another."""
    other = made.ca("/CN=Other CA")
    a, _ = client(dev, "a", named(ca, san_dns="shared.example"))
    b, _ = client(dev, "b", named(other, san_dns="shared.example"))
    of_a, of_b = made.client(ca, san="DNS:shared.example"), made.client(other, san="DNS:shared.example")
    assert ask(dev, a, of_a).status == 200 and ask(dev, b, of_b).status == 200
    assert ask(dev, a, of_b).status == 401 and ask(dev, b, of_a).status == 401


def test_states_of_a_credential(dev, made, ca, worker):
    c, revoked = client(dev, "states", named(ca, san_dns="worker.example"))
    dev.ask("POST", f"/clients/{c}/credentials/{revoked}/revoke", {}, status=200)
    assert told(dev, ask(dev, c, worker))[0] == "credential_revoked"
    dev.ask("POST", f"/clients/{c}/credentials", {**named(ca, san_uri="spiffe://example/worker"), "not_before": "2999-01-01T00:00:00Z"})
    assert told(dev, ask(dev, c, worker))[0] == "credential_not_yet_valid"
    dev.ask("POST", f"/clients/{c}/credentials", {**named(ca, san_ip="10.0.0.7"), "networks": ["10.0.0.0/8"]})
    assert told(dev, ask(dev, c, worker))[0] == "credential_network"
    dev.ask("POST", f"/clients/{c}/credentials", whole(worker))
    assert ask(dev, c, worker).status == 200
    dev.patch(f"/clients/{c}", {"enabled": False})
    assert told(dev, ask(dev, c, worker))[0] == "client_disabled"


def test_no_secret_opens_it(dev, whose):
    """A client that has certificates only cannot be entered by secret."""
    a = dev.post("/token", {"grant_type": "client_credentials"}, auth=(whose, "guess"))
    assert a.status == 401 and told(dev, a)[0] == "credential_kind"


def test_wrong_ones_are_slowed_down(dev, made, ca):
    c, _ = client(dev, "slow", named(ca, san_dns="worker.example"))
    wrong = over(dev, made.make("/CN=guess"))
    seen = {ask(dev, c, connection=wrong).status for _ in range(60)}
    assert seen == {401, 429}


# threat A5: a certificate beside another proof
def test_beside_a_secret(dev, made, ca, worker):
    """A mesh shows one always: it counts as a second method only when it would be enough by itself."""
    c, secret = client(dev, "mesh", secret=True)
    for auth, more in (((c, secret), {}), (None, {"client_id": c, "client_secret": secret})):
        assert ask(dev, None, worker, auth=auth, **more).status == 200
    dev.ask("POST", f"/clients/{c}/credentials", named(ca, san_dns="worker.example"))
    for auth, more in (((c, secret), {}), (None, {"client_id": c, "client_secret": secret})):
        a = ask(dev, None, worker, auth=auth, **more)
        assert a.status == 400 and a.json["error"] == "invalid_request" and told(dev, a)[0] == "auth_two_methods"
        assert ask(dev, None, auth=auth, **more).status == 200
    # no oracle: without the right secret nothing is told of what the certificate is
    wrong = ask(dev, None, worker, auth=(c, "wrong"))
    assert wrong.status == 401 and wrong.json["error"] == "invalid_client" and told(dev, wrong)[0] == "secret_wrong"


def test_beside_an_assertion(dev, worker):
    key = Key()
    c, _, cert = client(dev, "both", {"kind": "jwk", "jwk": key.jwk}, whole(worker))
    a = dev.post("/token", form(key.sign(claims(c, dev.issuer))), connection=over(dev, worker))
    assert a.status == 400 and told(dev, a)[0] == "auth_two_methods"
    dev.ask("POST", f"/clients/{c}/credentials/{cert}/revoke", {}, status=200)
    assert dev.post("/token", form(key.sign(claims(c, dev.issuer))), connection=over(dev, worker)).status == 200


def test_without_client_id(dev, worker):
    a = dev.post("/token", {"grant_type": "client_credentials"}, connection=over(dev, worker))
    assert a.status == 401 and told(dev, a)[0] == "auth_missing"


def test_at_introspection_and_revocation(dev, worker, whose):
    token = ask(dev, whose, worker).json["access_token"]
    dev.patch(f"/resources/{API.replace(':', '%3A').replace('/', '%2F')}", {"introspect_by": [whose]})
    assert ask(dev, whose, worker, path="/introspect", token=token).json["active"] is True
    assert ask(dev, whose, worker, path="/revoke", token=token).status == 200
    assert ask(dev, whose, worker, path="/introspect", token=token).json == {"active": False}
    assert ask(dev, whose, path="/introspect", token=token).status == 401
    dev.patch(f"/resources/{API.replace(':', '%3A').replace('/', '%2F')}", {"introspect_by": []})


def test_metadata_and_metrics(dev, worker, whose):
    m = dev.get("/.well-known/oauth-authorization-server").json
    for endpoint in ("token", "introspection", "revocation"):
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(m[f"{endpoint}_endpoint_auth_methods_supported"])
    assert m["tls_client_certificate_bound_access_tokens"] is True and "mtls_endpoint_aliases" not in m
    assert ask(dev, whose, worker).status == 200
    page = dev.request("GET", "/metrics", connection=UnixConnection(f"{dev.data}/admin.sock")).body.decode()
    assert re.search(r'jeton_token_requests_total\{auth_method="self_signed_tls_client_auth",result="issued"\} [1-9]', page), page
    assert re.search(r'jeton_token_requests_total\{auth_method="tls_client_auth",result="certificate_chain"\} [1-9]', page)
