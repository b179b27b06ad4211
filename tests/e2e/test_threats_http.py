# SPDX-License-Identifier: Apache-2.0
"""Requests, connections and TLS under attack (A18 to A20, A24, A25, M2, S1, S2, S4, S5, S11)."""
import contextlib
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
import urllib.parse

import pytest
import test_raw
from support import FORM, Server, UnixConnection, basic, free_port, until
from threats import API, answers, call, connect, elsewhere, events_after, last_seq, pair, refused, still_serves

GRANT = "grant_type=client_credentials"
POSTS = ["/token", "/token-srv/token", "/oauth2/token", "/oauth/token", "/introspect", "/token-srv/introspect", "/revoke", "/token-srv/revoke"]
GETS = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwks.json", "/livez", "/readyz", "/authorize"]
ROUNDS = int(os.environ.get("JETON_THREAT_ROUNDS", "2000"))


@pytest.fixture(scope="module")
def s(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("http") / "data", dev=False, env={"JETON_LOG_LEVEL": "debug"})
    s.cli("resource", "create", API, "--scope", "r", "--scope", "w", "--alg", "ES256")
    s.good = s.client("good", "--allow", f"{API}=r,w")
    yield s
    s.stop()


def by_body(s, more=""):
    return f"{GRANT}&client_id=good&client_secret={s.good[1]}{more}"


# -- A18: parameters -------------------------------------------------------------------------------------------------
POLLUTED = {
    "grant_type twice": ("parameter_repeated", "&grant_type=client_credentials"), "scope twice": ("parameter_repeated", "&scope=r&scope=w"),
    "scope twice, empty": ("parameter_repeated", "&scope=&scope="), "client_id twice": ("parameter_repeated", "&client_id=good"),
    "client_secret twice": ("parameter_repeated", "&client_secret=x"), "an unknown one twice": ("parameter_repeated", "&x=1&x=1"),
    "escaped name twice": ("parameter_repeated", "&scope=r&%73cope=w"), "escaped underscore": ("parameter_repeated", "&client%5fid=both"),
    "resource twice": ("resource_two", f"&resource={API}&resource={API}"), "resource and audience": ("resource_two", f"&resource={API}&audience=urn:x"),
    "NUL": ("body_encoding", "&x=%00"), "NUL in a name": ("body_encoding", "&x%00=1"), "bare %": ("body_encoding", "&x=%"), "%2": ("body_encoding", "&x=%2"),
    "%zz": ("body_encoding", "&x=%zz"), "%u0041": ("body_encoding", "&x=%u0041"), "bad UTF-8": ("body_encoding", "&x=%ff"),
    "overlong UTF-8": ("body_encoding", "&x=%c0%af"), "surrogate": ("body_encoding", "&x=%ed%a0%80"), "raw bad UTF-8": ("body_encoding", "&x=\udcff"),
    "65 parameters": ("parameter_count", "".join(f"&p{i}=" for i in range(62))), "1,000 parameters": ("parameter_count", "".join(f"&p{i}=1" for i in range(1000))),
}


@pytest.mark.parametrize("name", POLLUTED)
def test_a18_polluted(s, name):
    reason, more = POLLUTED[name]
    error = "invalid_target" if reason == "resource_two" else "invalid_request"
    refused(s, 400, error, reason, by_body(s, more).encode(errors="surrogateescape"))


@pytest.mark.parametrize("name, more", [("64 parameters", "".join(f"&p{i}=" for i in range(61))), ("empty pairs", "&&&"), ("unknown", "&x=1&y"),
                                        ("another case is another name", "&SCOPE=admin&Grant_Type=password"), ("an empty one is none", "&scope=&resource=&audience="),
                                        ("no name", "&=x"), ("UTF-8", "&x=%c3%a4")])
def test_a18_what_is_no_pollution(s, name, more):
    c = connect(s)
    a = call(c, body=by_body(s, more).encode())
    assert a.status == 200 and a.json["scope"] == "r w"
    still_serves(s, c)


TYPES = ["application/json", "multipart/form-data; boundary=x", "text/plain", "application/xml", "application/x-www-form-urlencodedx", "application/x-www-form-urlencoded, text/plain",
         "application/x-www-form-urlencoded; charset=iso-8859-1", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=utf-7",
         "application/x-www-form-urlencoded; charset=utf-8; charset=utf-16", "application/x-www-form-urlencoded; boundary=x", "application/x-www-form-urlencoded;charset",
         "x", "", "application/x-www-form-urlencoded\t;\tcharset=\"utf-7\""]


