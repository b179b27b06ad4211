# SPDX-License-Identifier: Apache-2.0
"""TLS records and TCP segments need not begin and end where requests do: every cut is answered the same."""
import socket
import ssl
import time
import urllib.parse

import pytest
from support import FORM, basic

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Wire:
    """A client whose records and segments are the test's own affair."""

    def __init__(self, server, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=server.ca)
        context.minimum_version = context.maximum_version = version
        self.socket = socket.create_connection(("127.0.0.1", server.port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.come, self.go, server_hostname="127.0.0.1")
        self.plain = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def handshake(self, last=True):
        """last=False: the client's last flight is made, but stays here."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.send()
                self._take()
        if last:
            self.send()
        return self

    def _take(self):
        data = self.socket.recv(65536)
        if data:
            self.come.write(data)
        else:
            self.come.write_eof()
        return bool(data)

    def records(self, *parts):
        """Each part in a record of its own; not sent."""
        for part in parts:
            self.tls.write(part)
        return self

    def send(self):
        self.socket.sendall(self.go.read())

    def answers(self, n):
        """n whole answers, as (status, body); or those until the server closes."""
        out = []
        while len(out) < n:
            head, sep, rest = self.plain.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            if sep and len(rest) >= length:
                out.append((int(head.split()[1]), rest[:length]))
                self.plain = rest[length:]
                continue
            try:
                data = self.tls.read(65536)
                if not data:
                    break
                self.plain += data
            except ssl.SSLWantReadError:
                if not self._take():
                    break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                break
        return out


def request_bytes(server, **more):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", **more}).encode()
    return (f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: {basic('demo', server.secret)}\r\n\r\n").encode() + body


LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(params=VERSIONS, ids=lambda v: v.name)
def wire(dev, request):
    with Wire(dev, request.param) as w:
        yield w.handshake()


def test_many_in_one_record(dev, wire):
    wire.records(request_bytes(dev) * 30).send()
    assert [status for status, _ in wire.answers(30)] == [200] * 30


def test_many_records_in_one_segment(dev, wire):
    wire.records(*[request_bytes(dev), LIVE] * 30).send()
    assert [status for status, _ in wire.answers(60)] == [200] * 60


def test_more_than_is_read_at_once(dev, wire):
    """The socket holds more than OpenSSL takes from it in one read, and more than a turn answers."""
    wire.records(*[LIVE * 20] * 100).send()
    assert [status for status, _ in wire.answers(2000)] == [200] * 2000


@pytest.mark.parametrize("at_once", [False, True])
def test_a_record_for_each_byte(dev, wire, at_once):
    whole = request_bytes(dev)
    for i in range(len(whole)):
        wire.records(whole[i:i + 1])
        if not at_once:
            wire.send()
    wire.send()
    assert wire.answers(1)[0][0] == 200


def test_segments_cut_records_anywhere(dev, wire):
    for cut in (1, 4, 5, 6, 20, 100, -17, -1):
        wire.records(request_bytes(dev))
        data = wire.go.read()
        wire.socket.sendall(data[:cut])
        time.sleep(0.02)
        wire.socket.sendall(data[cut:])
        assert wire.answers(1)[0][0] == 200, cut


def test_the_next_record_half_there(dev, wire):
    """What belongs to no whole request yet does not hold up the answer to the one before it."""
    wire.records(LIVE, request_bytes(dev))
    data = wire.go.read()
    cut = len(data) - 30
    wire.socket.sendall(data[:cut])
    assert wire.answers(1)[0][0] == 200
    time.sleep(0.05)
    wire.socket.sendall(data[cut:])
    assert wire.answers(1)[0][0] == 200


def test_the_next_head_half_there(dev, wire):
    whole = request_bytes(dev)
    wire.records(LIVE + whole[:40]).send()
    assert wire.answers(1)[0][0] == 200
    time.sleep(0.05)
    wire.records(whole[40:]).send()
    assert wire.answers(1)[0][0] == 200


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_a_request_with_the_handshake(dev, version):
    with Wire(dev, version) as w:
        w.handshake(last=version != ssl.TLSVersion.TLSv1_3).records(request_bytes(dev)).send()  # only 1.3 ends with the client's words
        assert w.answers(1)[0][0] == 200


def test_a_body_of_two_records(dev, wire):
    """A record holds 16 KiB at most, so that the longest body with its head takes two."""
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 16384\r\n\r\n".encode()
    wire.records(head + b"grant_type=client_credentials&padding=".ljust(16384, b"a")).send()
    assert wire.answers(1)[0][0] in (400, 401)
    wire.records(request_bytes(dev)).send()
    assert wire.answers(1)[0][0] == 200


def test_goodbye_right_behind(dev, wire):
    wire.records(request_bytes(dev))
    try:
        wire.tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    wire.send()
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.socket.recv(5)[:1] == b"\x17", "no answer came before the end"


def test_after_an_answer_and_a_pause(dev, wire):
    """Kept alive: each comes alone, and finds the connection waiting."""
    for _ in range(20):
        wire.records(LIVE).send()
        assert wire.answers(1)[0][0] == 200
        time.sleep(0.005)


def test_more_comes_while_one_waits(dev):
    """The first is waiting for the disk and the second lies in OpenSSL's buffer when the third comes: its edge is not lost."""
    wanted = request_bytes(dev)
    for version in VERSIONS:
        for pause in (0, 0.0001, 0.0005):
            for _ in range(10):
                with Wire(dev, version) as w:
                    w.handshake().records(LIVE).send()
                    assert w.answers(1)[0][0] == 200
                    w.records(wanted, LIVE)
                    two = w.go.read()
                    w.records(LIVE)
                    third = w.go.read()
                    w.socket.sendall(two)
                    time.sleep(pause)
                    w.socket.sendall(third)
                    assert [status for status, _ in w.answers(3)] == [200] * 3
