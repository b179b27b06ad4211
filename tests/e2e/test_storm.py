# SPDX-License-Identifier: Apache-2.0
"""Everything an operator does, while 16 callers go on: no request fails, and each change is in effect on every worker."""
import base64
import calendar
import http.client
import json
import os
import signal
import ssl
import subprocess
import threading
import time

import jwt
import pytest
from support import FORM, Server, basic, check_chain, audit_rows, free_port
from test_operations import certificate, until
from urllib.parse import urlencode

SECONDS = float(os.environ.get("JETON_STORM_SECONDS", "12"))
API, VAULT = "https://api.example.com", "https://vault.example.com"
ALL = 12  # kept-alive connections through which each change is looked at: they are spread over the workers


class Storm:
    def __init__(self, tmp_path):
        self.folder = tmp_path
        certificate(tmp_path)
        self.config(lifetime="10m")
        self.port = free_port()
        self.server = Server(tmp_path / "data", dev=False, port=self.port, args=["--config", str(tmp_path / "jeton.yaml")])
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE  # the certificate changes under way
        self.failures, self.requests, self.stop = [], 0, threading.Event()
        self.lock = threading.Lock()

    def config(self, lifetime):
        (self.folder / "jeton.yaml").write_text(
            f"server:\n  issuer: https://auth.example.com\n  workers: 2\n  tls_cert: {self.folder}/cert.pem\n  tls_key: {self.folder}/key.pem\n"
            f"token:\n  lifetime: {lifetime}\nkeys:\n  jwks_max_age: 1s\n  publish_wait: 2s\n")

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.context)

    def call(self, c, path, form, auth):
        c.request("POST", path, urlencode(form), {"Content-Type": FORM, "Authorization": auth})
        r = c.getresponse()
        body = r.read()
        with self.lock:
            self.requests += 1
        return r.status, json.loads(body) if body else None

    def wrong(self, what):
        with self.lock:
            self.failures.append(what)


class Caller(threading.Thread):
    """Gets tokens, has them introspected by the API, and checks some offline with the published keys."""

    def __init__(self, storm, i, rs):
        super().__init__()
        self.storm, self.rs, self.resource = storm, rs, API if i % 4 else VAULT
        self.id, self.secret = storm.server.client(f"caller-{i}", "--allow", f"{self.resource}=r")
        self.keys = {}

    def offline(self, c, token):
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self.keys:
            c.request("GET", "/.well-known/jwks.json")
            self.keys = {k["kid"]: jwt.PyJWK(k).key for k in json.loads(c.getresponse().read())["keys"]}
        jwt.decode(token, self.keys[kid], algorithms=["ES256"], audience=API, issuer="https://auth.example.com")

    def once(self, c):
        status, answer = self.storm.call(c, "/token", {"grant_type": "client_credentials"}, basic(self.id, self.secret))
        if status != 200:
            return self.storm.wrong((self.id, "token", status, answer))
        token = answer["access_token"]
        status, answer = self.storm.call(c, "/introspect", {"token": token}, basic(*self.rs))
        if status != 200 or answer["active"] is not True:
            return self.storm.wrong((self.id, "introspect", status, answer))
        if self.resource == API:
            self.offline(c, token)

    def run(self):
        c = None
        try:
            while not self.storm.stop.is_set():
                for _ in range(20):
                    c = c or self.storm.connect()
                    self.once(c)
                c.close()
                c = None
        except Exception as e:
            self.storm.wrong((self.id, repr(e)))