@pytest.mark.parametrize("kind", TYPES)
def test_a18_other_types(s, kind):
    refused(s, 400, "invalid_request", "content_type", by_body(s), [("Content-Type", kind)])


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded", "application/x-www-form-urlencoded; charset=UTF-8",
                                  "application/x-www-form-urlencoded;charset=\"utf-8\"", "application/x-www-form-urlencoded ; Charset=Utf-8"])
def test_a18_the_one_type(s, kind):
    assert call(connect(s), body=by_body(s).encode(), headers=[("Content-Type", kind)]).status == 200


JSON = {
    "repeated": '{{{all},"grant_type":"client_credentials"}}', "escaped name repeated": '{{{all},"grant\\u005ftype":"client_credentials"}}', "array": '[{{{all}}}]',
    "nested": '{{{all},"scope":{{"a":"b"}}}}', "number": '{{{all},"scope":1}}', "null": '{{{all},"scope":null}}', "NUL": '{{{all},"scope":"\\u0000"}}',
    "lone surrogate": '{{{all},"scope":"\\ud800"}}', "behind": '{{{all}}}x', "two": '{{{all}}}{{}}', "comment": '{{{all}/**/}}', "trailing comma": '{{{all},}}', "BOM": '\ufeff{{{all}}}',
    "NaN": '{{{all},"x":NaN}}', "single quotes": "{{'grant_type':'client_credentials'}}", "deep": '{{{all},"x":' + '[' * 5000 + ']' * 5000 + '}}', "empty": "", "form": "grant_type=client_credentials"}


@pytest.mark.parametrize("name", JSON)
def test_a18_json_on_the_path_that_takes_it(s, name):
    all_ = f'"grant_type":"client_credentials","client_id":"good","client_secret":"{s.good[1]}"'
    a, e = refused(s, 400, "invalid_request", "body_syntax", JSON[name].format(all=all_), [("Content-Type", "application/json")], path="/token-srv/token")
    assert call(connect(s), path="/token-srv/token", body=("{" + all_ + "}").encode(), headers=[("Content-Type", "application/json")]).status == 200


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_a18_one_mebibyte(s, how):
    body = by_body(s, "&x=" + "y" * (1 << 20)).encode()
    c, before = pair(s), last_seq(s)
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        if how == "length":
            c.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        else:
            c.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"".join(b"400\r\n" + body[i:i + 1024] + b"\r\n" for i in range(0, len(body) - 1024, 1024)))
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := c.recv(65536):
            out += chunk
    assert answers(out) in ([413], [])  # who does not stop sending may lose it to a reset
    assert [(e["type"], e["reason"]) for e in events_after(s, before)] == [("request.refused", "unreadable")]
    still_serves(s, connect(s))


def test_a18_chunked_is_the_same(s):
    body = by_body(s).encode()
    parts = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:7], body[7:8], body[8:])) + b"0\r\n\r\n"
    assert call(connect(s), body=parts, headers=[("Transfer-Encoding", "chunked")]).status == 200


# -- A19 -------------------------------------------------------------------------------------------------------------
def test_a19_nothing_of_a_query_is_kept(s, tmp_path):
    """400, also with good credentials in the body; and what stood in it is in no log, event or file."""
    canary = "canary-9f2b71c3d5"
    queries = [f"client_secret={canary}", f"client_id=good&client_secret={canary}&{GRANT}", f"token={canary}", f"access_token={canary}", canary, f"%63lient_secret={canary}",
               f"x={canary}#", "", f"a=b;client_secret={canary}"]
    for path in POSTS:
        for q in queries:
            out = s.raw(f"POST {path}?{q} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nConnection: close\r\nContent-Length: {len(by_body(s))}\r\n\r\n{by_body(s)}".encode(),
                        local=(elsewhere(), 0))
            assert answers(out) == [400] and b"access_token" not in out and canary.encode() not in out, (path, q, out)
    for path in GETS + ["/nowhere", f"/{canary}", f"/token/{canary}"]:
        out = s.raw(f"GET {path}?t={canary} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nReferer: https://x/?{canary}\r\nUser-Agent: {canary}\r\n\r\n".encode(), local=(elsewhere(), 0))
        assert len(answers(out)) == 1 and canary.encode() not in out
    refused(s, 400, "invalid_request", "query", by_body(s), path=f"/token?client_secret={canary}", secrets=[canary])
    assert until(lambda: last_seq(s) > 10)
    places = {"log": s.stderr().encode(), "list": s.cli("audit", "list", "-o", "json", "--limit", "1000").stdout.encode(), "export": s.cli("audit", "export").stdout.encode()}
    places |= {f: open(os.path.join(s.data, f), "rb").read() for f in os.listdir(s.data) if os.path.isfile(os.path.join(s.data, f))}
    assert [name for name, text in places.items() if canary.encode() in text] == []


