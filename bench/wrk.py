# SPDX-License-Identifier: Apache-2.0
"""A load on a server, and what the server spent on it."""
import base64
import dataclasses
import json
import os
import pathlib
import ssl
import subprocess
import urllib.request

import machine

watcher = None  # profile.py's: called with the server when the load is about to begin
LOAD = pathlib.Path(__file__).resolve().parent / "load"


@dataclasses.dataclass
class Load:
    """One kind of request: which script of load/ makes it, for which path, with what."""
    path: str
    body: str
    basic: str = ""          # id:secret, as HTTP Basic
    bearer: str = ""         # or an access token
    script: str = "same"
    settings: dict = dataclasses.field(default_factory=dict)
    connections: int = 64
    close: bool = False      # a new connection for each request

    @property
    def authorization(self):
        return f"Bearer {self.bearer}" if self.bearer else "Basic " + base64.b64encode(self.basic.encode()).decode()

    def environment(self, port):
        env = {**os.environ, "BENCH_LOAD": str(LOAD), "BENCH_HOST": f"127.0.0.1:{port}", "BENCH_PATH": self.path, "BENCH_BODY": self.body}
        if self.basic or self.bearer:
            env["BENCH_AUTHORIZATION"] = self.authorization
        if self.close:
            env["BENCH_CLOSE"] = "1"
        return {**env, **{k: str(v) for k, v in self.settings.items()}}


@dataclasses.dataclass
class Sample:
    requests: int
    seconds: float           # on the wall
    cpu: float               # of the server
    p50_ms: float
    p99_ms: float

    @property
    def per_cpu(self):
        return self.requests / self.cpu


def _wrk(load, port, tls, seconds):
    scheme = "https" if tls else "http"
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(LOAD / f"{load.script}.lua"),
               f"{scheme}://127.0.0.1:{port}"]
    done = subprocess.run(command, env=load.environment(port), capture_output=True, text=True, preexec_fn=machine.on_core(machine.LOAD_CORE))
    line = next((x for x in done.stdout.splitlines() if x.startswith("BENCH ")), None)
    if done.returncode != 0 or line is None:
        raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")
    report = json.loads(line[6:])
    if report["bad"] or report["failed"] or report["late"] or not report["requests"]:
        raise RuntimeError(f"{load.path}: {report}")
    return report


def once(load, server):
    """The answer to one such request, which is JSON."""
    context = ssl._create_unverified_context()  # on loopback, to a certificate made a moment ago
    url = f"http{'s' * server.tls}://127.0.0.1:{server.port}{load.path}"
    request = urllib.request.Request(url, load.body.encode(), {"Authorization": load.authorization})
    with urllib.request.urlopen(request, context=context) as answer:
        return json.load(answer)


def measure(load, server, seconds, warm=1):
    """Of `server` its process, port and whether it speaks TLS are of interest."""
    if warm:
        _wrk(load, server.port, server.tls, warm)
    if watcher:
        watcher(server)
    before = machine.cpu_seconds(server.process.pid)
    report = _wrk(load, server.port, server.tls, seconds)
    spent = machine.cpu_seconds(server.process.pid) - before
    return Sample(report["requests"], report["seconds"], spent, report["p50_ms"], report["p99_ms"])
