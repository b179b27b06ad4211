# SPDX-License-Identifier: Apache-2.0
"""Connections that ask once and then only stay open. In a process of its own: hold.py PORT N [tls], ends with its standard input."""
import socket
import ssl
import subprocess
import sys

import machine

REQUEST = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Held:
    """`n` idle connections, as long as the with block lasts."""
    def __init__(self, server, n):
        self.command = [sys.executable, __file__, str(server.port), str(n), *(["tls"] if server.tls else [])]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=machine.on_core(machine.LOAD_CORE))
        if self.process.stdout.readline() != "open\n":
            raise RuntimeError("the connections could not be opened")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)


def main():
    port, n = int(sys.argv[1]), int(sys.argv[2])
    context = None
    if "tls" in sys.argv[3:]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held = []
    for _ in range(n):
        s = socket.create_connection(("127.0.0.1", port))
        if context:
            s = context.wrap_socket(s)
        s.sendall(REQUEST)
        assert s.recv(4096).startswith(b"HTTP/1.1 200"), "no answer"
        held.append(s)
    print("open", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
