# SPDX-License-Identifier: Apache-2.0
"""The administration API, spoken to over its Unix socket."""
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import urllib.parse

from support import Answer


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def admin(server, method, path, body=None, **query):
    """One request under /admin/v1; path is written as is, query is encoded."""
    c = _UnixConnection(os.path.join(server.data, "admin.sock"))
    url = "/admin/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
    headers = {} if body is None else {"Content-Type": "application/json"}
    c.request(method, url, None if body is None else json.dumps(body), headers)
    r = c.getresponse()
    answer = Answer(r.status, r.headers, r.read())
    c.close()
    return answer


@contextlib.contextmanager
def state(server):
    """jeton.db of a server that is stopped, to bring about what takes months."""
    db = sqlite3.connect(os.path.join(server.data, "jeton.db"))
    try:
        yield db
        db.commit()
    finally:
        db.close()


def resource(server, audience, scopes=("api:read",), **more):
    a = admin(server, "POST", "/resources", {"audience": audience, "scopes": [{"name": s} for s in scopes], **more})
    assert a.status == 201, a
    return a.json


def client(server, name, grants, **more):
    """client_id, client_secret, credential_id; grants is a dict of audience to scopes."""
    body = {"name": name, "grants": [{"resource": r, "scopes": list(s)} for r, s in grants.items()], **more}
    a = admin(server, "POST", "/clients", body)
    assert a.status == 201, a
    return a.json["client_id"], a.json.get("client_secret"), a.json.get("credential_id")


def token(server, *who, **form):
    a = server.token(*who, **form)
    assert a.status == 200, a
    return a.json["access_token"]


def active(server, token):
    """What introspection says of a token that introspects itself, or is presented by somebody who may."""
    return server.post("/introspect", {"token": token}, auth="Bearer " + token).status == 200
