# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md and its pictures, from the numbers."""
import os
import pathlib
import re

import draw
import table
from measure import KINDS, median

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
MIB = 1024 * 1024
CONDITIONS = """- One core for the server with all of its threads, the load on the other: wrk, 64 connections, keep-alive, HTTP Basic.
- CPU time is the server's own, user and system, all threads. The kernel's work for the network is in it.
- Jeton writes each token into its audit log, with one fsync for many, before it answers. The others write no log.
- oidc-provider runs with what is best for it on one core: one process, production mode, all state in a `Map` in memory, its own
  newer Node. It introspects opaque tokens only, so that row is of one opaque token again and again.
- glewlwyd runs better than it is shipped: one round of PBKDF2 for client secrets instead of 150,000, its SQLite file on tmpfs,
  introspection asked with a token (it is faster than with a secret) while it holds few. It has no opaque access tokens.
- Jeton's introspection in this table is of one JWT, as the others have one token; `make bench` takes 2,000 in turn.
- A ratio to what the machine can do may be compared with a ratio of another machine; the numbers themselves may not."""


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / MIB
    return f"{name[1].strip() if name else 'unknown'}, {os.cpu_count()} virtual CPUs, {memory:.0f} GiB"


def _limit(kind, limits):
    name = {"opaque": "network", "introspection": "network"}.get(kind, kind.split()[0])
    return sorted(limits[name])[len(limits[name]) // 2]


def speed(results, limits):
    names = list(results)
    lines = ["| | limit | " + " | ".join(names) + " | Jeton, times oidc-provider | times glewlwyd |", "|---|---:|" + "---:|" * (len(names) + 2)]
    groups = []
    for kind in KINDS:
        limit = _limit(kind, limits)
        rate = {n: median(results[n][kind], "per_cpu") if kind in results[n] else None for n in names}
        cells = [f"{r:,.0f} ({r / limit:.2g})" if r else "–" for r in rate.values()]
        times = [f"{rate['Jeton'] / rate[n]:.1f}" if rate.get(n) else "–" for n in names[1:]]
        lines.append(f"| {kind} | {limit:,.0f} | " + " | ".join(cells + times) + " |")
        groups.append((kind, [(rate[n], f"{rate[n]:,.0f}" if rate[n] else "cannot") for n in names], None))
    return "\n".join(lines), draw.bars("Requests per second of CPU time (more is better)", names, groups)


def latency(results):
    names = list(results)
    lines = ["| p50 / p99, ms | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    groups = []
    for kind in KINDS:
        here = [results[n].get(kind) for n in names]
        lines.append(f"| {kind} | " + " | ".join(f"{median(s, 'p50_ms'):.1f} / {median(s, 'p99_ms'):.1f}" if s else "–" for s in here) + " |")
        groups.append((kind, [(median(s, "p50_ms") if s else None, f"{median(s, 'p50_ms'):.1f}" if s else "cannot") for s in here], None))
    return "\n".join(lines), draw.bars("Half of the requests at 64 connections are answered within, ms (less is better)", names, groups)


def memory(results):
    names = list(results)
    lines = ["| resident MiB | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    groups = []
    for key, words in (("idle", "idle"), ("loaded", "after the load")):
        here = [sorted(results[n][key])[len(results[n][key]) // 2] / MIB for n in names]
        lines.append(f"| {words} | " + " | ".join(f"{m:,.0f}" for m in here) + " |")
        groups.append((words, [(m, f"{m:,.0f} MiB") for m in here], None))
    return "\n".join(lines), draw.bars("Memory (less is better)", names, groups)


def ours(rows):
    """What make bench wrote: a table of everything, a picture of the ratios."""
    lines = ["| what | measured | | p50 / p99, ms | limit beside it | ratio | target | met |", "|---|---:|---|---:|---|---:|---:|---|"]
    groups = []
    for r in rows:
        what, value, unit, _, p50, p99, limit, limit_name, ratio, target, met = table.cells(r)
        beside = f"{limit} {limit_name}" if limit else ""
        lines.append(f"| {what} | {value} | {unit} | {p50 + ' / ' + p99 if p50 else ''} | {beside} | {ratio} | {target} | {met} |")
        if r["ratio"] is not None and not r["id"].startswith("clients-1000"):
            label = r["what"].replace("tokens ", "").replace("introspection, 2,000 ", "").replace(" in turn", " introspected")
            label = label.replace("live JWTs", "JWT").replace("opaque tokens", "opaque").replace("revocation, each token once", "revocation")
            label = label.replace("spread over ", "").replace("a new TLS connection each", "new TLS").replace("64 connections beside 10,000 idle", "64 of 10,064")
            groups.append((label, [(r["ratio"], f"{r['ratio']:.2f}" + (f" (target {r['target']:g})" if r["target"] else ""))], r["target"]))
    return "\n".join(lines), draw.bars("Ratio to the limit beside it: signatures, or nginx's static reply (the line is the target)", ["Jeton"], groups)


def write(results, limits, versions, rows, commands):
    pictures = DOCS / "benchmarks"
    pictures.mkdir(exist_ok=True)
    parts = {"speed": speed(results, limits), "latency": latency(results), "memory": memory(results)}
    if rows:
        parts["ratios"] = ours(rows)
    for name, (_, svg) in parts.items():
        (pictures / f"{name}.svg").write_text(svg)
    said = "\n".join(f"- {name} {version}" for name, version in versions.items())
    text = f"""# Benchmarks

Made by `make bench-peers`; do not edit. [performance.md](performance.md) says where the time goes.

## Beside others

Requests per second of CPU time, and in brackets the part of the limit: what `openssl speed` signs on the same core, for opaque
tokens and introspection what nginx serves as a static reply.

{parts['speed'][0]}

![Requests per second of CPU time](benchmarks/speed.svg)

{parts['latency'][0]}

![Time in which half of the requests are answered](benchmarks/latency.svg)

{parts['memory'][0]}

![Memory](benchmarks/memory.svg)

## How it was measured

{CONDITIONS}

The machine: {processor()}.

{said}

<!-- not run -->
```sh
{commands}
```
"""
    if rows:
        text += f"""
## Jeton alone

`make bench`: all rows, each beside its limit in the same run. A ratio that misses its target by no more than one core differs from one minute to the next is “within 3 %”.

{parts['ratios'][0]}

![Ratios to the limits](benchmarks/ratios.svg)
"""
    (DOCS / "benchmarks.md").write_text(text)
