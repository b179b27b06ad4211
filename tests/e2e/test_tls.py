# SPDX-License-Identifier: Apache-2.0
"""TLS 1.2 and 1.3, AEAD and forward secrecy only (threats S4, S5)."""
import json
import os
import socket
import ssl
import subprocess

import pytest
from support import BIN, Server, free_port


def handshake(server, host="127.0.0.1", **settings):
    c = ssl.create_default_context(cafile=server.ca)
    for name, value in settings.items():
        if name == "ciphers":
            c.set_ciphers(value)
        elif name == "alpn":
            c.set_alpn_protocols(value)
        else:
            setattr(c, name, value)
    with socket.create_connection((host, server.port), 10) as s, c.wrap_socket(s, server_hostname=host) as t:
        return t.version(), t.cipher()[0], t.selected_alpn_protocol()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(dev, version):
    got, cipher, _ = handshake(dev, minimum_version=version, maximum_version=version)
    assert got == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    assert "GCM" in cipher or "CHACHA20" in cipher


def test_old_versions_refused(dev):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(dev, ciphers="DEFAULT:@SECLEVEL=0", minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


@pytest.mark.parametrize("ciphers", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM:@SECLEVEL=0", "AES128-GCM-SHA256"])
def test_weak_suites_refused(dev, ciphers):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(dev, ciphers=ciphers, maximum_version=ssl.TLSVersion.TLSv1_2)


def test_alpn(dev):
    assert handshake(dev, alpn=["http/1.1"])[2] == "http/1.1"
    assert handshake(dev, alpn=["h2", "http/1.1"])[2] == "http/1.1"
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(dev, alpn=["h2"])


def test_names_of_the_dev_certificate(dev):
    handshake(dev, "localhost")
    handshake(dev, "127.0.0.1")


def test_ipv6(tmp_path):
    port = free_port(socket.AF_INET6, "::1")
    s = Server(tmp_path / "data", port=port, host="[::1]")
    assert s.issuer == f"https://[::1]:{port}"
    assert s.token().status == 200
    with pytest.raises(OSError):  # V6ONLY: nothing listens on IPv4
        socket.create_connection(("127.0.0.1", port), 2)
    s.stop()


def test_plain_http_to_the_tls_port(dev):
    out = dev.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1 200" not in out and b"<<no close>>" not in out
    assert dev.token().status == 200


def test_serve_with_certificate(dev, start, tmp_path):
    pem = f"{dev.data}/dev-tls.pem"
    s = start(dev=False, args=["--tls-cert", pem, "--tls-key", pem, "--issuer", "https://auth.example.com"])
    s.dev, s.ca = True, dev.ca
    assert s.get("/.well-known/openid-configuration").json["issuer"] == "https://auth.example.com"


def pair(folder, name, days=2):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", "/CN=x",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"], check=True, capture_output=True)
    os.chmod(folder / f"{name}.key", 0o600)


@pytest.mark.parametrize("crt, key, says", [
    ("rubbish", "a.key", "nothing in PEM form"), ("damaged", "a.key", "it is damaged"), ("a.crt", "rubbish", "no private key in PEM form"),
    ("a.crt", "b.key", "does not belong to the certificate"), ("a.crt", "encrypted", "without a passphrase"),
    ("missing", "a.key", "No such file"), ("a.crt", "missing", "No such file")])
def test_what_is_wrong_with_the_files(tmp_path, crt, key, says):
    for name in ("a", "b"):
        pair(tmp_path, name)
    (tmp_path / "rubbish").write_text("rubbish\n")
    text = (tmp_path / "a.crt").read_text()
    (tmp_path / "damaged").write_text(text[:200] + "!!" + text[200:])
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", tmp_path / "a.key", "-passout", "pass:abcd", "-out", tmp_path / "encrypted"], check=True)
    for name in ("rubbish", "encrypted"):
        os.chmod(tmp_path / name, 0o600)
    r = subprocess.run([BIN, "serve", "--data", tmp_path / "d", "--listen", "127.0.0.1:0", "--tls-cert", tmp_path / crt, "--tls-key", tmp_path / key],
                       capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert r.returncode == 2 and says in r.stderr and str(tmp_path) in r.stderr
    config = tmp_path / "jeton.yaml"
    config.write_text(f"server:\n  data: {tmp_path}/d\n  tls_cert: {tmp_path / crt}\n  tls_key: {tmp_path / key}\n")
    r = subprocess.run([BIN, "check", "--config", config], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert r.returncode == 2 and says in r.stderr


@pytest.mark.parametrize("days, state, says", [(90, "on", "good until 20"), (2, "off", "renew it")])
def test_check_tells_when_the_certificate_ends(tmp_path, days, state, says):
    pair(tmp_path, "a", days)
    config = tmp_path / "jeton.yaml"
    config.write_text(f"server:\n  data: {tmp_path}/d\n  tls_cert: {tmp_path}/a.crt\n  tls_key: {tmp_path}/a.key\n")
    r = subprocess.run([BIN, "check", "--config", config, "-o", "json"], capture_output=True, text=True, timeout=30)
    told, = (p for p in json.loads(r.stdout)["protections"] if p["name"] == "certificate")
    assert r.returncode == 0 and told["state"] == state and says in told["detail"]
