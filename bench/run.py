#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Jeton does per second of CPU time, as ratios to what this machine can do at most, measured in the same run.

The server with its store thread has core 0, the load core 1; the audit log is durable. BENCH_SECONDS (2) for each
measurement, BENCH_ROUNDS (3) of which the median counts, BENCH_ROWS (all) such as "es256*,memory-*" choose;
results also go to BENCH_JSON (build-bench/bench.jsonl), one object a line. Usage: run.py JETON
"""
import fnmatch
import json
import os
import pathlib
import sys
import tempfile

import machine
import rows
import table


def rounds_of(chosen, rounds):
    """All rows, then all again, so that what else the machine does meets each of them alike. One that fails does not end the others."""
    failed = 0
    for n in range(rounds):
        for row in chosen:
            print(f"round {n + 1} of {rounds}: {row.what}", file=sys.stderr)
            try:
                row.round()
            except RuntimeError as e:
                print(f"bench: {row.id}: {e}", file=sys.stderr)
                failed += 1
    return failed


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: run.py JETON (the program to measure)")
    binary = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    patterns = os.environ.get("BENCH_ROWS", "*").split(",")
    out = pathlib.Path(os.environ.get("BENCH_JSON", binary.parent / "bench.jsonl"))
    machine.need_two_cores()
    with tempfile.TemporaryDirectory(prefix="bench.", dir=os.environ.get("BENCH_DIR", binary.parent)) as folder:
        b = rows.Bench(binary, pathlib.Path(folder), int(os.environ.get("BENCH_SECONDS", "2")))
        with b.stack:
            chosen = [r for r in rows.all_rows(b) if any(fnmatch.fnmatch(r.id, p) for p in patterns)]
            if not chosen:
                raise SystemExit(f"bench: no row is called {','.join(patterns)}")
            failed = rounds_of(chosen, rounds)
        results = [r.result() for r in chosen if r.samples]
    out.write_text("".join(json.dumps(r) + "\n" for r in results))
    print(table.text(results))
    missed = [r["id"] for r in results if r["met"] == "no"]
    print(f"\n{sum(r['met'] not in (None, 'no') for r in results)} targets met, {len(missed)} missed" + (": " + ", ".join(missed) if missed else ""))
    return 1 if failed else 0


sys.exit(main())
