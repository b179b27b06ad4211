# SPDX-License-Identifier: Apache-2.0
"""Certificates of clients: directly, and through proxies that pass them on in a header."""
import base64
import time

import certificates
import pytest
import tokens
from clients import API, AUTHLIB, LIBRARIES, OPENID_CLIENT, ask, cell, curl, is_good, is_refused, rows
from gateways import apache, haproxy_tls, nginx_tls
from tools import do, proves

REQUESTS = [(name, library) for name, library in LIBRARIES if name == "requests-oauthlib"]
HAVE = [("curl", None), OPENID_CLIENT, *AUTHLIB, *REQUESTS]
FLAGS = {"subject": certificates.SUBJECT, **{f"san-{kind}": str(n.value) for kind, n in certificates.NAMES.items()}}


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("ca"), "ca", "Test CA", ca=True)


@pytest.fixture(scope="module")
def other_ca(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("other-ca"), "ca", "Test CA", ca=True)


@pytest.fixture(scope="module")
def worker(tmp_path_factory, ca):
    """A certificate with a name of every kind."""
    return certificates.make(tmp_path_factory.mktemp("worker"), "worker", by=ca, names=certificates.NAMES.values())


def client_of(server, *flags):
    """A client whose only credential is a certificate."""
    client_id, none = server.client(f"tls-{time.monotonic_ns()}", "--no-secret", "--allow", f"{API}=api:read")
    assert none is None
    server.cli("credential", "add", client_id, *flags)
    return client_id


def token(server, library, client_id, certificate, **more):
    """What a library, or curl, says of asking with this certificate, or with none."""
    files = {"cert": certificate.crt, "key": certificate.key} if certificate else {}
    if library is not None:
        return ask(server, library, "tls", client_id, **files, **more)
    shown = ["--cert", certificate.crt, "--key", certificate.key] if certificate else []
    status, body = curl(server, *shown, "-d", "grant_type=client_credentials", "-d", f"client_id={client_id}", "-d", f"resource={API}", "-d", "scope=api:read")
    return {"ok": body} if status == 200 else {"refused": {"status": status, **body}}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("library, method", rows(HAVE[:2], "tls_client_auth"))
def test_every_name(dev, ca, worker, library, method, flag):
    client_id = client_of(dev, f"--tls-{flag}", FLAGS[flag], "--ca", ca.crt)
    is_good(dev, token(dev, library, client_id, worker), client_id)


@pytest.mark.parametrize("library, method", rows(HAVE[2:], "tls_client_auth"))
def test_tls_client_auth(dev, ca, worker, library, method):
    client_id = client_of(dev, "--tls-san-dns", FLAGS["san-dns"], "--ca", ca.crt)
    is_good(dev, token(dev, library, client_id, worker), client_id)


@pytest.mark.parametrize("library, method", rows(HAVE[:2], "tls_client_auth"))
def test_tls_client_auth_refused(dev, tmp_path, ca, other_ca, worker, library, method):
    """The right name of a CA that is another, other names, a certificate that is over, one of a server, and none."""
    client_id = client_of(dev, "--tls-san-dns", FLAGS["san-dns"], "--ca", ca.crt)
    names = certificates.NAMES.values()
    foreign = certificates.make(tmp_path, "foreign", by=other_ca, names=names)
    is_refused(dev, token(dev, library, client_id, foreign), "certificate_chain")
    is_refused(dev, token(dev, library, client_id, certificates.make(tmp_path, "self", names=names)), "certificate_chain")
    is_refused(dev, token(dev, library, client_id, certificates.make(tmp_path, "over", by=ca, names=names, days=-1)), "certificate_chain")
    server = certificates.make(tmp_path, "server", by=ca, names=names, usage=certificates.ExtendedKeyUsageOID.SERVER_AUTH)
    is_refused(dev, token(dev, library, client_id, server), "certificate_chain")
    is_refused(dev, token(dev, library, client_id, certificates.make(tmp_path, "nameless", by=ca)), "certificate_unknown")
    is_good(dev, token(dev, library, client_id, worker), client_id)


@pytest.mark.parametrize("library, method", rows(HAVE, "self_signed_tls_client_auth"))
def test_self_signed(dev, tmp_path, library, method):
    mine = certificates.make(tmp_path, "mine")
    client_id = client_of(dev, "--cert", mine.crt)
    is_good(dev, token(dev, library, client_id, mine), client_id)
    # It is the certificate that counts, not its key or its name.
    again = certificates.make(tmp_path, "again", key=mine.private)
    is_refused(dev, token(dev, library, client_id, again), "certificate_unknown")


@pytest.mark.parametrize("library, method", rows(HAVE[:2], "self_signed_tls_client_auth"))
def test_a_secret_is_no_way_around_a_certificate(dev, tmp_path, library, method):
    client_id = client_of(dev, "--cert", certificates.make(tmp_path, "mine").crt)
    if library is None:
        status, body = curl(dev, "-u", f"{client_id}:{dev.secret}", "-d", "grant_type=client_credentials")
        said = {"refused": {"status": status, **body}}
    else:
        said = ask(dev, library, "client_secret_basic", client_id, client_secret=dev.secret)
    is_refused(dev, said, "credential_kind")