# -- A20 -------------------------------------------------------------------------------------------------------------
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "QUERY", "post", "PoSt", "GETX"]


@pytest.mark.parametrize("path", POSTS + GETS)
def test_a20_other_methods(s, path):
    """405 with Allow, no CORS, no body of TRACE, and nothing in the audit log."""
    allow = "POST" if path in POSTS else "GET, HEAD, POST" if path == "/authorize" else "GET, HEAD"
    before = last_seq(s)
    for method in METHODS:
        if method in allow.split(", "):
            continue
        out = s.raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nX-Canary: echo-me\r\nConnection: close\r\n\r\n".encode())
        head = out.partition(b"\r\n\r\n")[0]
        assert answers(out) == [405] and f"\r\nAllow: {allow}\r\n".encode() in out, (method, out)
        assert b"Access-Control" not in head and b"echo-me" not in out and b"Set-Cookie" not in head
    assert last_seq(s) == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Original-Method"])
def test_a20_no_header_changes_the_request(s, header):
    for value in ("POST", "DELETE", "/admin/v1/clients", "/metrics"):
        assert call(connect(s), "GET", "/token", headers=[(header, value)]).status == 405
        assert call(connect(s), "GET", "/livez", headers=[(header, value)]).json == {"status": "ok"}
        assert call(connect(s), body=by_body(s).encode(), headers=[(header, value)]).status == 200


# -- A24, A25 --------------------------------------------------------------------------------------------------------
def test_a24_nothing_with_a_token_is_cached(s):
    ok = call(connect(s), body=by_body(s).encode())
    assert (ok.headers["Cache-Control"], ok.headers["Pragma"]) == ("no-store", "no-cache")  # RFC 6749 section 5.1
    token = ok.json["access_token"].encode()
    bearer = [("Authorization", "Bearer " + token.decode())]
    told = [call(connect(s), path="/introspect", body=b"token=" + token, headers=bearer), call(connect(s), path="/introspect", body=b"token=x", headers=bearer),
            call(connect(s), path="/introspect", body=b"token=x"), call(connect(s), path="/revoke", body=b"token=x&" + by_body(s).encode()),
            call(connect(s), path="/revoke", body=b"token=x"), call(connect(s), body=b"grant_type=password"), call(connect(s), body=b"", headers=[("Content-Type", "x/y")]),
            call(connect(s), "GET", "/token"), call(connect(s), path="/token?x=y"), call(connect(s), "GET", "/authorize"), call(connect(s), "GET", "/nowhere"),
            call(connect(s), body=by_body(s, "&scope=nope").encode()), call(connect(s), body=by_body(s, "&resource=urn:nope").encode())]
    assert [a.status for a in told] == [200, 200, 401, 200, 401, 400, 400, 405, 400, 400, 404, 400, 400]
    assert {a.headers["Cache-Control"] for a in told} == {"no-store"} and {a.headers["ETag"] for a in told} == {None}


INJECTED = ["\r\nSet-Cookie: a=b", "\nX-Evil: 1", "\rX-Evil: 1", "\r\n\r\n<script>alert(1)</script>", '"', "\\", '","access_token":"eyJ', "\u2028", "\x1b[31m", "\u0085", "é", "\t", "\x7f"]


