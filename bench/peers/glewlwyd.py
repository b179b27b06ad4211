# SPDX-License-Identifier: Apache-2.0
"""glewlwyd of Debian: an instance of its own on loopback, SQLite on tmpfs, and one PBKDF2 round for client secrets. Its best, and faster than it is shipped."""
import gzip
import http.cookiejar
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.request

import limits
import machine
import wrk

SECRET = "6rZc0nq2yJ4m8sVb1xTfKdHwPaLgUe3oQ7iR5tYkNzA"
SCHEMA = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
KEYS = {
    "RS256": ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    "ES256": ("ecdsa", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    "EdDSA": ("eddsa", ["-algorithm", "ed25519"]),
}
CONFIGURATION = """port=%(port)d
bind_address="127.0.0.1"
external_url="http%(s)s://127.0.0.1:%(port)d/"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="ERROR"
log_file="%(dir)s/log"
cookie_secure=0
session_key="session"
admin_session_authentication="cookie"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
use_secure_connection=%(secure)s
secure_connection_key_file="%(key)s"
secure_connection_pem_file="%(cert)s"
database={ type="sqlite3"; path="%(dir)s/db"; };
"""
SWITCHED_OFF = ("code", "token", "password", "device", "refresh")


def _key_pair(alg, folder):
    private = folder / f"{alg}.pem"
    subprocess.run(["openssl", "genpkey", *KEYS[alg][1], "-out", str(private)], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", str(private), "-pubout"], check=True, capture_output=True, text=True).stdout
    return private.read_text(), public


class Glewlwyd:
    def __init__(self, folder):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="glewlwyd.", dir="/dev/shm"))
        self.folder, self.process = folder, None
        db = sqlite3.connect(self.data / "db")
        db.executescript(gzip.open(SCHEMA, "rt").read())
        db.execute("UPDATE g_client_module_instance SET gcmi_parameters=json_set(gcmi_parameters, '$.\"pbkdf2-iterations\"', 1)")
        db.commit()
        db.close()
        self.start(tls=False)
        try:
            self._furnish()
        except Exception:
            self.remove()
            raise

    @property
    def version(self):
        return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "glewlwyd"], capture_output=True, text=True, check=True).stdout.split("-")[0]

    def start(self, tls):
        self.tls, self.port = tls, machine.free_port()
        cert, key = limits.certificate(self.folder)
        (self.data / "conf").write_text(CONFIGURATION % {"port": self.port, "s": "s" * tls, "dir": self.data, "secure": str(tls).lower(), "cert": cert, "key": key})
        self.process = subprocess.Popen(["glewlwyd", f"--config-file={self.data}/conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=machine.on_core(machine.SERVER_CORE))
        machine.wait_for_port(self.port, self.process)
        return self

    def _furnish(self):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

        def post(path, thing):
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api{path}", json.dumps(thing).encode(), {"Content-Type": "application/json"})
            opener.open(request).close()

        post("/auth/", {"username": "admin", "password": "password"})  # the account of the schema
        for scope in ("read", "introspect"):
            post("/scope/", {"name": scope, "display_name": scope, "description": scope, "password_required": False, "scheme": {}})
        post("/client/?source=database", {
            "client_id": "bench", "name": "bench", "description": "bench", "confidential": True, "enabled": True, "password": SECRET, "scope": ["read", "introspect"],
            "redirect_uri": [], "authorization_type": ["client_credentials"], "token_endpoint_auth_method": ["client_secret_basic"]})
        for alg, (kind, _) in KEYS.items():
            private, public = _key_pair(alg, self.data)
            post("/mod/plugin/", {"module": "oidc", "name": alg, "display_name": alg, "enabled": True, "parameters": {
                "iss": f"http://127.0.0.1/{alg}", "jwt-type": kind, "jwt-key-size": "256", "key": private, "cert": public,
                "access-token-duration": 86400, "refresh-token-duration": 86400, "code-duration": 600, "allow-non-oidc": True,
                "auth-type-client-enabled": True, **{f"auth-type-{t}-enabled": False for t in SWITCHED_OFF},
                "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
                "introspection-revocation-auth-scope": ["introspect"]}})

    def token(self, alg, scope="read"):
        return wrk.Load(f"/api/{alg}/token", f"grant_type=client_credentials&scope={scope}", basic=f"bench:{SECRET}")

    def introspection(self):
        """Asked with a token, which it answers faster than with a client's secret; one JWT again and again."""
        asker = wrk.once(self.token("ES256", "introspect"), self)["access_token"]
        text = wrk.once(self.token("ES256"), self)["access_token"]
        return wrk.Load("/api/ES256/introspect", f"token={text}", bearer=asker)

    def stop(self):
        if self.process:
            machine.stop(self.process)
            self.process = None
        return self

    def remove(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