@pytest.mark.parametrize("library, method", rows([OPENID_CLIENT], "tls_client_auth"))
def test_introspect_and_revoke(dev, ca, worker, library, method):
    client_id = client_of(dev, "--tls-subject", FLAGS["subject"], "--ca", ca.crt)
    dev.cli("resource", "update", API, "--introspect-by", client_id)
    text = token(dev, library, client_id, worker)["ok"]["access_token"]

    def does(what):
        return do(library, ca=dev.ca, does=what, method="tls", issuer=dev.issuer, client_id=client_id, cert=worker.crt, key=worker.key, token=text)

    assert does("introspect")["ok"]["active"]
    assert "ok" in does("revoke")
    assert does("introspect")["ok"] == {"active": False}


@pytest.mark.parametrize("what", [pytest.param("", marks=proves("gateways", "mod_auth_openidc, by introspection", "own certificate"), id="mod_auth_openidc")])
def test_gateway_with_a_certificate(dev, ca, worker, what):
    """mod_auth_openidc asks about tokens as a client that has a certificate and no secret."""
    client_id = client_of(dev, "--tls-san-dns", FLAGS["san-dns"], "--ca", ca.crt)
    name = tokens.audience("RS256")
    tokens.resource(dev, "RS256", name)
    settings = [f"OIDCOAuthIntrospectionEndpoint {dev.info['introspection_endpoint']}", "OIDCOAuthIntrospectionEndpointAuth none", f"OIDCOAuthClientID {client_id}",
                "OIDCOAuthIntrospectionEndpointCert FOLDER/own.crt", "OIDCOAuthIntrospectionEndpointKey FOLDER/own.key", "OIDCOAuthTokenIntrospectionInterval -1"]
    with apache(settings, dev.ca, {"/read": f'claim "aud:{name}"'}, {"own.crt": worker.crt, "own.key": worker.key}) as front:
        # A client of no resource learns nothing about its tokens.
        assert front.get("/read", tokens.ask(dev, name)).status == 401, front.log
        dev.cli("resource", "update", name, "--introspect-by", client_id)
        assert front.get("/read", tokens.ask(dev, name)).status == 200, front.log


@pytest.mark.parametrize("library, method", rows(HAVE[:2], "bound tokens"))
def test_bound_token(start, ca, worker, library, method):
    """A resource that asks for it gets tokens that name the certificate: in the token and in introspection."""
    s = start()
    s.gate = s.client("gate")
    s.cli("resource", "update", API, "--introspect-by", "gate", "--bind", "certificate")
    client_id = client_of(s, "--tls-subject", FLAGS["subject"], "--ca", ca.crt)
    said = token(s, library, client_id, worker)
    thumbprint = base64.urlsafe_b64encode(worker.sha256).decode().rstrip("=")
    assert is_good(s, said, client_id)["cnf"] == {"x5t#S256": thumbprint}
    claims = said["ok"]["access_token"].split(".")[1]
    assert f'"x5t#S256":"{thumbprint}"' in base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode()
    # A secret alone gets no token there that anybody could use.
    is_refused(s, ask(s, OPENID_CLIENT[1], "client_secret_basic", "demo", client_secret=s.secret), "certificate_needed", status=400, error="invalid_request")


PROXIES = {"nginx": (nginx_tls, "nginx"), "HAProxy": (haproxy_tls, "rfc9440")}


@pytest.fixture(scope="module", params=PROXIES)
def behind(request, tmp_path_factory):
    """jeton serve in plain HTTP behind a proxy that ends TLS and passes the certificate on."""
    proxy, header = PROXIES[request.param]
    with proxy(tmp_path_factory.mktemp("behind"), header) as server:
        server.cli("resource", "create", API, "--scope", "api:read")
        server.gate = server.client("gate")
        server.cli("resource", "update", API, "--introspect-by", "gate")
        yield server


@pytest.mark.parametrize("library, method", [cell(f"{n}, behind a proxy", "tls_client_auth", lib, "tls", id=n) for n, lib in HAVE[:2]])
def test_behind_a_proxy(behind, ca, worker, library, method):
    client_id = client_of(behind, "--tls-san-uri", FLAGS["san-uri"], "--ca", ca.crt)
    is_good(behind, token(behind, library, client_id, worker), client_id)
    is_refused(behind, token(behind, library, client_id, None))


@pytest.mark.parametrize("library, method", [cell(f"{n}, behind a proxy", "self_signed_tls_client_auth", lib, "tls", id=n) for n, lib in HAVE[:2]])
def test_self_signed_behind_a_proxy(behind, tmp_path, library, method):
    mine = certificates.make(tmp_path, "mine")
    client_id = client_of(behind, "--cert", mine.crt)
    is_good(behind, token(behind, library, client_id, mine), client_id)
    is_refused(behind, token(behind, library, client_id, certificates.make(tmp_path, "other")), "certificate_unknown")


@pytest.mark.parametrize("args", [cell("curl, behind a proxy", "headers of strangers", "")])
def test_headers_of_strangers(behind, ca, worker, args):
    """What a client writes into the header itself, the proxy takes away."""
    client_id = client_of(behind, "--tls-subject", FLAGS["subject"], "--ca", ca.crt)
    with open(worker.crt, encoding="ascii") as f:
        lines = f.read().split("-----")[2].split()
    forged = ["-H", f"Client-Cert: :{''.join(lines)}:", "-H", f"X-SSL-Client-Cert: -----BEGIN%20CERTIFICATE-----%0A{'%0A'.join(lines)}%0A-----END%20CERTIFICATE-----"]
    status, body = curl(behind, *forged, "-d", "grant_type=client_credentials", "-d", f"client_id={client_id}")
    is_refused(behind, {"refused": {"status": status, **body}})