@pytest.mark.parametrize("where", ["client_id", "scope", "resource", "grant_type", "name of a parameter", "Basic", "token"])
def test_a25_nothing_comes_back(s, where):
    """RFC 6749 section 5.2: descriptions are plain ASCII without quotes; no header has anything of the request."""
    for bad in INJECTED:
        text = "probe" + bad + "end"
        quoted, headers, path = urllib.parse.quote(text), [], "/token"
        if where == "client_id":
            body = f"{GRANT}&client_id={quoted}&client_secret=x"
        elif where == "Basic":
            body, headers = GRANT, [("Authorization", basic(quoted, "x"))]
        elif where == "token":
            body, path, headers = f"token={quoted}", "/introspect", [("Authorization", basic(*s.good))]
        elif where == "grant_type":
            body = f"grant_type={quoted}&client_id=good&client_secret={s.good[1]}"
        elif where == "name of a parameter":
            body = by_body(s, f"&{quoted}=1&{quoted}=1")
        else:
            body = by_body(s, f"&{where}={quoted}")
        c = connect(s)
        a = call(c, path=path, body=body.encode(), headers=headers)
        assert a.status == (200 if where == "token" else 401 if where in ("client_id", "Basic") else 400), (where, bad, a)
        assert set(a.headers.keys()) <= {"Date", "X-Request-Id", "Cache-Control", "Pragma", "X-Content-Type-Options", "WWW-Authenticate", "Content-Type", "Content-Length", "Connection"}
        assert b"probe" not in a.body and "probe" not in str(a.headers)
        if where != "token":
            assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", a.json["error"] + a.json["error_description"])
        still_serves(s, c)


# -- M2 --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name, value", [("Host", "evil.example"), ("Host", "evil.example:443"), ("Host", "[::ffff:1.2.3.4]:1"), ("X-Forwarded-Host", "evil.example"),
                                         ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "1"), ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-Server", "evil.example"),
                                         ("Forwarded", "for=1.2.3.4;host=evil.example;proto=http"), ("X-Original-Host", "evil.example"), ("X-Host", "evil.example"),
                                         ("Front-End-Https", "off"), ("X-Script-Name", "/evil"), ("Origin", "https://evil.example")])
@pytest.mark.parametrize("proxy", [False, True])
def test_m2_the_issuer_is_from_the_configuration(name, value, proxy, s, trusting):
    """In the documents and in the tokens, whoever says otherwise."""
    server = trusting if proxy else s
    for path in GETS[:2]:
        plain = call(connect(server), "GET", path)
        headers = f"{name}: {value}\r\n" if name == "Host" else f"Host: x\r\n{name}: {value}\r\n"
        out = server.raw(f"GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode())
        assert answers(out) == [200] and out.partition(b"\r\n\r\n")[2] == plain.body and b"evil" not in out
    if name != "Host":
        import jwt
        token = call(connect(server), body=by_body(server).encode(), headers=[(name, value)]).json["access_token"]
        assert jwt.decode(token, options={"verify_signature": False})["iss"] == server.issuer


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("trusting") / "data", dev=False, env={"JETON_SERVER_TRUSTED_PROXIES": "127.0.0.0/8"})
    s.cli("resource", "create", API, "--scope", "r", "--scope", "w", "--alg", "ES256")
    s.good = s.client("good", "--allow", f"{API}=r,w")
    yield s
    s.stop()


# -- S1 --------------------------------------------------------------------------------------------------------------
NGINX = """
daemon off; master_process off; pid {d}/pid; error_log {d}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format r '$status $upstream_status'; access_log {d}/access.log r;
    client_body_temp_path {d}; proxy_temp_path {d}; fastcgi_temp_path {d}; uwsgi_temp_path {d}; scgi_temp_path {d};
    upstream jeton {{ server 127.0.0.1:{jeton}; keepalive 8; }}
    server {{ listen 127.0.0.1:{front}; location / {{ proxy_pass http://jeton; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_ignore_client_abort on; }} }}
    server {{ listen 127.0.0.1:{alone}; location / {{ return 200 "ok"; }} }}
}}
"""