class Operator:
    """One change after another, each looked at through many connections as soon as it was answered."""

    def __init__(self, storm, rs, callers):
        self.storm, self.rs, self.callers, self.s = storm, rs, callers, storm.server
        self.watch = [storm.connect() for _ in range(ALL)]
        self.id, self.secret = self.s.client("victim", "--allow", f"{API}=r,w")
        self.done = {}

    def tokens(self, **form):
        return [self.storm.call(c, "/token", {"grant_type": "client_credentials", "resource": API, **form}, basic(self.id, self.secret))
                for c in self.watch]

    def active(self, token):
        return {self.storm.call(c, "/introspect", {"token": token}, basic(*self.rs))[1]["active"] for c in self.watch}

    def token(self):
        status, answer = self.tokens()[0]
        assert status == 200, answer
        return answer["access_token"]

    def rotate_secret(self):
        caller = self.callers[self.done.get("rotate_secret", 0) % len(self.callers)]
        made = self.s.cli_json("credential", "rotate", caller.id, "--overlap", "30s")
        caller.secret = made["client_secret"]

    def rotate_own_at_once(self):
        token, old = self.token(), self.secret
        self.secret = self.s.cli_json("credential", "rotate", self.id, "--now")["client_secret"]
        assert self.active(token) == {False}
        assert {a[0] for a in self.tokens()} == {200}
        self.secret, new = old, self.secret
        assert self.tokens()[0][0] == 401
        self.secret = new

    def revoke_token(self):
        token = self.token()
        assert self.active(token) == {True}
        status, _ = self.storm.call(self.watch[0], "/revoke", {"token": token}, basic(self.id, self.secret))
        assert status == 200 and self.active(token) == {False}

    def revoke_all(self):
        token = self.token()
        self.s.cli("revoke", "--client", self.id)
        assert self.active(token) == {False}
        assert self.active(self.token()) == {True}

    def disable(self):
        token = self.token()
        self.s.cli("client", "disable", self.id)
        assert {a[0] for a in self.tokens()} == {401} and self.active(token) == {False}
        self.s.cli("client", "enable", self.id)
        assert {a[0] for a in self.tokens()} == {200} and self.active(token) == {True}

    def grants(self):
        token = self.token()
        self.s.cli("grant", "remove", self.id, API, "w")
        assert self.active(token) == {False} and {a[0] for a in self.tokens(scope="w")} == {400}
        self.s.cli("grant", "add", self.id, API, "w")
        assert {a[0] for a in self.tokens(scope="w")} == {200}

    def rotate_key(self):
        if self.done.get("rotate_key", 0) >= 20:
            return  # each stays published for as long as its tokens live, and their number is bounded
        self.s.cli("key", "rotate", "--alg", "ES256")

    def reload(self):
        certificate(self.storm.folder)
        self.storm.config(lifetime=f"{10 + self.done.get('reload', 0) % 7}m")
        before = self.s.stderr().count("were read again")
        self.s.process.send_signal(signal.SIGHUP)
        assert until(lambda: self.s.stderr().count("were read again") > before), self.s.stderr()[-2000:]

    def resource(self):
        name = f"https://new-{self.done.get('resource', 0)}.example.com"
        self.s.cli("resource", "create", name, "--scope", "r", "--alg", "ES256")
        self.s.cli("grant", "add", self.id, name, "r")
        status, answer = self.storm.call(self.watch[-1], "/token", {"grant_type": "client_credentials", "resource": name}, basic(self.id, self.secret))
        assert status == 200, answer
        self.s.cli("grant", "remove", self.id, name)
        self.s.cli("resource", "delete", name, "--yes")

    def run(self, seconds):
        steps = [self.rotate_secret, self.revoke_token, self.rotate_key, self.disable, self.reload, self.rotate_own_at_once, self.grants,
                 self.revoke_all, self.resource]
        end = time.monotonic() + seconds
        n = 0
        while time.monotonic() < end or n < len(steps):
            step = steps[n % len(steps)]
            step()
            self.done[step.__name__] = self.done.get(step.__name__, 0) + 1
            n += 1
        return n


def test_storm(tmp_path):
    storm = Storm(tmp_path)
    s = storm.server
    s.cli("resource", "create", API, "--scope", "r", "--scope", "w", "--alg", "ES256")
    s.cli("resource", "create", VAULT, "--scope", "r", "--format", "opaque")
    rs = s.client("rs")
    for a in (API, VAULT):
        s.cli("resource", "update", a, "--introspect-by", "rs")
    callers = [Caller(storm, i, rs) for i in range(16)]
    operator = Operator(storm, rs, callers)
    for c in callers:
        c.start()
    try:
        changes = operator.run(SECONDS)
    finally:
        storm.stop.set()
        for c in callers:
            c.join(60)
    print(f"{storm.requests} requests, {changes} changes: {operator.done}")
    assert not storm.failures, storm.failures[:5]
    assert storm.requests > 500
    check_chain(audit_rows(s.data))
    s.stop()


def test_rotation_under_load(tmp_path):
    """Sixteen callers with one secret go on while it is replaced, and change over in their own time: none is refused. When the
    overlap is over, every worker refuses the old one within a second."""
    overlap = 6
    storm = Storm(tmp_path)
    s = storm.server
    s.cli("resource", "create", API, "--scope", "r", "--alg", "ES256")
    rs = s.client("rs")
    s.cli("resource", "update", API, "--introspect-by", "rs")
    callers = [Caller(storm, i * 4 + 1, rs) for i in range(16)]
    shared, old = callers[0].id, callers[0].secret
    for c in callers:
        c.id, c.secret = shared, old
        c.start()
    watch = [storm.connect() for _ in range(ALL)]

    def answers(secret):
        return [storm.call(c, "/token", {"grant_type": "client_credentials"}, basic(shared, secret))[0] for c in watch]
    try:
        time.sleep(1)
        made = s.cli_json("credential", "rotate", shared, "--overlap", f"{overlap}s")
        begun, new = time.monotonic(), made["client_secret"]
        ends = calendar.timegm(time.strptime(made["replaced"][0]["expires"], "%Y-%m-%dT%H:%M:%SZ"))
        assert answers(old) == answers(new) == [200] * ALL
        for i, c in enumerate(callers):  # one after the other, over the first half of the overlap
            c.secret = new
            time.sleep(max(0, begun + (i + 1) * overlap / 2 / 16 - time.monotonic()))
        time.sleep(max(0, ends - 1.5 - time.time()))
        assert answers(old) == [200] * ALL  # to the end
        time.sleep(max(0, ends + 1 - time.time()))
        assert answers(old) == [401] * ALL and answers(new) == [200] * ALL
        time.sleep(1)
    finally:
        storm.stop.set()
        for c in callers:
            c.join(60)
    assert not storm.failures, storm.failures[:5]
    assert storm.requests > 500
    check_chain(audit_rows(s.data))
    s.stop()
