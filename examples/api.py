#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A protected API: GET /api/protected-resource needs a token of JETON_ISSUER for JETON_AUDIENCE with api:read."""
import os
import ssl
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt  # Debian: python3-jwt

ISSUER = os.environ["JETON_ISSUER"]
AUDIENCE = os.environ.get("JETON_AUDIENCE", "https://api.example.com")
TLS = ssl.create_default_context(cafile=os.environ.get("JETON_CA_FILE"))
urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPSHandler(context=TLS)))
KEYS = jwt.PyJWKClient(ISSUER + "/.well-known/jwks.json")


def check(header):
    """The claims of a good token, or an exception."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or jwt.get_unverified_header(token).get("typ", "").lower() != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    return jwt.decode(token, KEYS.get_signing_key_from_jwt(token).key, algorithms=["RS256", "ES256"], issuer=ISSUER,
                      audience=AUDIENCE, options={"require": ["exp", "iss", "aud", "sub"]})


class Api(BaseHTTPRequestHandler):
    def answer(self, status, body, challenge=None):
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/api/protected-resource":
            return self.answer(404, b"nothing here\n")
        try:
            claims = check(self.headers.get("Authorization", ""))
        except jwt.PyJWTError as e:  # RFC 6750 section 3
            print("refused:", e, flush=True)
            return self.answer(401, b"a valid token is needed\n", 'Bearer realm="api", error="invalid_token"')
        if "api:read" not in claims.get("scope", "").split():
            return self.answer(403, b"api:read is needed\n", 'Bearer realm="api", error="insufficient_scope", scope="api:read"')
        self.answer(200, f"hello {claims['client_id']}\n".encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Api).serve_forever()
