# SPDX-License-Identifier: Apache-2.0
"""Another issuer: HTTPS on loopback with a CA of its own, whose answers a test may replace."""
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time
import uuid

from assertions import Key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificate(folder):
    """One file with the certificate and its key, one with the CA."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(name, issuer, key, by, ca):
        b = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
             .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
             .not_valid_after(now + datetime.timedelta(days=30)).add_extension(x509.BasicConstraints(ca, None), True))
        if not ca:
            b = b.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                                                             x509.IPAddress(ipaddress.ip_address("::1"))]), False)
        return b.sign(by, hashes.SHA256())

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests' issuer")])
    ca = build(ca_name, ca_name, ca_key, ca_key, True)
    leaf = build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")]), ca_name, key, ca_key, False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "issuer.pem").write_bytes(leaf.public_bytes(pem) + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return str(folder / "issuer.pem"), str(folder / "ca.pem")


class Issuer:
    """url, ca; keys is what its JWKS says; asked counts requests by path; instead replaces answers:
    path -> (status, headers, body, seconds before it)."""

    DISCOVERY, JWKS = "/.well-known/openid-configuration", "/keys"

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        certificate, self.ca = make_certificate(folder)
        self.keys, self.asked, self.instead, self.lock = [], {}, {}, threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request):
        with self.lock:
            self.asked[request.path] = self.asked.get(request.path, 0) + 1
            special = self.instead.get(request.path)
        status, headers, body, wait = special or (200, {}, self.document(request.path), 0)
        time.sleep(wait)
        try:
            request.send_response(status)
            for k, v in headers.items():
                request.send_header(k, v)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass  # it had enough

    def document(self, path):
        if path == self.DISCOVERY:
            return json.dumps({"issuer": self.url, "jwks_uri": self.url + self.JWKS}).encode()
        return json.dumps({"keys": [k.jwk for k in self.keys]}).encode()

    def key(self, alg="ES256", kid="k1"):
        k = Key(alg, kid)
        self.keys.append(k)
        return k

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def token(key, iss, aud, sub, life=300, header=None, at=0, **more):
    """What a platform gives its workloads; a claim that is None is left out. at: seconds from now."""
    now = int(time.time()) + at
    c = {"iss": iss, "aud": aud, "sub": sub, "iat": now, "nbf": now, "exp": now + life, "jti": str(uuid.uuid4()), **more}
    return key.sign({k: v for k, v in c.items() if v is not None}, header)
