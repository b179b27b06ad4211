# SPDX-License-Identifier: Apache-2.0
"""A real jeton process and ways to talk to it."""
import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import time
import urllib.parse

import jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = str(pathlib.Path(os.environ.get("JETON_BIN", "build/jeton")) if os.path.isabs(os.environ.get("JETON_BIN", "build/jeton"))
          else ROOT / os.environ.get("JETON_BIN", "build/jeton"))
FORM = "application/x-www-form-urlencoded"


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def basic(client, secret):
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    """One process. TLS is its own CA's (jeton dev), or none (jeton serve on loopback)."""

    def __init__(self, data, dev=True, port=None, args=(), env=None, prefix=(), host="127.0.0.1", wait=True):
        self.data, self.dev, self.host = str(data), dev, host
        self.port = port or free_port()
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith("JETON_")},
                            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", **(env or {})}
        self.log = open(os.path.join(os.path.dirname(self.data.rstrip("/")), f"log-{self.port}-{time.time_ns()}"), "w+b")
        listen = [] if "--listen" in args else ["--listen", f"{host}:{self.port}"]
        command = [*prefix, BIN, "dev" if dev else "serve", "--data", self.data, *listen, *(["-o", "json"] if dev else []), *args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=self.environment)
        self.secret, self.ca = None, None
        if wait:
            self.wait_ready()

    def wait_ready(self):
        if self.dev:
            line = self.process.stdout.readline()
            assert line, self.stderr()
            self.info = json.loads(line)
            self.issuer, self.secret, self.ca = self.info["issuer"], self.info["client_secret"], self.info["ca_file"]
        else:
            self.issuer = f"http://{self.host}:{self.port}"
            deadline = time.monotonic() + 60
            while not os.path.exists(os.path.join(self.data, "admin.sock")) or "ready" not in self.stderr():
                assert self.process.poll() is None and time.monotonic() < deadline, self.stderr()
                time.sleep(0.02)

    def stderr(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()

    # -- HTTP --------------------------------------------------------------------------------------------------------
    def connect(self, timeout=20):
        if self.dev:
            return http.client.HTTPSConnection(self.host.strip("[]"), self.port, timeout=timeout,
                                               context=ssl.create_default_context(cafile=self.ca))
        return http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        c = connection or self.connect()
        c.request(method, path, body, headers or {})
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        if connection is None:
            c.close()
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, form=None, auth=None, body=None, content_type=FORM, headers=None, connection=None):
        body = urllib.parse.urlencode(form) if body is None else body
        h = {"Content-Type": content_type, **(headers or {})}
        if auth is not None:
            h["Authorization"] = auth if isinstance(auth, str) else basic(*auth)
        return self.request("POST", path, body, h, connection)

    def token(self, client="demo", secret=None, connection=None, **form):
        return self.post("/token", {"grant_type": "client_credentials", **form}, auth=(client, secret or self.secret),
                         connection=connection)

    def raw(self, data, timeout=8, half_close=False, local=None):
        """Bytes on a fresh connection (plain TCP); everything that comes until the server closes."""
        with socket.create_connection((self.host, self.port), timeout, source_address=local) as s:
            try:
                s.sendall(data)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except socket.timeout:
                out += b"<<no close>>"
            except ConnectionResetError:
                out += b"<<reset>>"
            return out

    # -- administration ----------------------------------------------------------------------------------------------
    def api(self, method, path, body=None, headers=None):
        """The administration API: a body that is not bytes is sent as JSON; paths are below /admin/v1."""
        c = UnixConnection(os.path.join(self.data, "admin.sock"))
        h = {} if body is None else {"Content-Type": "application/json"}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        c.request(method, "/admin/v1" + path, data, {**h, **(headers or {})})
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        c.close()
        return answer

    def ask(self, method, path, body=None, headers=None, status=None):
        """The same where it must succeed: what the answer says."""
        a = self.api(method, path, body, headers)
        assert a.status == (status or {"POST": 201, "DELETE": 204}.get(method, 200)), a
        return a.json if a.body else None

    def patch(self, path, body):
        """PATCH of what is there now."""
        return self.ask("PATCH", path, body, {"If-Match": self.api("GET", path).headers["ETag"]})

    def cli(self, *args, ok=True):
        r = subprocess.run([BIN, *args], capture_output=True, text=True, timeout=60,
                           env={**self.environment, "JETON_DATA": self.data}, stdin=subprocess.DEVNULL)
        if ok:
            assert r.returncode == 0, r.stderr
        return r

    def cli_json(self, *args):
        return json.loads(self.cli(*args, "-o", "json").stdout)

    def client(self, name, *args):
        made = self.cli_json("client", "create", name, *args)
        return made["client_id"], made.get("client_secret")

    def events(self, **want):
        return [e for e in self.cli_json("audit", "list", "--limit", "1000") if all(e.get(k) == v for k, v in want.items())]

    # -- the end -----------------------------------------------------------------------------------------------------
    def stop(self, expect=0):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        text = self.stderr()
        assert "Sanitizer" not in text and "runtime error" not in text, text[-4000:]
        assert code == expect, f"exit {code}: {text[-2000:]}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)


def jti(token):
    return jwt.decode(token, options={"verify_signature": False})["jti"]


def until(what, seconds=20):
    """What is true at last, or what was not after so long."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def audit_rows(data):
    """All events, straight from the database."""
    db = sqlite3.connect(f"file:{data}/audit.db?mode=ro", uri=True)
    try:
        names = [r[1] for r in db.execute("PRAGMA table_info(event)")]
        return [dict(zip(names, row)) for row in db.execute("SELECT * FROM event ORDER BY seq")]
    finally:
        db.close()


def check_chain(rows):
    """Numbers without gaps, and each hash over the one before and the event (src/server/audit/event.h)."""
    import hashlib
    import struct

    def text(s):
        b = s.encode() if isinstance(s, str) else s
        return struct.pack(">I", len(b)) + b

    previous = None
    for r in rows:
        if previous is not None:
            assert r["seq"] == previous["seq"] + 1
        start = previous["hash"] if previous else bytes(32)
        data = (start + b"JE1" + struct.pack(">Qq", r["seq"], r["time"]) + text(r["type"]) + struct.pack(">Q", r["count"]) + r["address"]
                + b"".join(text(r[k]) for k in ("client_id", "credential_id", "resource", "scope", "jti", "reason", "detail")))
        if previous is not None or r["seq"] == 1:
            assert hashlib.sha256(data).digest() == r["hash"], f"event {r['seq']} is not chained"
        previous = r
