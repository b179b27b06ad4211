# SPDX-License-Identifier: Apache-2.0
"""jeton token, introspect and revoke: against the real server over TLS, and against issuers that do it wrong."""
import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support import BIN

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("JETON_", "OAUTH2_")) and not k.lower().endswith("_proxy")}


def run(*args, env=None, stdin=None, timeout=60):
    r = subprocess.run([BIN, *args], capture_output=True, text=True, timeout=timeout, env={**CLEAN, **(env or {})},
                       **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}))
    assert "Sanitizer" not in r.stderr and "runtime error" not in r.stderr, r.stderr
    return r


def fails(code, text, *args, **options):
    r = run(*args, **options)
    assert r.returncode == code and text in r.stderr and r.stdout == "", (r.returncode, r.stdout, r.stderr)
    return r.stderr


def variables(server, **more):
    return {"JETON_ISSUER": server.issuer, "JETON_CA_FILE": server.ca, "JETON_CLIENT_ID": "demo", "JETON_CLIENT_SECRET": server.secret, **more}


def claims(token):
    body = token.strip().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


# -- the real server -------------------------------------------------------------------------------------------------------
def test_token(dev):
    r = run("token", env=variables(dev))
    assert r.returncode == 0 and r.stderr == "" and r.stdout.count("\n") == 1, r.stderr
    assert claims(r.stdout)["aud"] == "https://api.example.com" and claims(r.stdout)["client_id"] == "demo"
    r = run("token", "--header", env=variables(dev))
    assert r.stdout.startswith("Authorization: Bearer ey") and r.stdout.count("\n") == 1
    r = run("token", "-o", "json", env=variables(dev))
    answer = json.loads(r.stdout)
    assert answer["token_type"] == "Bearer" and answer["expires_in"] == 3600 and claims(answer["access_token"])["sub"] == "demo"


