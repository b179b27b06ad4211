# SPDX-License-Identifier: Apache-2.0
"""Certificates of clients, and the CA that they come from."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SUBJECT = "CN=worker,O=Acme,C=DE"  # RFC 4514: as curl and openssl -nameopt RFC2253 show it
NAMES = {"dns": x509.DNSName("worker.example.com"), "uri": x509.UniformResourceIdentifier("spiffe://example.com/worker"),
         "ip": x509.IPAddress(ipaddress.ip_address("192.0.2.7")), "email": x509.RFC822Name("worker@example.com")}


def loopback():
    return x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Certificate:
    """NAME.crt and NAME.key in a folder, and what signs others."""

    def __init__(self, folder, name, certificate, key):
        self.crt, self.key, self.x509, self.private = str(folder / f"{name}.crt"), str(folder / f"{name}.key"), certificate, key
        (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        os.chmod(self.key, 0o600)

    @property
    def sha256(self):
        return self.x509.fingerprint(hashes.SHA256())


def name(common, full=True):
    rest = [x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme")] if full else []
    return x509.Name([*rest, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def make(folder, file, common="worker", by=None, names=(), ca=False, usage=ExtendedKeyUsageOID.CLIENT_AUTH, key=None, days=30):
    """by: the CA; without it the certificate is signed by its own key. Of negative days: one that has ended."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(name(common)).issuer_name(by.x509.subject if by else name(common)).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=60))
               .not_valid_after(now + datetime.timedelta(days=days)).add_extension(x509.BasicConstraints(ca, None), True))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    if by:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.private.public_key()), False)
    if ca:
        builder = builder.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), False)
    return Certificate(folder, file, builder.sign(by.private if by else key, hashes.SHA256()), key)
