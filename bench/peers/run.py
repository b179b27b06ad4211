#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Jeton beside oidc-provider and glewlwyd, under the same loads on the same core; writes docs/benchmarks.md and its pictures.

BENCH_SECONDS (3) for each measurement, BENCH_ROUNDS (3) of which the median counts. The page also has what `make bench`
left in build-bench/bench.jsonl. Usage: run.py JETON
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# The modules above are found only now.
import machine  # noqa: E402
import measure  # noqa: E402
import oidc_provider  # noqa: E402
import page  # noqa: E402


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: peers/run.py JETON (the program to measure)")
    binary = pathlib.Path(sys.argv[1]).resolve()
    build = binary.parent
    seconds, rounds = int(os.environ.get("BENCH_SECONDS", "3")), int(os.environ.get("BENCH_ROUNDS", "3"))
    machine.need_two_cores()
    oidc_provider.install(build)
    results, limits = {}, {}
    with tempfile.TemporaryDirectory(prefix="peers.", dir=build) as folder:
        folder = pathlib.Path(folder)
        for n in range(rounds):
            measure.ceilings(folder, seconds, limits)
            for name, make, kinds in measure.servers(binary, build, folder):
                print(f"round {n + 1} of {rounds}: {name}", file=sys.stderr)
                measure.one_server(make, kinds, seconds, results.setdefault(name, {}))
    versions = {"Jeton": subprocess.run([str(binary), "--version"], capture_output=True, text=True).stdout.split()[-1], **measure.versions(build)}
    left = build / "bench.jsonl"
    rows = [json.loads(line) for line in left.read_text().splitlines()] if left.exists() else []
    page.write(results, limits, versions, rows, f"make bench\nBENCH_SECONDS={seconds} BENCH_ROUNDS={rounds} make bench-peers")
    print(page.speed(results, limits)[0], page.memory(results)[0], sep="\n\n")


main()
