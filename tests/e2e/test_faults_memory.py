# SPDX-License-Identifier: Apache-2.0
"""A limit on memory (RLIMIT_AS): callers are turned away, nothing ends, and all is well when there is room again."""
import http.client
import os
import resource
import socket

import pytest
import support
from support import BIN, ROOT, until


@pytest.fixture
def plain_binary(monkeypatch):
    """A sanitizer needs all the address space there is."""
    for candidate in (BIN, ROOT / "build-release" / "jeton"):
        if os.path.exists(candidate) and b"__asan_init" not in (data := open(candidate, "rb").read()) and b"__tsan_init" not in data:
            monkeypatch.setattr(support, "BIN", str(candidate))
            return
    pytest.skip("no binary without sanitizers (build-release)")


def ended(c):
    """Did the server give this connection up?"""
    c.setblocking(False)
    try:
        c.recv(1)
        return True
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_no_memory_left(start, plain_binary):
    s = start(dev=False, env={"JETON_SERVER_MAX_CONNECTIONS_PER_ADDRESS": "3000", "JETON_SERVER_WORKERS": "2",
                              "MALLOC_ARENA_MAX": "1"})  # an arena of a thread is address space that the limit has counted already
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    assert s.token(client, secret).status == 200
    with open(f"/proc/{s.process.pid}/status") as f:
        size = next(int(line.split()[1]) for line in f if line.startswith("VmSize:")) * 1024
    resource.prlimit(s.process.pid, resource.RLIMIT_AS, (size + (1 << 20), resource.RLIM_INFINITY))
    head = (f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {support.FORM}\r\nContent-Length: 16384\r\n\r\n").encode()
    held, statuses = [], set()
    for _ in range(900):  # each holds a body that never ends
        c = socket.create_connection((s.host, s.port), 5)
        try:
            c.sendall(head + b"a" * 16000)
            held.append(c)
        except OSError:
            pass
    assert len(held) < 900 or until(lambda: any(map(ended, held))), "the limit was never met"
    for _ in range(50):
        try:
            statuses.add(s.token(client, secret).status)
        except (OSError, http.client.HTTPException):
            statuses.add(None)
    assert statuses <= {200, 500, 503, None}
    for c in held:
        c.close()

    def answers():
        try:
            return s.token(client, secret).status == 200
        except (OSError, http.client.HTTPException):
            return False

    assert until(answers) and s.process.poll() is None
    assert s.cli("client", "list").returncode == 0
    s.stop()