class Front:
    """nginx before the server, and nginx alone, which answers 200 to whatever it can read."""

    def __init__(self, folder, s):
        self.log, self.s = folder / "access.log", s
        self.front, self.alone = free_port(), free_port()
        (folder / "nginx.conf").write_text(NGINX.format(d=folder, jeton=s.port, front=self.front, alone=self.alone))
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], stderr=subprocess.DEVNULL)

    def send(self, port, data):
        with socket.create_connection(("127.0.0.1", port), 10) as c:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                c.sendall(data)
                c.shutdown(socket.SHUT_WR)
            out = b""
            with contextlib.suppress(ConnectionResetError, socket.timeout):
                while chunk := c.recv(65536):
                    out += chunk
        return out

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def nginx(s, tmp_path_factory):
    if shutil.which("nginx") is None:
        pytest.skip("no nginx to compare with")
    f = Front(tmp_path_factory.mktemp("nginx"), s)

    def up():
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", f.front), 1).close() is None
    assert until(up)
    yield f
    f.stop()


UNREADABLE = {400, 413, 414, 415, 417, 431, 494, 501, 505}
MARK = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def seen_by(s, data):
    """How many requests we saw. What we understood and refused as OAuth (400) was a request too: it does not end the connection."""
    out = s.raw(data, half_close=True)
    parts = re.split(rb"(?=HTTP/1\.1 \d{3} )", out)[1:]
    return len([p for p in parts if b"could not be read" not in p and not p.startswith(b"HTTP/1.1 100 ")])


