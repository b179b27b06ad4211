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

from support import Answer, free_port
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
def apache(settings, ca, locations):
    """Apache with mod_auth_openidc: settings for the whole server, {path: requirement} for its pages."""
    program = need_program("apache2")
    if not os.path.exists(f"{MODULES}/mod_auth_openidc.so"):
        need_program("mod_auth_openidc")
    modules = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc")
    with folder() as path:
        port = free_port()
        (path / "pages").mkdir()
        shutil.copy(ca, path / "ca.pem")
        (path / "ca.pem").chmod(0o644)
        for name in locations:
            (path / "pages" / name.strip("/")).write_text("the page\n")
        user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
        pages = [f'<Location "{name}">\n  AuthType oauth20\n  Require {need}\n</Location>' for name, need in locations.items()]
        (path / "conf").write_text("\n".join([
            f"ServerRoot {path}", f"PidFile {path}/pid", f"Listen 127.0.0.1:{port}", "ServerName localhost", f"ErrorLog {path}/error.log", "LogLevel info",
            f"DocumentRoot {path}/pages", *(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in modules), *user,
            f"OIDCCABundlePath {path}/ca.pem", *settings, *pages, ""]))
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
