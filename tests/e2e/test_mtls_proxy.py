# SPDX-License-Identifier: Apache-2.0
"""Certificates that a proxy passes on in a header (RFC 9440 and nginx; threat A14)."""
import base64
import http.client
import signal
import subprocess
import urllib.parse

import pytest
from certs import Maker, context
from mtls import named, told, whole
from support import BIN, Server, until
from threats import call

PROXY, STRANGER = "127.0.0.7", "127.0.0.8"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def cert(made):
    return made.make("/CN=behind", kind="rsa")


def serve(folder, form, args=()):
    config = folder / f"{form}.yaml"
    config.write_text(f"server:\n  trusted_proxies: [{PROXY}]\n" + (f"  client_cert_header: {form}\n" if form else ""))
    s = Server(folder / f"data-{form}", dev=False, args=["--config", str(config), *args])
    s.cli("resource", "create", "https://api.example.com", "--scope", "api:read")
    return s


@pytest.fixture(scope="module")
def behind(tmp_path_factory, cert):
    """One server for each form, with a client of that certificate."""
    servers = {}
    for form in ("none", "rfc9440", "nginx"):
        s = servers[form] = serve(tmp_path_factory.mktemp("behind"), form)
        s.client("behind", "--no-secret", "--allow", "https://api.example.com=api:read")
        s.ask("POST", "/clients/behind/credentials", whole(cert))
    yield servers
    for s in servers.values():
        s.stop()


def structured(der):
    return f":{base64.b64encode(der).decode()}:"


def escaped(pem):
    return urllib.parse.quote(pem, safe="")


def forms(cert):
    return {"rfc9440": [("Client-Cert", structured(cert.der))], "nginx": [("X-SSL-Client-Cert", escaped(cert.pem))]}


def send(s, headers, address=PROXY, client="behind"):
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20, source_address=(address, 0))
    body = f"grant_type=client_credentials&client_id={client}".encode()
    return call(c, body=body, headers=[("X-Forwarded-For", "192.0.2.77"), *headers] if address == PROXY else headers)


@pytest.mark.parametrize("form", ["rfc9440", "nginx"])
def test_taken_from_the_proxy(behind, cert, form):
    s = behind[form]
    assert send(s, forms(cert)[form]).status == 200
    assert s.events(type="token.issued")[0]["address"] == "192.0.2.77"
    assert send(s, [(n.upper(), v) for n, v in forms(cert)[form]]).status == 200


@pytest.mark.parametrize("form", ["none", "rfc9440", "nginx"])
@pytest.mark.parametrize("address", [PROXY, STRANGER])
@pytest.mark.parametrize("name", ["rfc9440", "nginx", "X-SSL-Client-Verify", "X-Client-Cert", "SSL_CLIENT_CERT", "X-Forwarded-Client-Cert", "Client_Cert",
                                  "X_SSL_Client_Cert", "X-SSL-CERT", "X-ARR-ClientCert", "X-SSL-Client-S-DN"])
def test_nothing_else_counts(behind, cert, form, address, name):
    if name == form and address == PROXY:
        return
    for value in ([forms(cert)[name]] if name in forms(cert) else [[(name, escaped(cert.pem))], [(name, structured(cert.der))], [(name, "SUCCESS")], [(name, "CN=behind")]]):
        a = send(behind[form], value, address)
        assert a.status == 401 and told(behind[form], a)[0] == "auth_missing"


@pytest.mark.parametrize("form", ["rfc9440", "nginx"])
def test_none_is_none(behind, cert, form):
    s, (name, _) = behind[form], forms(cert)[form][0]
    for headers in ([], [(name, "")], [(name, "  ")]):
        assert told(s, send(s, headers))[0] == "auth_missing"


def bad(cert):
    der, pem, key = structured(cert.der), escaped(cert.pem), cert.key.read_text()
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert", der)]
    yield "rfc9440", [("Client-Cert", der), ("client-cert", "")]
    yield "rfc9440", [("Client-Cert", der[1:])]
    yield "rfc9440", [("Client-Cert", der[:-1])]
    yield "rfc9440", [("Client-Cert", der.strip(":"))]
    yield "rfc9440", [("Client-Cert", der + ";a=1")]
    yield "rfc9440", [("Client-Cert", der + ", " + der)]
    yield "rfc9440", [("Client-Cert", der.replace("=", ""))] if "=" in der else [("Client-Cert", ":A:")]
    yield "rfc9440", [("Client-Cert", "::")]
    yield "rfc9440", [("Client-Cert", ":AAAA:")]
    yield "rfc9440", [("Client-Cert", structured(cert.der + b"\0"))]
    yield "rfc9440", [("Client-Cert", structured(cert.der[:-1]))]
    yield "rfc9440", [("Client-Cert", '"text"')]
    yield "rfc9440", [("Client-Cert-Chain", der)]
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert-Chain", "x")]
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert-Chain", ":AAAA:,")]
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert-Chain", ":AAAA: :AAAA:")]
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert-Chain", ", ".join([":AAAA:"] * 8))]
    yield "rfc9440", [("Client-Cert", der), ("Client-Cert-Chain", ":AAAA:"), ("Client-Cert-Chain", ":AAAA:")]
    yield "nginx", [("X-SSL-Client-Cert", pem), ("X-SSL-Client-Cert", pem)]
    yield "nginx", [("X-SSL-Client-Cert", "CN=behind")]
    yield "nginx", [("X-SSL-Client-Cert", "SUCCESS")]
    yield "nginx", [("X-SSL-Client-Cert", pem.replace("%0A", " "))]
    yield "nginx", [("X-SSL-Client-Cert", pem[:-1] + "%")]
    yield "nginx", [("X-SSL-Client-Cert", pem[:-1] + "%4")]
    yield "nginx", [("X-SSL-Client-Cert", pem[:-1] + "%zz")]
    yield "nginx", [("X-SSL-Client-Cert", pem[:400])]
    yield "nginx", [("X-SSL-Client-Cert", structured(cert.der))]
    yield "nginx", [("X-SSL-Client-Cert", pem + escaped(key))]


