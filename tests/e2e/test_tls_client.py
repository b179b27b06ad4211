# SPDX-License-Identifier: Apache-2.0
"""Client certificates in the handshake: asked for, never needed, and shown anew in every session."""
import socket
import ssl

import pytest
from certs import Maker, context

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
ASK = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("certs"))


def session(server, c, before=None):
    """One request in one connection: the answer's first line, the session, and whether it went on from `before`."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as s, c.wrap_socket(s, server_hostname="127.0.0.1", session=before) as t:
        t.sendall(ASK)
        got = t.recv(65536)
        return got.split(b"\r\n")[0], t.session, t.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_none_is_needed_and_sessions_go_on(dev, version):
    c = context(dev, version=version)
    line, before, reused = session(dev, c)
    assert line == b"HTTP/1.1 200 OK" and not reused
    line, _, reused = session(dev, c, before)
    assert line == b"HTTP/1.1 200 OK" and reused


@pytest.mark.parametrize("version", VERSIONS)
def test_with_one_a_session_begins_anew(dev, made, version):
    c = context(dev, made.make(), version=version)
    line, before, reused = session(dev, c)
    assert line == b"HTTP/1.1 200 OK" and not reused and before is not None
    line, _, reused = session(dev, c, before)
    assert line == b"HTTP/1.1 200 OK" and not reused


@pytest.mark.parametrize("version", VERSIONS)
def test_any_is_taken(dev, made, version):
    ca = made.ca()
    for cert in (made.client(ca), made.client(ca, days=-1), made.client(ca, usage="serverAuth"), made.make(kind="rsa"), made.make(kind="ed25519")):
        assert session(dev, context(dev, cert, version=version))[0] == b"HTTP/1.1 200 OK"


def refused(server, c):
    try:
        return session(server, c)[0] == b""
    except OSError:
        return True


@pytest.mark.parametrize("version", VERSIONS)
def test_too_many(dev, made, version):
    """Eight certificates of 16 KiB together are the most that a caller may send."""
    cert, other = made.make(), made.make("/CN=other")
    assert session(dev, context(dev, cert, [other] * 7, version))[0] == b"HTTP/1.1 200 OK"
    assert refused(dev, context(dev, cert, [other] * 8, version))
    large = made.make(extensions=["subjectAltName=" + ",".join(f"DNS:{i}.{'x' * 60}.example" for i in range(70))])
    assert 5000 < len(large.der) < 8000
    assert session(dev, context(dev, cert, [large], version))[0] == b"HTTP/1.1 200 OK"
    assert refused(dev, context(dev, cert, [large] * 4, version))
    assert dev.token().status == 200
