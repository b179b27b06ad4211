# SPDX-License-Identifier: Apache-2.0
"""Certificates as credentials, in the administration API and on the command line: taken, shown, refused with a reason."""
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from certs import Maker, run
from mtls import ask, client, named, whole

API = "https://api.example.com"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def ca(made):
    return made.ca("/O=Acme/CN=Test CA")


def refused(server, body):
    c = client(server, "refused")[0]
    a = server.api("POST", f"/clients/{c}/credentials", body)
    assert a.status == 422 and a.json["code"] in ("credential_invalid", "member"), a
    assert server.ask("GET", f"/clients/{c}/credentials")["items"] == []
    [error] = a.json["errors"]
    return error["pointer"], error["detail"]


def test_shown(dev, made, ca):
    cert = made.make("/C=DE/O=Acme, Inc/CN=self", days=40)
    c, a, b = client(dev, "shown", whole(cert), {**named(ca.pem + made.ca("/CN=Second").pem, san_uri="spiffe://a/b"), "label": "prod"})
    one, two = dev.ask("GET", f"/clients/{c}/credentials")["items"]
    end = datetime.datetime.fromisoformat(one["certificate"]["not_after"].replace("Z", "+00:00"))
    assert (end - datetime.datetime.now(datetime.timezone.utc)).days in (39, 40)
    assert one["certificate"] == {"subject": "CN=self,O=Acme\\, Inc,C=DE", "sha256": cert.sha256.hex(), "not_before": one["certificate"]["not_before"],
                                  "not_after": one["expires"]}
    assert two["kind"] == "tls" and two["label"] == "prod" and "expires" not in two
    assert two["tls"]["san_uri"] == "spiffe://a/b" and [x["subject"] for x in two["tls"]["ca"]] == ["CN=Test CA,O=Acme", "CN=Second"]
    assert two["tls"]["ca"][0]["sha256"] == ca.sha256.hex() and "PRIVATE" not in json.dumps([one, two])
    assert [e["detail"] for e in dev.events(type="credential.added", client_id=c)][::-1][0].endswith("kind certificate")


@pytest.mark.parametrize("expires, stays", [("2999-01-01T00:00:00Z", False), (None, False), ("soon", True)])
def test_it_ends_with_its_certificate(dev, made, expires, stays):
    cert = made.make(days=10)
    when = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ") if stays else expires
    c, _ = client(dev, "ends", {**whole(cert), "expires": when})
    [k] = dev.ask("GET", f"/clients/{c}/credentials")["items"]
    assert k["expires"] == (when if stays else k["certificate"]["not_after"])


def begins(hours):
    """A certificate as PEM that is not good before that."""
    at = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(hours=hours)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "later")])
    c = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
         .not_valid_before(at).not_valid_after(at + datetime.timedelta(days=9)).sign(key, hashes.SHA256()))
    return c.public_bytes(serialization.Encoding.PEM).decode(), at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_it_begins_with_its_certificate(dev):
    pem, at = begins(5)
    c, _ = client(dev, "begins", {"kind": "certificate", "certificate": pem})
    [k] = dev.ask("GET", f"/clients/{c}/credentials")["items"]
    assert k["state"] == "pending" and k["not_before"] == k["certificate"]["not_before"] == at
    c, _ = client(dev, "begun", {"kind": "certificate", "certificate": begins(-5)[0]})
    [k] = dev.ask("GET", f"/clients/{c}/credentials")["items"]
    assert k["state"] == "active" and "not_before" not in k


def test_refused_certificates(dev, made, ca):
    cert = made.make()
    assert refused(dev, {"kind": "certificate"}) == ("/certificate", "this is PEM text: -----BEGIN CERTIFICATE-----")
    assert "no certificate in PEM form" in refused(dev, {"kind": "certificate", "certificate": "x"})[1]
    assert "private key" in refused(dev, {"kind": "certificate", "certificate": cert.pem + cert.key.read_text()})[1]
    assert "something other than certificates" in refused(dev, {"kind": "certificate", "certificate": run("x509", "-in", cert.crt, "-noout", "-pubkey").stdout.decode()})[1]
    assert "several certificates" in refused(dev, {"kind": "certificate", "certificate": cert.pem + ca.pem})[1]
    assert "damaged" in refused(dev, {"kind": "certificate", "certificate": cert.pem[:300] + cert.pem[310:]})[1]
    assert refused(dev, whole(made.make(days=-1))) == ("/certificate", "the certificate has expired")
    assert refused(dev, whole(made.make(kind="rsa1024"))) == ("/certificate", "its RSA key has 1024 bits, and keys under 2048 bits are refused")
    assert refused(dev, {**whole(cert), "tls": {}})[0] == "/tls"


