# SPDX-License-Identifier: Apache-2.0
"""A Jeton server of its own on the server's core, and its clients and resources."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

import limits
import machine
import wrk

RESOURCES = {"ES256": "https://es256.bench", "RS256": "https://rs256.bench", "EdDSA": "https://eddsa.bench"}
OPAQUE = "https://opaque.bench"
under = []  # profile.py's: the program that runs the server, and its arguments


class Jeton:
    def __init__(self, binary, folder, name, tls=False, settings=None):
        """The data are on the disk of `folder`, so that a commit is one; `settings` are environment variables."""
        self.binary, self.folder, self.tls = str(binary), folder, tls
        self.data = tempfile.mkdtemp(prefix=f"{name}.", dir=folder)
        self.settings = settings or {}
        self.port = machine.free_port()
        self.process, self.secret, self.ready = None, None, None

    def start(self):
        command = [*under, self.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        if self.tls:
            cert, key = limits.certificate(self.folder)
            command += ["--tls-cert", str(cert), "--tls-key", str(key)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("JETON_")} | self.settings
        with open(os.path.join(self.data, "log"), "ab+") as log:
            at = log.seek(0, os.SEEK_END)
            begun = time.monotonic()
            self.process = subprocess.Popen(command, stderr=log, env=env, preexec_fn=machine.on_core(machine.SERVER_CORE))
            while b"ready" not in (text := os.pread(log.fileno(), 1 << 20, at)):
                if self.process.poll() is not None or time.monotonic() - begun > 120:
                    raise RuntimeError(f"jeton did not start: {text.decode()}")
                time.sleep(0.001)
            self.ready = time.monotonic() - begun
        return self

    def admin(self, *words):
        out = subprocess.run([self.binary, *words, "-o", "json"], env={**os.environ, "JETON_DATA": self.data}, capture_output=True, text=True)
        if out.returncode != 0:
            raise RuntimeError(f"jeton {' '.join(words)}: {out.stderr}")
        return json.loads(out.stdout) if out.stdout.strip() else None

    def furnish(self):
        """A resource for each algorithm and one for opaque tokens; a client that may have them, and one that may introspect."""
        for alg, audience in RESOURCES.items():
            self.admin("resource", "create", audience, "--scope", "read", "--alg", alg, "--lifetime", "86400")
        self.admin("resource", "create", OPAQUE, "--scope", "read", "--format", "opaque", "--lifetime", "86400")
        every = [*RESOURCES.values(), OPAQUE]
        made = self.admin("client", "create", "bench", *(w for a in every for w in ("--allow", f"{a}=read")))
        self.secret = made["client_secret"]
        self.asker = "asker:" + self.admin("client", "create", "asker")["client_secret"]
        for audience in every:
            self.admin("resource", "update", audience, "--introspect-by", "asker")
        return self

    @property
    def basic(self):
        return f"bench:{self.secret}"

    def token_load(self, audience, **more):
        return wrk.Load("/token", f"grant_type=client_credentials&scope=read&resource={audience}", basic=self.basic, **more)

    def token(self, audience):
        body = f"grant_type=client_credentials&client_id=bench&client_secret={self.secret}&scope=read&resource={audience}"
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/token", data=body.encode()) as r:
            return json.load(r)["access_token"]

    def memory(self):
        return machine.memory(self.process.pid)

    def stop(self):
        if self.process is not None:
            machine.stop(self.process)
            self.process = None
        return self

    def remove(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