def mutated(rng):
    """A request with one thing wrong, somewhere, perhaps."""
    body = b"grant_type=x"
    length, chunk = b"Content-Length: %d" % len(body), b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    lines = [b"POST /token HTTP/1.1", b"Host: x", b"Content-Type: application/x-www-form-urlencoded"]
    if rng.random() < 0.5:
        lines.append(length)
        if rng.random() < 0.3:
            lines.append(rng.choice([length, b"Content-Length: 0", b"Transfer-Encoding: chunked", b"content-length:%d" % len(body), b"Content-Length: %d" % (len(body) + 1)]))
    else:
        lines.append(rng.choice([b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"transfer-encoding:chunked", b"Transfer-Encoding: chunked "]))
        body = chunk
    text = bytearray(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        at = rng.randrange(len(text))
        what = rng.random()
        if what < 0.3:
            text[at] = rng.choice(b"\r\n\t \0:;,x0\x0b\x7f\xff")
        elif what < 0.6:
            text[at:at] = bytes([rng.choice(b"\r\n\t \0:;,x0\x0b\x7f\xff")])
        elif what < 0.8:
            del text[at]
        else:
            text[at:at] = rng.choice([b"\r\n", b"\n\n", b"\r\r", b" \r\n", b"\r\n\r\n", b"\r\n ", b"0\r\n\r\n", b"\r\nA: b", b"\r\nTransfer-Encoding: chunked", b"\r\nContent-Length: 3"])
    return bytes(text)


def test_s1_we_see_no_more_requests_than_nginx(s, nginx):
    """Of mutated requests and all of the raw-request table: who stands in front with nginx's eyes never sees fewer."""
    rng = random.Random(1)
    cases = [d.encode("latin-1") for _, d in test_raw.REFUSED.values()] + [mutated(rng) for _ in range(ROUNDS)]
    both = 0
    for data in cases:
        ours, theirs = seen_by(s, data + MARK), answers(nginx.send(nginx.alone, data + MARK))
        both += ours == len(theirs) == 2
        assert ours <= len(theirs) or set(theirs) & UNREADABLE, (data, ours, theirs)  # what it refuses, it does not pass on
    print(f"{len(cases)} requests, {both} of them good for both")
    assert both > ROUNDS / 20


def test_s1_nothing_gets_past_nginx(s, nginx):
    """No more token requests arrive here than nginx says it passed on: none was two in one."""
    rng = random.Random(2)

    def arrived():
        c = UnixConnection(os.path.join(s.data, "admin.sock"))
        c.request("GET", "/metrics")
        text = c.getresponse().read().decode()
        c.close()
        return sum(int(n) for n in re.findall(r"^jeton_token_requests_total\{.*\} (\d+)$", text, re.M))

    def passed():
        return len(re.findall(r"^\S+ (?!-$)", nginx.log.read_text(), re.M))
    before, ours = passed(), arrived()
    for _ in range(ROUNDS):
        nginx.send(nginx.front, mutated(rng) + MARK)
    passed, ours = passed() - before, arrived() - ours
    print(f"{ROUNDS} requests, {passed} passed on, {ours} token requests arrived")
    assert ROUNDS / 20 < ours <= passed


# -- S2 --------------------------------------------------------------------------------------------------------------
def good(s, more="", close=False):
    body = by_body(s)
    return (f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n{more}" + ("Connection: close\r\n" if close else "") + f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def test_s2_pipelined_past_a_refusal(s):
    """What is refused as OAuth does not end the connection, what cannot be read does; order is kept in either case."""
    get, bad = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"
    wrong = good(s).replace(b"client_credentials", b"password__________")
    assert answers(s.raw(good(s) + get + wrong + get + good(s) + bad + get + good(s))) == [200, 200, 400, 200, 200, 400]


def test_s2_a_thousand_at_once(s):
    out = s.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 999 + MARK, timeout=30)
    assert answers(out) == [200] * 1000


def test_s2_a_body_is_never_a_request(s):
    inner = b"GET /authorize HTTP/1.1\r\nHost: x\r\n\r\n"
    for head in (b"GET /livez HTTP/1.1", b"HEAD /livez HTTP/1.1", b"DELETE /token HTTP/1.1", b"POST /nowhere HTTP/1.1"):
        out = s.raw(head + b"\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner + MARK)
        assert len(answers(out)) == 2 and answers(out)[1] == 200 and b"unsupported_response_type" not in out, out


@pytest.mark.parametrize("expect, n, want", [("100-continue", 10, b"HTTP/1.1 100 Continue\r\n\r\n"), ("100-Continue", 10, b"HTTP/1.1 100 Continue\r\n\r\n"),
                                             ("100-continue", 16385, b"HTTP/1.1 413 "), ("100-continue, x", 10, b"HTTP/1.1 417 "), ("", 10, b"HTTP/1.1 417 ")])
def test_s2_expect(s, expect, n, want):
    """Told to send, or told that it is in vain, before the body was sent."""
    with pair(s) as c:
        c.sendall(f"POST /token HTTP/1.1\r\nHost: x\r\nExpect: {expect}\r\nContent-Length: {n}\r\n\r\n".encode())
        assert c.recv(65536).startswith(want)


def test_s2_expect_with_the_body_behind(s):
    """Who does not wait gets no interim answer in between, or gets it first; the final one once."""
    out = s.raw(good(s, "Expect: 100-continue\r\n", close=True))
    assert [a for a in answers(out) if a != 100] == [200]


def test_s2_half_closed_at_each_place(s):
    """A request cut short gets no answer and no hang; a whole one is answered."""
    data = good(s)
    for n in [0, 1, 20, data.index(b"\r\n\r\n"), data.index(b"\r\n\r\n") + 4, len(data) - 1]:
        assert s.raw(data[:n], timeout=60, half_close=True) == b""
    assert answers(s.raw(data, half_close=True)) == [200]
    assert answers(s.raw(data * 3 + data[:50], half_close=True)) == [200] * 3
    still_serves(s, connect(s))


def test_s2_whoever_goes_before_the_answer(s):
    for _ in range(50):
        c = pair(s)
        c.sendall(good(s))
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        c.close()  # a reset
    still_serves(s, connect(s))


def test_s2_chunks_of_one_byte(s):
    """Ten bytes on the wire for each of the body: answered, or refused with 413, whatever the length; never dropped."""
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    seen = []
    for n in (200, 1000, 4000, 8000, 16384):
        body = by_body(s, "&x=" + "y" * n)[:max(n, 200)].encode()
        for size in (b"1", b"00000001"):
            seen += answers(s.raw(head + b"".join(size + b"\r\n" + bytes([b]) + b"\r\n" for b in body) + b"0\r\n\r\n", local=(elsewhere(), 0)))
    assert len(seen) == 10 and seen[:4] == [200] * 4 and set(seen) == {200, 413}


def test_s10_descriptors_come_back(s):
    """Of connections that say nothing, half a request, nonsense, or go in the middle."""
    def open_now():
        return len(os.listdir(f"/proc/{s.process.pid}/fd"))
    before = open_now()
    for i in range(400):
        c = pair(s)
        with contextlib.suppress(OSError):
            c.sendall([b"", b"GET / HT", b"\x16\x03\x01\x02\x00", good(s)[:-5]][i % 4])
        c.close()
    assert until(lambda: open_now() <= before + 2), (before, open_now())
    still_serves(s, connect(s))


# -- S4, S5 ----------------------------------------------------------------------------------------------------------
def s_client(dev, *args, send=b"", seconds=20):
    p = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{dev.port}", "-CAfile", dev.ca, *args], input=send, capture_output=True, timeout=seconds)
    return p.returncode, (p.stdout + p.stderr).decode(errors="replace")


def test_s4_no_renegotiation(dev):
    code, said = s_client(dev, "-tls1_2", send=b"R\n")
    assert "no renegotiation" in said and "Secure Renegotiation IS supported" in said


def test_s4_no_early_data(dev, tmp_path):
    """A resumed session may not begin with a request (RFC 8446 section 8: it could be played again)."""
    early = tmp_path / "early"
    early.write_bytes(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    _, said = s_client(dev, "-tls1_3", "-sess_out", str(tmp_path / "session"), "-ign_eof", send=early.read_bytes())
    assert "Max Early Data: 0" in said and "HTTP/1.1 200 OK" in said
    _, said = s_client(dev, "-tls1_3", "-sess_in", str(tmp_path / "session"), "-early_data", str(early), "-ign_eof", send=early.read_bytes())
    assert "Reused, TLSv1.3" in said and "Early data was not sent" in said and "HTTP/1.1 200 OK" in said


def test_s4_a_stalled_handshake_ends(dev):
    """Nothing, half a record, and a hello in single bytes: the connection ends by its deadline and others are served."""
    hello = bytes.fromhex("160301020001")
    conns = []
    for data in (b"", hello[:3], hello, b"\x16\x03\x01\xff\xff" + b"A" * 100):
        c = socket.create_connection((dev.host, dev.port), 60)
        c.sendall(data)
        conns.append(c)
    assert dev.token().status == 200
    for c in conns:
        with contextlib.suppress(ConnectionResetError):
            while c.recv(100):  # a timeout would fail: the deadline is 10 s
                pass
        c.close()
    assert dev.token().status == 200


def test_s5_versions(dev):
    for flag in ("-tls1", "-tls1_1"):
        code, said = s_client(dev, flag, "-cipher", "ALL:@SECLEVEL=0")
        assert code != 0 and "Cipher is (NONE)" in said
    for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        code, said = s_client(dev, flag)
        assert code == 0 and f"New, {name}, Cipher is " in said


def test_s5_suites(dev):
    """Of all that OpenSSL knows, only AEAD with forward secrecy (RFC 9325 section 4.2)."""
    known = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], capture_output=True, text=True, check=True).stdout.strip().split(":")
    known = [k for k in known if not k.startswith("TLS_")]
    taken = []
    for name in known:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
        with contextlib.suppress(ssl.SSLError, OSError):
            context.set_ciphers(name + ":@SECLEVEL=0")
            with socket.create_connection((dev.host, dev.port), 10) as raw, context.wrap_socket(raw) as t:
                taken.append(t.cipher()[0])
    assert len(known) > 30 and sorted(set(taken)) == ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"]
    for suite in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
        assert s_client(dev, "-tls1_3", "-ciphersuites", suite)[0] != 0


@pytest.mark.parametrize("group, ok", [("X25519", True), ("P-256", True), ("P-384", True), ("ffdhe2048", False), ("P-521", False), ("X448", False)])
def test_s5_groups(dev, group, ok):
    assert (s_client(dev, "-groups", group)[0] == 0) == ok


def test_s5_no_compression(dev):
    assert "Compression: NONE" in s_client(dev, "-tls1_2", "-comp")[1]


# -- S11 -------------------------------------------------------------------------------------------------------------
SPOOFED = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Originating-IP", "Via", "X_Forwarded_For", "X-Forwarded"]


def test_s11_a_stranger_says_nothing_about_addresses(s):
    """Neither for the networks of a client, nor in the log, nor to escape the limit of failures."""
    name, secret = s.client("s11-net", "--allow", f"{API}=r", "--cidr", "192.0.2.0/24")
    for header in SPOOFED:
        for value in ("192.0.2.7", "for=192.0.2.7", "192.0.2.7, 127.0.0.1", "\"[::ffff:192.0.2.7]\""):
            here = elsewhere()
            _, e = refused(s, 401, "invalid_client", "client_network", GRANT, [("Authorization", basic(name, secret)), (header, value)], address=here)
            assert socket.inet_ntoa(e["address"][12:]) == here
    here, got = elsewhere(), []
    for i in range(30):
        c = connect(s, here)
        got.append(call(c, body=GRANT.encode(), headers=[("Authorization", basic("s11-net", "wrong")), (SPOOFED[i % len(SPOOFED)], f"203.0.113.{i}")]).status)
        c.close()
    assert got[-1] == 429 and got.count(401) < 25


def test_s11_a_trusted_proxy_is_read_from_its_end(trusting):
    s, (name, secret) = trusting, trusting.client("s11-net", "--allow", f"{API}=r", "--cidr", "192.0.2.0/24")
    auth = ("Authorization", basic(name, secret))

    def status(*values, header="X-Forwarded-For"):
        c = connect(s)
        a = call(c, body=GRANT.encode(), headers=[auth, *[(header, v) for v in values]])
        c.close()
        return a.status
    assert status("192.0.2.7") == 200 and status("6.6.6.6, 192.0.2.7") == 200 and status("192.0.2.7, 127.9.9.9") == 200
    assert status("192.0.2.7", "6.6.6.6") == 401 and status("192.0.2.7, 6.6.6.6") == 401 and status("6.6.6.6", "192.0.2.7") == 200
    assert status("192.0.2.7:4711") == 200 and status("[::ffff:192.0.2.7]:1") == 200
    for header in SPOOFED[1:]:
        assert status("192.0.2.7", header=header) == 401
    for junk in ("unknown", "_hidden", "192.0.2", "192.0.2.7.1", "192.0.2.07", "0xc0.0.2.7", "3221225991", "192.0.2.7/24", "fe80::1%eth0", "192.0.2.7:99999", "192.0.2.7 192.0.2.8", ",", "192.0.2.7,,", "[192.0.2.7]",
                 "localhost", "\"192.0.2.7\"", "0.0.0.0:x", "::ffff:999.1.1.1", "1" * 300):
        c, before = connect(s), last_seq(s)
        a = call(c, body=GRANT.encode(), headers=[auth, ("X-Forwarded-For", junk)])
        assert a.status == 400 and a.json["error"] == "invalid_request", (junk, a)
        assert [(e["type"], e["reason"]) for e in events_after(s, before)] == [("token.denied", "forwarded")]
        c.close()
    still_serves(s, connect(s))


@pytest.mark.parametrize("net", ["10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0", "010.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "10.0.0.0/255.0.0.0", "::/129", "fe80::%eth0/64", "1::2::3",
                                 "10.0.0.0/8 ", "*", "localhost", "10.0.0.*", "::1.2.3.4.5", ""])
def test_s12_a_network_is_told_exactly_or_refused(s, net):
    a = s.api("POST", "/clients", {"name": "n", "networks": [net]})
    assert a.status == 422 and a.json["errors"][0]["pointer"].startswith("/networks"), a


def test_s12_an_ipv4_network_holds_no_mapped_stranger(s):
    """::ffff:10.0.0.1 is 10.0.0.1, in networks as in addresses: compared as bytes, never as text."""
    for i, (net, ok) in enumerate([("::ffff:127.0.0.0/104", True), ("127.0.0.0/8", True), ("::/0", False), ("0.0.0.0/0", True), ("::1", False), ("::ffff:0:0/96", True), ("64:ff9b::/96", False), ("128.0.0.0/1", False)]):
        a = s.api("POST", "/clients", {"name": f"s12-{i}", "networks": [net], "grants": [{"resource": API, "scopes": ["r"]}]})
        if a.status == 422:  # not taken in this spelling
            continue
        assert a.status == 201 and (s.token(a.json["client_id"], a.json["client_secret"]).status == 200) == ok, net


def test_s13_an_attacker_does_not_lock_a_client_out(s):
    """Wrong proofs are counted for the attacker's address and network: the client's own have their patience left."""
    name, secret = s.client("s13-victim", "--allow", f"{API}=r")
    here, victim = elsewhere(), connect(s)
    for _ in range(60):
        c = connect(s, here)
        last = call(c, body=GRANT.encode(), headers=[("Authorization", basic(name, "wrong"))])
        c.close()
        assert call(victim, body=GRANT.encode(), headers=[("Authorization", basic(name, secret))]).status == 200
    assert last.status == 429 and int(last.headers["Retry-After"]) >= 1 and last.json["error"] == "temporarily_unavailable"
    assert s.token(*s.good).status == 200  # and nobody else waits