def test_malformed_is_refused(behind, cert):
    for form, headers in bad(cert):
        a = send(behind[form], headers)
        assert a.status == 400 and a.json["error"] == "invalid_request", headers
        assert told(behind[form], a)[0] == "certificate_header", headers
    for form, headers in forms(cert).items():
        assert send(behind[form], headers).status == 200


def test_chains(behind, made):
    """RFC 9440 has the chain beside the certificate; in nginx's form it may stand behind it."""
    root = made.ca("/CN=Root", kind="rsa")
    between = made.ca("/CN=Between", root, kind="rsa")
    leaf = made.client(between, san="DNS:deep.example", kind="rsa")
    for form in ("rfc9440", "nginx"):
        s = behind[form]
        s.client("deep", "--no-secret", "--allow", "https://api.example.com=api:read")
        s.ask("POST", "/clients/deep/credentials", named(root, san_dns="deep.example"))
        alone = send(s, forms(leaf)[form], client="deep")
        assert told(s, alone)[0] == "certificate_chain"
    with_it = [*forms(leaf)["rfc9440"], ("Client-Cert-Chain", structured(between.der) + " , " + structured(root.der))]
    assert send(behind["rfc9440"], with_it, client="deep").status == 200
    whole_chain = escaped(leaf.pem + between.pem)
    assert len(whole_chain) < 6000  # RSA of 2048 bits: it fits into a head of 8 KiB
    assert send(behind["nginx"], [("X-SSL-Client-Cert", whole_chain)], client="deep").status == 200


def test_each_request_of_a_connection(behind, cert, made):
    """What a proxy sends over one connection is for many clients."""
    s, body = behind["rfc9440"], b"grant_type=client_credentials&client_id=behind"
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20, source_address=(PROXY, 0))
    for headers, status in ((forms(cert)["rfc9440"], 200), ([], 401), (forms(made.make())["rfc9440"], 401), (forms(cert)["rfc9440"], 200)):
        assert call(c, body=body, headers=[("X-Forwarded-For", "192.0.2.78"), *headers]).status == status


def test_the_proxys_own_certificate_is_not_its_callers(tmp_path, made, cert, dev):
    """TLS with a certificate between proxy and server says who the proxy is, and nothing of who calls."""
    pem = f"{dev.data}/dev-tls.pem"
    for form in ("none", "rfc9440"):
        s = serve(tmp_path, form, ["--tls-cert", pem, "--tls-key", pem])
        s.ca = dev.ca
        s.client("behind", "--no-secret", "--allow", "https://api.example.com=api:read")
        s.ask("POST", "/clients/behind/credentials", whole(cert))
        for address, headers, status in ((PROXY, [], 401), (PROXY, forms(cert)["rfc9440"], 401 if form == "none" else 200), (STRANGER, [], 200)):
            c = http.client.HTTPSConnection("127.0.0.1", s.port, timeout=20, source_address=(address, 0), context=context(s, cert))
            assert call(c, body=b"grant_type=client_credentials&client_id=behind", headers=headers).status == status
        s.stop()


def test_a_setting_without_proxies(tmp_path):
    config = tmp_path / "jeton.yaml"
    for text, says in (("client_cert_header: nginx", "no proxy may send it"), ("client_cert_header: apache", "not one of none, rfc9440, nginx")):
        config.write_text(f"server:\n  data: {tmp_path}/d\n  {text}\n")
        r = subprocess.run([BIN, "check", "--config", config], capture_output=True, text=True, timeout=30)
        assert r.returncode == 2 and says in r.stderr and f"{config}:3" in r.stderr, r.stderr


@pytest.mark.parametrize("form, header", [("rfc9440", "Client-Cert"), ("nginx", "X-SSL-Client-Cert")])
def test_check_says_whose_header_counts(tmp_path, form, header):
    config = tmp_path / "jeton.yaml"
    said = {}
    for how in ("none", form):
        config.write_text(f"server:\n  data: {tmp_path}/d\n  client_cert_header: {how}\n  trusted_proxies: [10.1.0.0/16, 10.2.0.7]\n")
        r = subprocess.run([BIN, "check", "--config", config], capture_output=True, text=True, timeout=30)
        assert r.returncode == 0, r.stderr
        said[how] = [x.split(None, 2)[2] for x in r.stdout.splitlines() if x.startswith("client certs")]
    assert said == {"none": [], form: [f"on       taken from {header} of 10.1.0.0/16, 10.2.0.7; the proxy must remove what clients send"]}


def test_reload(tmp_path, cert):
    s = serve(tmp_path, "none")
    s.client("behind", "--no-secret", "--allow", "https://api.example.com=api:read")
    s.ask("POST", "/clients/behind/credentials", whole(cert))
    assert send(s, forms(cert)["nginx"]).status == 401
    (tmp_path / "none.yaml").write_text(f"server:\n  trusted_proxies: [{PROXY}]\n  client_cert_header: nginx\n")
    s.process.send_signal(signal.SIGHUP)
    assert until(lambda: send(s, forms(cert)["nginx"]).status == 200)
    s.stop()
