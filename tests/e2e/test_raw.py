# SPDX-License-Identifier: Apache-2.0
"""The raw-request table: what another server in front might read differently is refused, once, and the connection ends."""
import re
import time

import pytest

HEAD = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BODY = "grant_type=client_credentials"


def chunked(text, extra=""):
    return HEAD + extra + "Transfer-Encoding: chunked\r\n\r\n" + text


REFUSED = {
    "length and encoding": (400, HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "two lengths": (400, HEAD + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
    "two lengths that differ": (400, HEAD + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
    "length list": (400, HEAD + "Content-Length: 5, 5\r\n\r\nabcde"),
    "length plus": (400, HEAD + "Content-Length: +5\r\n\r\nabcde"),
    "length minus": (400, HEAD + "Content-Length: -5\r\n\r\nabcde"),
    "length hex": (400, HEAD + "Content-Length: 0x5\r\n\r\nabcde"),
    "length empty": (400, HEAD + "Content-Length: \r\n\r\n"),
    "length with blank": (400, HEAD + "Content-Length: 5 5\r\n\r\nabcde"),
    "length leading zero": (400, HEAD + "Content-Length: 05\r\n\r\nabcde"),
    "length over 2^63": (400, HEAD + "Content-Length: 9223372036854775808\r\n\r\n"),
    "length over 2^64": (400, HEAD + "Content-Length: 18446744073709551621\r\n\r\nabcde"),
    "body too large": (413, HEAD + "Content-Length: 16385\r\n\r\n"),
    "encoding comma chunked": (400, HEAD + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
    "encoding chunked, identity": (400, HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "encoding identity": (400, HEAD + "Transfer-Encoding: identity\r\n\r\n"),
    "encoding gzip": (400, HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "encoding twice": (400, HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "encoding chunked twice in one": (400, HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "encoding in HTTP/1.0": (400, HEAD.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunk size 0x": (400, chunked("0x1\r\na\r\n0\r\n\r\n")),
    "chunk size plus": (400, chunked("+1\r\na\r\n0\r\n\r\n")),
    "chunk size underscore": (400, chunked("1_0\r\na\r\n0\r\n\r\n")),
    "chunk size blank": (400, chunked("1 \r\na\r\n0\r\n\r\n")),
    "chunk size empty": (400, chunked("\r\na\r\n0\r\n\r\n")),
    "chunk size nine digits": (400, chunked("000000001\r\na\r\n0\r\n\r\n")),
    "chunk size overflow": (400, chunked("fffffffffffffffff\r\n")),
    "chunk too large": (413, chunked("4001\r\n")),
    "chunk extension": (400, chunked("1;a=b\r\na\r\n0\r\n\r\n")),
    "chunk extension with CR": (400, chunked("1;\ra\r\na\r\n0\r\n\r\n")),
    "chunk bare LF": (400, chunked("1\na\r\n0\r\n\r\n")),
    "chunk data without CRLF": (400, chunked("1\r\nab\r\n0\r\n\r\n")),
    "chunk data with LF": (400, chunked("1\r\na\n0\r\n\r\n")),
    "trailer Content-Length": (400, chunked("0\r\nContent-Length: 3\r\n\r\n")),
    "trailer Host": (400, chunked("0\r\nHost: y\r\n\r\n")),
    "trailer malformed": (400, chunked("0\r\nno colon\r\n\r\n")),
    "bare LF": (400, "GET / HTTP/1.1\nHost: x\n\n"),
    "bare LF in a header": (400, "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),
    "bare CR": (400, "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n"),
    "NUL in a value": (400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
    "NUL in the target": (400, "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "control character": (400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n"),
    "folded": (400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
    "first header line folded": (400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    "blank before colon": (400, "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"),
    "Content-Length blank colon": (400, HEAD + "Content-Length : 5\r\n\r\nabcde"),
    "empty name": (400, "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
    "no colon": (400, "GET / HTTP/1.1\r\nHost: x\r\nAb\r\n\r\n"),
    "HTTP/1.10": (400, "GET / HTTP/1.10\r\nHost: x\r\n\r\n"),
    "HTTP/2.0": (505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
    "HTTP/0.9": (400, "GET /\r\n\r\n"),
    "http/1.1": (400, "GET / http/1.1\r\nHost: x\r\n\r\n"),
    "two blanks in the line": (400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "blank after the version": (400, "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
    "no Host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
    "bad Host": (400, "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    "user in Host": (400, "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n"),
    "words for a port in Host": (400, "GET / HTTP/1.1\r\nHost: x:y\r\n\r\n"),
    "encoded body": (415, HEAD + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
    "two Authorizations": (400, HEAD + "Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n\r\n"),
    "two Content-Types": (400, HEAD + "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"),
    "absolute form": (400, "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    "authority form": (400, "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "star for GET": (400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n"),
    "fragment": (400, "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "backslash": (400, "GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "head too large": (431, "GET / HTTP/1.1\r\nHost: x\r\nA: " + "b" * 9000 + "\r\n\r\n"),
    "target too large": (431, "GET /" + "b" * 9000),
    "65 headers": (431, "GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 64 + "\r\n"),
    "another expectation": (417, HEAD + "Expect: tea\r\nContent-Length: 0\r\n\r\n"),
    "HTTP/2 preface": (400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "leading empty line": (400, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "garbage": (400, "hello there\r\n\r\n"),
    "TLS on the plain port": (400, "\x16\x03\x01\x00\x05hello\r\n\r\n"),
    "method with a colon": (400, "GE:T / HTTP/1.1\r\nHost: x\r\n\r\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(plain, name):
    status, data = REFUSED[name]
    # a second request behind it must never be answered
    out = plain.raw(data.encode("latin-1") + b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"<<" not in out, out  # neither left open nor reset, which could eat the answer
    assert re.findall(rb"HTTP/1\.1 (\d+)", out) == [str(status).encode()], out
    assert b"\r\nConnection: close\r\n" in out and b'"error_ref"' in out
    assert plain.get("/.well-known/jwks.json").status == 200


def answers(out):
    return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d+)", out)]


def good(plain, extra="", body=None):
    body = body or f"{BODY}&client_id=demo&client_secret={plain.secret}"
    return HEAD + extra + f"Content-Length: {len(body)}\r\n\r\n{body}"


def test_chunked_body(plain):
    body = f"{BODY}&client_id=demo&client_secret={plain.secret}"
    a, b = body[:10], body[10:]
    text = f"{len(a):x}\r\n{a}\r\n{len(b):X}\r\n{b}\r\n0\r\nX-Trailer: fine\r\n\r\n"
    assert answers(plain.raw((chunked(text, "Connection: close\r\n")).encode())) == [200]
    # and what follows it is the next request
    assert answers(plain.raw((chunked(text) + good(plain, "Connection: close\r\n")).encode())) == [200, 200]


def test_http_1_0_closes(plain):
    out = plain.raw(b"GET /.well-known/jwks.json HTTP/1.0\r\n\r\n")
    assert answers(out) == [200] and b"<<no close>>" not in out


def test_keep_alive(plain):
    c = plain.connect()
    for _ in range(5):
        assert plain.token(connection=c).status == 200
    c.close()


def test_pipelined_in_order(plain):
    requests = "".join(good(plain) + "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n" for _ in range(20))
    out = plain.raw((requests + "GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").encode())
    assert answers(out) == [200] * 40 + [404]
    kinds = re.findall(rb'"(access_token|keys)"', out)
    assert kinds == [b"access_token", b"keys"] * 20


def test_expect_continue(plain):
    import socket
    body = f"{BODY}&client_id=demo&client_secret={plain.secret}".encode()
    with socket.create_connection((plain.host, plain.port), 10) as s:
        s.sendall((HEAD + f"Expect: 100-continue\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode())
        assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(body)
        out = b""
        while chunk := s.recv(65536):
            out += chunk
    assert answers(out) == [200]


def test_byte_by_byte(plain):
    import socket
    with socket.create_connection((plain.host, plain.port), 10) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for b in good(plain, "Connection: close\r\n").encode():
            s.send(bytes([b]))
        out = b""
        while chunk := s.recv(65536):
            out += chunk
    assert answers(out) == [200]


@pytest.mark.parametrize("split", [1, 60, 120, 200])
def test_pieces_with_pauses(plain, split):
    import socket
    data = good(plain, "Connection: close\r\nX-Long: " + "y" * 3000 + "\r\n").encode()
    with socket.create_connection((plain.host, plain.port), 10) as s:
        for piece in (data[:split], data[split:-split], data[-split:]):
            s.sendall(piece)
            time.sleep(0.03)
        out = b""
        while chunk := s.recv(65536):
            out += chunk
    assert answers(out) == [200]


def test_half_close(plain):
    assert answers(plain.raw(good(plain).encode(), half_close=True)) == [200]


def test_largest_body(plain):
    body = f"{BODY}&client_id=demo&client_secret={plain.secret}&pad="
    body += "x" * (16384 - len(body))
    assert answers(plain.raw(good(plain, "Connection: close\r\n", body).encode())) == [200]


def test_head_has_no_body(plain):
    out = plain.raw(b"HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = out.partition(b"\r\n\r\n")
    assert answers(out) == [200] and body == b"" and b"Content-Length: " in head


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "post"])
def test_other_methods(plain, method):  # A20
    out = plain.raw(f"{method} /token HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n".encode())
    assert answers(out) == [405] and b"\r\nAllow: POST\r\n" in out and b"Access-Control" not in out


@pytest.mark.parametrize("path", ["/token/", "//token", "/Token", "/token;x", "/%74oken", "/token%00", "/../token", "/admin/v1/clients"])
def test_paths_are_exact(plain, path):
    out = plain.raw(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
    assert answers(out) == [404], out
