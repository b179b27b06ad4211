# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by the openssl of the machine."""
import base64
import hashlib
import os
import pathlib
import ssl
import subprocess


def run(*args, **more):
    return subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, **more)


class Cert:
    """A certificate with its key: NAME.crt and NAME.key in a folder."""

    def __init__(self, folder, name):
        self.crt, self.key = pathlib.Path(folder) / f"{name}.crt", pathlib.Path(folder) / f"{name}.key"

    @property
    def pem(self):
        return self.crt.read_text()

    @property
    def der(self):
        return ssl.PEM_cert_to_DER_cert(self.pem)

    @property
    def sha256(self):
        return hashlib.sha256(self.der).digest()

    @property
    def thumbprint(self):
        return base64.urlsafe_b64encode(self.sha256).rstrip(b"=").decode()


class Maker:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.n = 0

    def key(self, c, kind="ec"):
        how = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["rsa", "-pkeyopt", "rsa_keygen_bits:1024"] if kind == "rsa1024" else [kind]
        run("genpkey", "-algorithm", *how, "-out", c.key)
        os.chmod(c.key, 0o600)

    def make(self, subject="/CN=x", issuer=None, extensions=(), days=30, key=None, kind="ec", digest="sha256"):
        """issuer None: self-signed; a negative number of days: it has expired."""
        self.n += 1
        c = Cert(self.folder, f"c{self.n}")
        if key is None:
            self.key(c, kind)
        else:
            c.key = key.key
        text = "[e]\nsubjectKeyIdentifier=hash\n" + "".join(f"{e}\n" for e in extensions)
        (self.folder / "ext").write_text(text)
        csr = run("req", "-new", "-key", c.key, "-subj", subject, "-multivalue-rdn", "-utf8", "-batch").stdout
        by = ["-signkey", c.key] if issuer is None else ["-CA", issuer.crt, "-CAkey", issuer.key, "-CAcreateserial"]
        run("x509", "-req", f"-{digest}", "-days", days, "-extfile", self.folder / "ext", "-extensions", "e", *by, "-out", c.crt, input=csr)
        return c

    def ca(self, subject="/CN=Test CA", issuer=None, **more):
        return self.make(subject, issuer, ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"], **more)

    def client(self, issuer, subject="/C=DE/O=Acme/CN=worker", san=None, usage="clientAuth", **more):
        e = ["basicConstraints=critical,CA:FALSE", f"extendedKeyUsage={usage}"] + ([f"subjectAltName={san}"] if san else [])
        return self.make(subject, issuer, e, **more)


def context(server, cert=None, chain=(), version=None):
    """What a caller of this server uses: with a certificate, and the intermediates that go with it."""
    c = ssl.create_default_context(cafile=server.ca)
    if version is not None:
        c.minimum_version = c.maximum_version = version
    if cert is not None:
        bundle = cert.crt.with_suffix(".bundle")
        bundle.write_text(cert.pem + "".join(x.pem for x in chain))
        c.load_cert_chain(bundle, cert.key)
    return c
