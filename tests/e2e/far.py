# SPDX-License-Identifier: Apache-2.0
"""The administration from elsewhere: a server with admin.listen, and requests to it."""
import http.client
import json
import os
import pathlib
import ssl

from certs import Maker
from support import Answer, Server, free_port
from threats import elsewhere

SCOPES = ("jeton:read", "jeton:audit", "jeton:admin")


class Far:
    """jeton dev with admin.listen, a CA of administrators, and clients with a token for each scope."""

    def __init__(self, folder, **more):
        folder = pathlib.Path(folder)
        (folder / "certs").mkdir()
        self.maker = Maker(folder / "certs")
        self.ca = self.maker.ca("/CN=Administrators")
        self.cert = self.maker.client(self.ca, "/O=Acme/CN=ops")
        self.trusted = folder / "trusted.pem"
        self.trusted.write_text(self.ca.pem)
        self.port = free_port()
        env = {"JETON_ADMIN_LISTEN": f"127.0.0.1:{self.port}", "JETON_ADMIN_CLIENT_CA": str(self.trusted), **more.pop("env", {})}
        self.s = Server(folder / "data", env=env, **more)
        self.url = f"https://127.0.0.1:{self.port}"
        self.secrets = {}

    def admin(self, name, *scopes):
        """A client that was granted these scopes of the server itself; its token."""
        if name not in self.secrets:
            _, self.secrets[name] = self.s.client(name, "--allow", f"{self.s.issuer}={','.join(scopes)}")
        a = self.s.token(name, self.secrets[name], resource=self.s.issuer)
        assert a.status == 200 and a.json["scope"].split() == list(scopes), a
        return a.json["access_token"]

    def connect(self, cert=None, address=None):
        context = ssl.create_default_context(cafile=self.s.ca)
        if cert is not None:
            context.load_cert_chain(cert.crt, cert.key)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context, source_address=(address or elsewhere(), 0))

    def ask(self, method, path, token=None, cert=None, body=None, headers=(), address=None, connection=None):
        c = connection or self.connect(cert, address)
        h = {**({} if body is None else {"Content-Type": "application/json"}), **({} if token is None else {"Authorization": f"Bearer {token}"}), **dict(headers)}
        c.request(method, path, None if body is None else json.dumps(body).encode(), h)
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        if connection is None:
            c.close()
        return answer

    def reason(self, answer):
        """Why it was refused, as the log has it."""
        return self.s.ask("GET", "/explain/" + answer.json["error_ref"])["reason"]

    def cli(self, *args, env=None, ok=True):
        before = dict(self.s.environment)
        self.s.environment = {**before, "JETON_SERVER": self.url, "JETON_CA_FILE": self.s.ca, **(env or {})}
        try:
            return self.s.cli(*args, ok=ok)
        finally:
            self.s.environment = before


def write(path, text):
    """A file for its owner only."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as f:
        f.write(text)
    return str(path)