def test_refused_names_and_cas(dev, made, ca):
    good = {"san_dns": "a.example"}
    assert refused(dev, {"kind": "tls"})[0] == "/tls"
    assert "one of subject, san_dns" in refused(dev, named(ca))[1]
    assert "there are two: subject and san_dns" in refused(dev, named(ca, subject="CN=a", **good))[1]
    assert "no wildcards" in refused(dev, named(ca, san_dns="*.example"))[1]
    assert "not an IP address" in refused(dev, named(ca, san_ip="10.0.0.0/8"))[1]
    assert "absolute URI" in refused(dev, named(ca, san_uri="a/b"))[1]
    assert "e-mail" in refused(dev, named(ca, san_email="a.example"))[1]
    for dn in ("CN=a, O=b", "/CN=a", "a", "CN=a;O=b", ""):
        assert refused(dev, named(ca, subject=dn))[1].startswith("subject: "), dn
    assert refused(dev, named(ca, san_dns=["a"]))[0] == "/tls"
    assert refused(dev, named(ca, other="a", **good))[0] == "/tls/other"
    assert refused(dev, {"kind": "tls", "tls": good})[0] == "/tls/ca"
    pointer, says = refused(dev, named(made.client(ca, "/CN=not a CA"), **good))
    assert pointer == "/tls/ca" and "CN=not a CA is not one of a CA" in says
    assert "is not one of a CA" in refused(dev, named(ca.pem + made.make("/CN=second").pem, **good))[1]
    assert "has expired" in refused(dev, named(made.ca("/CN=old", days=-1), **good))[1]
    assert "the RSA key of the CA CN=weak has 1024 bits" in refused(dev, named(made.ca("/CN=weak", kind="rsa1024"), **good))[1]
    assert "more than 8" in refused(dev, named(ca.pem * 9, **good))[1]
    assert "private key" in refused(dev, named(ca.pem + ca.key.read_text(), **good))[1]


def test_not_twice(dev, made, ca):
    cert = made.make()
    c, first, second = client(dev, "twice", whole(cert), named(ca, san_dns="a.example"))
    for body, k in ((whole(cert), first), (named(ca, san_dns="a.example"), second)):
        a = dev.api("POST", f"/clients/{c}/credentials", body)
        assert a.status == 409 and a.json["code"] == "exists" and k in a.json["detail"]
    dev.ask("POST", f"/clients/{c}/credentials", named(ca, san_uri="a:example"))
    dev.ask("POST", f"/clients/{c}/credentials", named(made.ca(), san_dns="a.example"))


def test_kept_over_a_restart(start, made, ca):
    cert, worker = made.make(), made.client(ca, san="DNS:a.example")
    s = start()
    c, _, _ = client(s, "kept", whole(cert), named(ca, san_dns="a.example"))
    before = s.ask("GET", f"/clients/{c}/credentials")
    s.stop()
    s = start(port=s.port)
    assert s.ask("GET", f"/clients/{c}/credentials") == before
    assert ask(s, c, cert).status == 200 and ask(s, c, worker).status == 200


FLAGS = [("--tls-subject", "CN=worker,O=Acme,C=DE", "subject"), ("--tls-san-dns", "a.example", "san_dns"), ("--tls-san-uri", "spiffe://a/b", "san_uri"),
         ("--tls-san-ip", "10.0.0.7", "san_ip"), ("--tls-san-email", "a@b.example", "san_email")]


@pytest.mark.parametrize("flag, name, member", FLAGS)
def test_names_on_the_command_line(dev, made, ca, flag, name, member):
    c = client(dev, "cli")[0]
    cert = made.client(ca, san="DNS:a.example,URI:spiffe://a/b,IP:10.0.0.7,email:a@b.example")
    shown = dev.cli_json("credential", "add", c, flag, name, "--ca", str(ca.crt))
    assert shown["kind"] == "tls" and shown["tls"][member] == name and "client_secret" not in shown
    assert ask(dev, c, cert).status == 200


def test_certificates_on_the_command_line(dev, made, tmp_path):
    """The text that openssl writes around a certificate stays here, and what is no certificate is not sent."""
    first, second = made.make("/CN=first", days=20), made.make("/CN=second", days=20)
    c = client(dev, "cli")[0]
    wordy = tmp_path / "wordy.pem"
    wordy.write_bytes(run("x509", "-in", first.crt, "-text").stdout)
    added = dev.cli("credential", "add", c, "--cert", str(wordy))
    assert "chmod" not in added.stderr and "good until" in added.stdout
    assert ask(dev, c, first).status == 200
    rotated = dev.cli_json("credential", "rotate", c, "--cert", str(second.crt), "--overlap", "1h")
    assert rotated["kind"] == "certificate" and [x["state"] for x in rotated["replaced"]] == ["retiring"]
    assert ask(dev, c, first).status == 200 and ask(dev, c, second).status == 200
    listed = dev.cli("credential", "list", c).stdout
    assert "certificate" in listed and "retiring" in listed


def wrong(dev, *args):
    r = dev.cli("credential", "add", "nobody", *map(str, args), ok=False)
    assert r.returncode == 2, r
    return r.stderr


def test_wrong_flags(dev, made, ca, tmp_path):
    cert = made.make()
    both = tmp_path / "both.pem"
    both.write_text(cert.key.read_text() + cert.pem)
    empty = tmp_path / "text"
    empty.write_text("nothing\n")
    assert "(PRIVATE KEY); it was not sent" in wrong(dev, "--cert", both)
    assert "no certificate in PEM form" in wrong(dev, "--cert", empty)
    assert "No such file" in wrong(dev, "--cert", tmp_path / "missing")
    assert "needs --ca FILE" in wrong(dev, "--tls-san-dns", "a.example")
    assert "it was not sent" in wrong(dev, "--tls-san-dns", "a.example", "--ca", both)
    assert "--ca goes with a name" in wrong(dev, "--secret", "--ca", ca.crt)
    assert "--ca goes with a name" in wrong(dev, "--ca", ca.crt)
    assert "of one kind" in wrong(dev, "--cert", cert.crt, "--secret")
    assert "of one kind" in wrong(dev, "--tls-san-dns", "a", "--tls-san-ip", "10.0.0.7", "--ca", ca.crt)
    assert "--secret-out is for a secret" in wrong(dev, "--cert", cert.crt, "--secret-out", tmp_path / "s")
