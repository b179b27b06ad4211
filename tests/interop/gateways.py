# SPDX-License-Identifier: Apache-2.0
"""Servers in front of an API, started from a configuration in a folder of their own, on loopback."""
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import certificates
from support import Answer, Server, free_port
from tools import need_program

MODULES = "/usr/lib/apache2/modules"


@contextlib.contextmanager
def running(command, folder, port):
    """The process until it listens, and its end."""
    with open(folder / "log", "w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 20
            while not listens(port):
                assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text(errors="replace")
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def folder():
    """Readable by the users that these servers become when root starts them."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="interop."))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Gateway:
    def __init__(self, port, path):
        self.port, self.path = port, path

    def get(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        said = Answer(answer.status, answer.headers, answer.read())
        connection.close()
        return said

    @property
    def log(self):
        return "".join(f.read_text(errors="replace") for f in self.path.glob("*log"))


@contextlib.contextmanager
def apache(settings, ca, locations, files=()):
    """Apache with mod_auth_openidc: settings for the whole server, {path: requirement} for its pages; FOLDER is where files are."""
    program = need_program("apache2")
    if not os.path.exists(f"{MODULES}/mod_auth_openidc.so"):
        need_program("mod_auth_openidc")
    modules = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc")
    with folder() as path:
        port = free_port()
        (path / "pages").mkdir()
        for name, file in {"ca.pem": ca, **dict(files)}.items():
            shutil.copy(file, path / name)
            (path / name).chmod(0o644)
        for name in locations:
            (path / "pages" / name.strip("/")).write_text("the page\n")
        user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
        pages = [f'<Location "{name}">\n  AuthType oauth20\n  Require {need}\n</Location>' for name, need in locations.items()]
        (path / "conf").write_text("\n".join([
            f"ServerRoot {path}", f"PidFile {path}/pid", f"Listen 127.0.0.1:{port}", "ServerName localhost", f"ErrorLog {path}/error.log", "LogLevel info",
            f"DocumentRoot {path}/pages", *(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in modules), *user,
            f"OIDCCABundlePath {path}/ca.pem", *(s.replace("FOLDER", str(path)) for s in settings), *pages, ""]))
        with running([program, "-f", str(path / "conf"), "-DFOREGROUND"], path, port):
            yield Gateway(port, path)


@contextlib.contextmanager
def haproxy(pem, algorithm, issuer, audience):
    """HAProxy 2.6: each of algorithm, signature, issuer, audience and end is a rule of its own."""
    program = need_program("haproxy")
    with folder() as path:
        port = free_port()
        (path / "key.pem").write_text(pem)
        (path / "haproxy.cfg").write_text(f"""
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend api
    bind 127.0.0.1:{port}
    http-request deny deny_status 401 unless {{ req.hdr(authorization) -m found }}
    http-request set-var(txn.bearer) http_auth_bearer
    http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
    http-request set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')
    http-request set-var(txn.aud) var(txn.bearer),jwt_payload_query('$.aud')
    http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
    http-request set-var(txn.scope) var(txn.bearer),jwt_payload_query('$.scope')
    http-request set-var(txn.now) date()
    http-request return status 401 content-type text/plain string alg unless {{ var(txn.alg) -m str {algorithm} }}
    http-request return status 401 content-type text/plain string signature unless {{ var(txn.bearer),jwt_verify(txn.alg,"{path}/key.pem") -m int 1 }}
    http-request return status 401 content-type text/plain string issuer unless {{ var(txn.iss) -m str {issuer} }}
    http-request return status 401 content-type text/plain string audience unless {{ var(txn.aud) -m str {audience} }}
    http-request return status 401 content-type text/plain string expired if {{ var(txn.exp),sub(txn.now) -m int le 0 }}
    http-request return status 403 content-type text/plain string scope if {{ path /write }} !{{ var(txn.scope) -m sub api:write }}
    http-request return status 200 content-type text/plain string "the page"
""")
        with running([program, "-db", "-q", "-f", str(path / "haproxy.cfg")], path, port):
            yield Gateway(port, path)


def front(make, path, form):
    """jeton serve behind a proxy that ends TLS with a certificate of its own CA; `make` writes and starts the proxy."""
    @contextlib.contextmanager
    def begin():
        port = free_port()
        front_ca = certificates.make(path, "front-ca", "Front CA", ca=True)
        own = certificates.make(path, "front", "localhost", by=front_ca, usage=certificates.ExtendedKeyUsageOID.SERVER_AUTH,
                                names=[certificates.loopback()])
        server = Server(path / "data", dev=False, args=("--issuer", f"https://127.0.0.1:{port}"),
                        env={"JETON_SERVER_TRUSTED_PROXIES": "127.0.0.1/32", "JETON_SERVER_CLIENT_CERT_HEADER": form})
        try:
            server.issuer, server.ca = f"https://127.0.0.1:{port}", front_ca.crt
            with folder() as there, make(there, port, server.port, own):
                yield server
        finally:
            server.stop()
    return begin()


def nginx_tls(path, form):
    def make(there, port, backend, own):
        program = need_program("nginx")
        (there / "pem").write_text(_pem(own))
        user = "user www-data;" if os.geteuid() == 0 else ""
        temp = " ".join(f"{n}_temp_path {there}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (there / "nginx.conf").write_text(f"""
{user} worker_processes 1; daemon off; pid {there}/pid; error_log {there}/log;
events {{ worker_connections 64; }}
http {{
    access_log off; {temp}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {there}/pem; ssl_certificate_key {there}/pem;
        ssl_verify_client optional_no_ca;
        location / {{
            proxy_pass http://127.0.0.1:{backend};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
        }}
    }}
}}
""")
        return running([program, "-p", str(there), "-e", f"{there}/log", "-c", f"{there}/nginx.conf"], there, port)
    return front(make, path, form)


def haproxy_tls(path, form):
    def make(there, port, backend, own):
        program = need_program("haproxy")
        (there / "pem").write_text(_pem(own))
        (there / "haproxy.cfg").write_text(f"""
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend tls
    bind 127.0.0.1:{port} ssl crt {there}/pem ca-file {there}/pem verify optional ca-ignore-err all crt-ignore-err all
    http-request del-header Client-Cert
    http-request del-header Client-Cert-Chain
    http-request del-header X-Forwarded-For
    http-request set-header X-Forwarded-For %[src]
    http-request set-header Client-Cert :%[ssl_c_der,base64]: if {{ ssl_c_used }}
    default_backend jeton
backend jeton
    server jeton 127.0.0.1:{backend}
""")
        return running([program, "-db", "-q", "-f", str(there / "haproxy.cfg")], there, port)
    return front(make, path, form)


def _pem(certificate):
    return pathlib.Path(certificate.crt).read_text() + pathlib.Path(certificate.key).read_text()