def test_token_by_flags(dev, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(dev.secret + "\n")
    secret.chmod(0o600)
    flags = ["--issuer", dev.issuer, "--ca-file", dev.ca, "--client-id", "demo", "--scope", "api:read", "--resource", "https://api.example.com"]
    wrong = {"JETON_ISSUER": "https://wrong.invalid", "JETON_CA_FILE": "/wrong", "JETON_CLIENT_ID": "wrong", "JETON_CLIENT_SECRET": "wrong",
             "JETON_SCOPE": "wrong", "JETON_RESOURCE": "https://wrong.invalid"}
    r = run("token", *flags, "--secret-file", str(secret), env=wrong)
    assert r.returncode == 0 and r.stderr == "" and claims(r.stdout)["scope"] == "api:read", r.stderr
    r = run("token", *flags, "--secret-file", "-", env=wrong, stdin=dev.secret)
    assert r.returncode == 0 and claims(r.stdout)["scope"] == "api:read", r.stderr
    secret.chmod(0o644)
    r = run("token", *flags, "--secret-file", str(secret))
    assert r.returncode == 0 and f"chmod 600 {secret}" in r.stderr and r.stdout.count("\n") == 1


def test_token_by_environment(dev, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(dev.secret + "\n")
    secret.chmod(0o600)
    env = variables(dev, JETON_CLIENT_SECRET_FILE=str(secret), JETON_SCOPE="api:write", JETON_RESOURCE="https://api.example.com")
    fails(2, "JETON_CLIENT_SECRET and JETON_CLIENT_SECRET_FILE are both set", "token", env=env)
    del env["JETON_CLIENT_SECRET"]
    r = run("token", env=env)
    assert r.returncode == 0 and claims(r.stdout)["scope"] == "api:write", r.stderr
    env = {"JETON_ISSUER": dev.issuer, "JETON_CA_FILE": dev.ca, "OAUTH2_CLIENT_ID": "demo", "OAUTH2_CLIENT_SECRET": dev.secret, "JETON_CLIENT_ID": ""}
    assert run("token", env=env).returncode == 0
    fails(1, "invalid_client", "token", env={**env, "JETON_CLIENT_ID": "other"})


def test_refused_with_a_reference_that_can_be_explained(dev):
    text = fails(1, "jeton: the issuer refused: invalid_client (Client authentication failed.), reference ", "token",
                 env=variables(dev, JETON_CLIENT_SECRET="wrong"))
    assert "hint: the client id comes from JETON_CLIENT_ID, the secret from JETON_CLIENT_SECRET" in text
    ref = text.split("jeton explain ")[1].split()[0]
    assert dev.cli_json("explain", ref)["reason"].startswith("secret")
    fails(1, "the issuer refused: invalid_scope", "token", "--scope", "nothing", env=variables(dev))
    fails(1, "the issuer refused: invalid_target", "token", "--resource", "https://other.example", env=variables(dev))


def test_introspect(dev):
    client, secret = dev.client("net-gateway")
    dev.cli("resource", "update", "https://api.example.com", "--introspect-by", client)
    gateway = variables(dev, JETON_CLIENT_ID=client, JETON_CLIENT_SECRET=secret)
    token = run("token", env=variables(dev)).stdout.strip()
    r = run("introspect", token, env=gateway)
    assert r.returncode == 0 and r.stdout.startswith("active          yes\n") and "client_id       demo\n" in r.stdout, r.stderr
    assert any(line.startswith("exp ") and line.endswith("Z") for line in r.stdout.splitlines())
    for args in (["-"], []):
        r = run("introspect", *args, "-o", "json", env=gateway, stdin=token + "\n")
        assert r.returncode == 0 and json.loads(r.stdout)["client_id"] == "demo"
    r = run("introspect", "--bearer", token, env={"JETON_ISSUER": dev.issuer, "JETON_CA_FILE": dev.ca})
    assert r.returncode == 0 and r.stdout.startswith("active          yes\n")
    r = run("introspect", "no.such.token", env=gateway)
    assert r.returncode == 1 and r.stdout == "active          no\n" and "hint: " in r.stderr
    r = run("introspect", "no.such.token", "-o", "json", env=gateway)
    assert r.returncode == 1 and json.loads(r.stdout) == {"active": False}
    fails(1, "the issuer refused: invalid_token", "introspect", "--bearer", "no.such.token", env=variables(dev))
    fails(1, "the issuer refused: invalid_client", "introspect", token, env={**gateway, "JETON_CLIENT_SECRET": "wrong"})


def test_revoke(dev):
    token = run("token", env=variables(dev)).stdout.strip()
    r = run("revoke", "-", env=variables(dev), stdin=token + "\n")
    assert r.returncode == 0 and r.stdout == "" and r.stderr == "hint: if the token was one of client demo's, it is no longer active\n", r.stderr
    fails(1, "the issuer refused: invalid_token", "introspect", "--bearer", token, env=variables(dev))
    assert run("revoke", token, env=variables(dev)).returncode == 0
    fails(1, "the issuer refused: invalid_client", "revoke", token, env=variables(dev, JETON_CLIENT_SECRET="wrong"))


def test_tls_is_told_apart(dev, tmp_path):
    none = variables(dev)
    del none["JETON_CA_FILE"]
    place = dev.issuer.removeprefix("https://")
    text = fails(5, f"the TLS certificate of {place} is of no CA that this system trusts, and no CA file was named", "token", env=none)
    assert "--ca-file FILE or JETON_CA_FILE" in text
    other, _ = certificate(tmp_path, "127.0.0.1")
    text = fails(5, f"is of no CA in {other}", "token", env=variables(dev, JETON_CA_FILE=str(other)))
    assert "--ca-file FILE or JETON_CA_FILE" in text
    text = fails(2, "cannot read the CA file /nowhere: No such file", "token", env=variables(dev, JETON_CA_FILE="/nowhere"))
    assert "--ca-file FILE or JETON_CA_FILE" in text
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    fails(2, f"the CA file {empty} has no certificate", "token", "--ca-file", str(empty), env=variables(dev))
    fails(1, "they must be the same", "token", env=variables(dev, JETON_ISSUER=dev.issuer.replace("127.0.0.1", "localhost")))


def test_server_does_not_load_libcurl(dev, plain):
    for server in (dev, plain):
        maps = pathlib.Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "libcurl" not in maps and "libssl" in maps


def test_server_ignores_the_variables_of_clients(dev):
    env = variables(dev, JETON_SCOPE="a", JETON_RESOURCE="b", JETON_AUDIENCE="c", JETON_CLIENT_SECRET_FILE="/nowhere")
    r = run("check", env=env)
    assert r.returncode == 0, r.stderr


USAGE = [
    (["token"], {}, "no client: --client-id ID or JETON_CLIENT_ID"),
    (["token"], {"JETON_CLIENT_ID": "x"}, "no client secret: --secret-file FILE (- is standard input), JETON_CLIENT_SECRET"),
    (["token"], {"JETON_CLIENT_ID": "x", "JETON_CLIENT_SECRET": "y"}, "no issuer: --issuer URL or JETON_ISSUER"),
    (["token", "--client-id", "ä"], {}, "--client-id: a client id has"),
    (["token"], {"JETON_CLIENT_ID": "a\nb"}, "JETON_CLIENT_ID: a client id has"),
    (["token"], {"JETON_CLIENT_ID": "x", "JETON_CLIENT_SECRET": "y" * 4097}, "JETON_CLIENT_SECRET is longer than 4096 bytes"),
    (["token", "--client-id", "x", "--secret-file", "/nowhere"], {}, "the client secret (--secret-file) from /nowhere: No such file"),
    (["token", "--client-id", "x"], {"JETON_CLIENT_SECRET_FILE": "/nowhere"}, "the client secret (JETON_CLIENT_SECRET_FILE) from /nowhere"),
    (["token", "--client-id", "x", "--secret-file", "-"], {}, "the client secret (--secret-file) is empty"),
    (["token", "--secret", "x"], {}, "unknown flag --secret"),
    (["token", "--issuer", "auth.example.com"], "demo", '--issuer: the issuer "auth.example.com" is not a URL'),
    (["token", "--issuer", "http://auth.example.com"], "demo", "does not begin with https://"),
    (["token", "--issuer", "https://a@auth.example.com"], "demo", "has a user or a fragment"),
    (["token", "--issuer", "https://auth.example.com?x"], "demo", "has a query"),
    (["token"], {"JETON_CLIENT_ID": "x", "JETON_CLIENT_SECRET": "y", "JETON_ISSUER": "ftp://a"}, 'JETON_ISSUER: the issuer "ftp://a"'),
    (["token", "--resource", "a:b", "--audience", "a:b"], "demo", "--resource and --audience name the same thing"),
    (["token", "--header", "-o", "json"], "demo", "--header prints a line of HTTP"),
    (["token", "--issuer", "https://auth.example.com", "--timeout", "0"], "demo", "--timeout takes a duration"),
    (["token", "TOKEN"], "demo", "one word too many"),
    (["introspect", "x.y"], {}, "no client: --client-id ID or JETON_CLIENT_ID"),
    (["introspect", "--bearer", "--client-id", "x", "x.y"], {}, "--bearer asks with the token itself"),
    (["introspect", "a b"], "demo", "that is not a token"),
    (["introspect"], "demo", "the token is empty: standard input"),
    (["introspect", "-", "--secret-file", "-"], {"JETON_CLIENT_ID": "x"}, "cannot both come from standard input"),
    (["revoke", "a" * 16385], "demo", "that is not a token"),
    (["revoke", "--jti", "x", "x.y"], "demo", "TOKEN and --jti exclude each other"),
    (["revoke"], "demo", "say what to revoke: TOKEN, --jti"),
    (["revoke", "x.y"], {}, "no client: --client-id ID or JETON_CLIENT_ID"),
]


@pytest.mark.parametrize("args,env,text", USAGE, ids=lambda v: " ".join(v)[:40] if isinstance(v, list) else None)
def test_usage(args, env, text):
    fails(2, text, *args, env={"JETON_CLIENT_ID": "demo", "JETON_CLIENT_SECRET": "secret"} if env == "demo" else env)


# -- issuers that do it wrong ----------------------------------------------------------------------------------------------
class Issuer:
    """An issuer on plain loopback whose every answer the test decides: path -> (status, headers, body) or a function of the handler."""

    def __init__(self, context=None):
        self.asked, self.answers = [], {}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                issuer.asked.append((self.command, self.path, dict(self.headers), dict(urllib.parse.parse_qsl(body, strict_parsing=bool(body)))))
                answer = issuer.answers.get(self.path, (404, {}, "nothing here"))
                if callable(answer):
                    answer(self)
                    return
                status, headers, text = answer
                data = (text if isinstance(text, str) else json.dumps(text)).encode()
                self.send_response(status)
                for name, value in {"Content-Length": len(data), "Connection": "close", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_CONNECT = handle_any

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that has had enough closes

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{'http' if context is None else 'https'}://{self.place}"
        self.metadata = {"issuer": self.url, **{f"{n}_endpoint": f"{self.url}/{n}" for n in ("token", "introspection", "revocation")}}
        self.answers["/.well-known/oauth-authorization-server"] = lambda h: self.say(h, self.metadata)
        self.answers["/token"] = (200, {}, {"access_token": "tok.en", "token_type": "Bearer", "expires_in": 60})
        self.env = {"JETON_ISSUER": self.url, "JETON_CLIENT_ID": "me", "JETON_CLIENT_SECRET": "hush-hush"}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def say(handler, value):
        data = json.dumps(value).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", len(data))
        handler.end_headers()
        handler.wfile.write(data)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer():
    i = Issuer()
    yield i
    i.close()


def test_what_is_sent(issuer):
    secret = "s3cr3t+with/odd:chars%&= ä"
    r = run("token", "--scope", "a b", "--resource", "https://x.example/?a=b&c", env={**issuer.env, "JETON_CLIENT_SECRET": secret})
    assert r.returncode == 0 and r.stdout == "tok.en\n", r.stderr
    method, path, headers, form = issuer.asked[-1]
    assert (method, path) == ("POST", "/token")
    assert form == {"grant_type": "client_credentials", "scope": "a b", "resource": "https://x.example/?a=b&c"}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded" and headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("jeton/") and "Expect" not in headers
    user, password = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().split(":")
    assert (urllib.parse.unquote_plus(user), urllib.parse.unquote_plus(password)) == ("me", secret)


def test_audience_for_those_who_call_it_so(issuer):
    assert run("token", "--audience", "https://x.example", env={**issuer.env, "JETON_RESOURCE": "https://y.example"}).returncode == 0
    assert issuer.asked[-1][3] == {"grant_type": "client_credentials", "audience": "https://x.example"}


def test_secret_in_the_form_when_only_that_is_listed(issuer):
    issuer.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_post"]
    assert run("token", env=issuer.env).returncode == 0
    _, _, headers, form = issuer.asked[-1]
    assert form == {"grant_type": "client_credentials", "client_id": "me", "client_secret": "hush-hush"} and "Authorization" not in headers
    issuer.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    fails(2, "takes no client secrets", "token", env=issuer.env)


def test_openid_metadata_is_the_second_choice(issuer):
    first, second = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    issuer.answers[second] = issuer.answers[first]
    for answer in [(404, {}, ""), (200, {}, "<html>"), (302, {"Location": "/login"}, ""), (401, {}, "{}")]:
        issuer.answers[first] = answer
        assert run("token", env=issuer.env).stdout == "tok.en\n"
        assert [a[1] for a in issuer.asked[-3:]] == [first, second, "/token"]


def test_issuer_with_a_path(issuer):
    del issuer.answers["/.well-known/oauth-authorization-server"]
    env = {**issuer.env, "JETON_ISSUER": issuer.url + "/realms/x"}
    issuer.metadata["issuer"] = issuer.url + "/realms/x"
    for place in ("/.well-known/oauth-authorization-server/realms/x", "/realms/x/.well-known/openid-configuration"):
        issuer.answers[place] = lambda h: issuer.say(h, issuer.metadata)
        assert run("token", env=env).stdout == "tok.en\n"
        del issuer.answers[place]
    issuer.metadata["issuer"] += "/"
    issuer.answers["/.well-known/oauth-authorization-server/realms/x"] = lambda h: issuer.say(h, issuer.metadata)
    assert run("token", env={**env, "JETON_ISSUER": env["JETON_ISSUER"] + "/"}).stdout == "tok.en\n"
    fails(1, f"asked for the issuer {env['JETON_ISSUER']}, but its metadata says {env['JETON_ISSUER']}/;", "token", env=env)


def set_metadata(name, value):
    def change(i):
        i.metadata[name] = value
        if value is None:
            del i.metadata[name]
    return change


def set_answer(path, *answer):
    def change(i):
        i.answers[path] = answer
    return change


def all_metadata(*answer):
    def change(i):
        for kind in ("oauth-authorization-server", "openid-configuration"):
            i.answers[f"/.well-known/{kind}"] = answer
    return change


TOKEN = {"access_token": "tok.en", "token_type": "Bearer"}
WRONG = {
    "no metadata": (all_metadata(404, {}, ""), 1, "has no metadata of an issuer: status 404; nor has /.well-known/oauth-authorization-server"),
    "metadata in HTML": (all_metadata(200, {}, "<html>"), 1, "status 200, but not a JSON object"),
    "metadata redirects": (all_metadata(302, {"Location": "https://evil.example/"}, ""), 1, "with a redirect (status 302) to https://evil.example/"),
    "metadata garbage": (all_metadata(200, {}, '{"issuer":'), 1, "is not a JSON object"),
    "metadata twice": (all_metadata(200, {}, '{"issuer":"a","issuer":"b"}'), 1, "is not a JSON object"),
    "metadata too large": (all_metadata(200, {}, "{" + " " * 1100000 + "}"), 1, "is larger than 1 MiB"),
    "metadata later": (all_metadata(503, {"Retry-After": "7"}, ""), 5, "status 503; try again in 7 s"),
    "other issuer": (set_metadata("issuer", "https://evil.example"), 1, "but its metadata says https://evil.example; they must be the same"),
    "no issuer": (set_metadata("issuer", None), 1, "names no issuer"),
    "http elsewhere": (set_metadata("token_endpoint", "http://192.0.2.1/token"), 1,
                       "its token_endpoint http://192.0.2.1/token does not begin with https:// (http:// is for loopback only)"),
    "endpoint is no URL": (set_metadata("revocation_endpoint", "/revoke"), 1, "its revocation_endpoint /revoke is not a URL"),
    "no token endpoint": (set_metadata("token_endpoint", None), 1, "has no token_endpoint: this issuer does not offer it"),
    "token redirects": (set_answer("/token", 307, {"Location": "https://evil.example/token"}, ""), 1,
                        "with a redirect (status 307) to https://evil.example/token, which is never followed"),
    "token garbage": (set_answer("/token", 200, {}, "access_token=x"), 1, "cannot be used: it is not a JSON object"),
    "token empty": (set_answer("/token", 200, {}, ""), 1, "cannot be used: it is not a JSON object"),
    "token missing": (set_answer("/token", 200, {}, {"token_type": "Bearer"}), 1, "it has no access_token"),
    "type missing": (set_answer("/token", 200, {}, {"access_token": "x"}), 1, "it has no token_type"),
    "type unknown": (set_answer("/token", 200, {}, {**TOKEN, "token_type": "mac"}), 1, "its token_type is not Bearer"),
    "life in words": (set_answer("/token", 200, {}, {**TOKEN, "expires_in": "an hour"}), 1, "its expires_in is not a number"),
    "two lines": (set_answer("/token", 200, {}, {**TOKEN, "access_token": "a\r\nX: b"}), 1, "no header can carry"),
    "token too large": (set_answer("/token", 200, {}, "{" + " " * 1100000 + "}"), 1, "is larger than 1 MiB"),
    "head too large": (set_answer("/token", 200, {f"X-{i}": "y" * 100 for i in range(700)}, TOKEN), 1, "answer is over 64 KiB"),
    "later": (set_answer("/token", 503, {"Retry-After": "7"}, {"error": "temporarily_unavailable"}), 5,
              "the issuer cannot answer now: temporarily_unavailable; try again in 7 s"),
    "later, in HTML": (set_answer("/token", 503, {"Retry-After": "7"}, "<html>"), 5, "answered with status 503, without an error of OAuth; try again in 7 s"),
    "too many": (set_answer("/token", 429, {"Retry-After": "30"}, {"error": "slow_down"}), 1, "the issuer refused: slow_down; try again in 30 s"),
    "refused in HTML": (set_answer("/token", 403, {}, "<html>"), 1, "answered with status 403, without an error of OAuth"),
    "refused with 200": (set_answer("/token", 200, {}, {"error": "invalid_client"}), 1, "it has no access_token"),
    "created": (set_answer("/token", 201, {}, TOKEN), 1, "answered with status 201"),
    "terminal tricks": (set_answer("/token", 400, {}, {"error": "x", "error_description": "\x1b[2J"}), 1, "the issuer refused: x\n"),
    "redirect tricks": (set_answer("/token", 302, {"Location": "\x1b[2J"}, ""), 1, "\\x1b[2J"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(issuer, name):
    change, code, text = WRONG[name]
    change(issuer)
    stderr = fails(code, text, "token", env=issuer.env)
    assert "\x1b" not in stderr and "hush" not in stderr


def test_slow(issuer):
    def slow(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", 1000)
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(200):
                handler.wfile.write(b" ")
                time.sleep(0.1)

    issuer.answers["/token"] = slow
    start = time.monotonic()
    text = fails(5, f"{issuer.place} did not answer within 2 s", "token", "--timeout", "2s", env=issuer.env)
    assert 1.5 < time.monotonic() - start < 10 and "--timeout DURATION" in text
    # While it waits: this is where libcurl is.
    p = subprocess.Popen([BIN, "token", "--timeout", "5s"], env={**CLEAN, **issuer.env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 5
    while "libcurl" not in pathlib.Path(f"/proc/{p.pid}/maps").read_text():
        assert p.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    command = pathlib.Path(f"/proc/{p.pid}/cmdline").read_bytes()
    p.kill()
    p.wait(10)
    assert b"hush" not in command


def test_nobody_there(issuer):
    issuer.close()
    text = fails(5, f"cannot connect to {issuer.place}", "token", env=issuer.env)
    assert "the issuer's URL comes from JETON_ISSUER" in text
    fails(5, "cannot find the host nobody.invalid", "token", env={**issuer.env, "JETON_ISSUER": "https://nobody.invalid"})


def test_introspection_answers(issuer):
    def ask(*args, answer, status=200):
        issuer.answers["/introspection"] = (status, {}, answer)
        return run("introspect", "to.ken", *args, env=issuer.env)

    r = ask(answer={"active": True, "exp": 0, "cnf": {"x5t#S256": "a"}, "aud": ["a", "b"], "n": 1.5, "evil": "\x1b[2J", "ok": False})
    assert r.returncode == 0, r.stderr
    assert r.stdout.splitlines() == ["active          yes", "exp             1970-01-01T00:00:00Z", 'cnf             {"x5t#S256":"a"}',
                                     "aud             a, b", "n               1.5", "evil            \\x1b[2J", "ok              no"]
    assert issuer.asked[-1][3] == {"token": "to.ken"} and issuer.asked[-1][2]["Authorization"].startswith("Basic ")
    for answer in ({}, {"active": "true"}, {"active": 1}, [], "garbage"):
        r = ask(answer=answer)
        assert r.returncode == 1 and r.stdout == "" and "cannot be used" in r.stderr
    r = ask(answer={"error": "insufficient_scope"}, status=403)
    assert r.returncode == 1 and "the issuer refused: insufficient_scope" in r.stderr
    del issuer.metadata["introspection_endpoint"]
    fails(1, "has no introspection_endpoint", "introspect", "to.ken", env=issuer.env)


def test_bearer_asks_for_itself(issuer):
    issuer.answers["/introspection"] = (200, {}, {"active": True})
    assert run("introspect", "--bearer", "to.ken", env=issuer.env).returncode == 0
    assert issuer.asked[-1][2]["Authorization"] == "Bearer to.ken" and issuer.asked[-1][3] == {"token": "to.ken"}


def test_revocation_answers(issuer):
    issuer.answers["/revocation"] = (200, {}, "")
    r = run("revoke", "to.ken", env=issuer.env)
    assert r.returncode == 0 and r.stdout == "" and issuer.asked[-1][3] == {"token": "to.ken"}, r.stderr
    issuer.answers["/revocation"] = (503, {"Retry-After": "3"}, "")
    fails(5, "try again in 3 s", "revoke", "to.ken", env=issuer.env)
    issuer.answers["/revocation"] = (400, {}, {"error": "unsupported_token_type"})
    fails(1, "the issuer refused: unsupported_token_type", "revoke", "to.ken", env=issuer.env)


def test_proxies(issuer):
    proxy = {"https_proxy": issuer.url, "http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}
    assert run("token", env={**issuer.env, **proxy}).returncode == 0  # loopback: none of them
    issuer.answers["auth.invalid:443"] = (407, {}, "")
    fails(5, "CONNECT tunnel failed, response 407", "token", env={**issuer.env, **proxy, "JETON_ISSUER": "https://auth.invalid"})
    assert issuer.asked[-1][:2] == ("CONNECT", "auth.invalid:443") and "Authorization" not in issuer.asked[-1][2]
    fails(5, "cannot find the host auth.invalid", "token", env={**issuer.env, **proxy, "JETON_ISSUER": "https://auth.invalid", "no_proxy": "auth.invalid"})


# -- TLS -------------------------------------------------------------------------------------------------------------------
def certificate(folder, address, days=1):
    """A certificate that is its own CA: files (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    end = datetime.datetime.utcnow() + datetime.timedelta(days=days)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(end - datetime.timedelta(days=3)).not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    cert_file, key_file = folder / f"{address}.pem", folder / f"{address}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return cert_file, key_file


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("address,days,version,text", [
    ("127.0.0.1", 1, None, None),
    ("192.0.2.1", 1, None, "is not good: SSL: no alternative certificate subject name matches"),
    ("127.0.0.1", -1, None, "is not good: SSL certificate problem: certificate has expired"),
    ("127.0.0.1", 1, ssl.TLSVersion.TLSv1_1, " failed: "),
], ids=["good", "other name", "expired", "TLS 1.1"])
def test_certificates(tmp_path, address, days, version, text):
    cert, key = certificate(tmp_path, address, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if version is not None:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
    i = Issuer(context)
    env = {**i.env, "JETON_CA_FILE": str(cert)}
    if text is None:
        assert run("token", env=env).stdout == "tok.en\n"
        i.metadata["token_endpoint"] = f"http://{i.place}/token"  # loopback: allowed, though nobody speaks it there
        assert run("token", "--timeout", "3s", env=env).returncode == 5
    else:
        fails(5, text, "token", env=env)
        assert i.asked == []
    i.close()


def test_closed_while_sending(tmp_path):
    """The other end resets while a large request is written: an exit code, not a SIGPIPE."""
    cert, key = certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    i = Issuer(context)

    def reset(handler):  # FIN, then RST: on Linux the next write of the other end is EPIPE
        handler.connection.shutdown(socket.SHUT_WR)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(handler.connection.detach())
        handler.close_connection = True

    i.server.RequestHandlerClass.do_POST = reset
    for _ in range(10):
        r = run("introspect", "--bearer", "!" * 16384, env={"JETON_ISSUER": i.url, "JETON_CA_FILE": str(cert)})
        assert r.returncode == 5 and "jeton: " in r.stderr, (r.returncode, r.stderr)
    i.close()


def test_no_tls_there(issuer):
    fails(5, f"TLS with {issuer.place} failed", "token", env={**issuer.env, "JETON_ISSUER": issuer.url.replace("http:", "https:")})
