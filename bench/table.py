# SPDX-License-Identifier: Apache-2.0
"""Results as a table for people."""
HEAD = ("what", "measured", "", "CPU s per 1000", "p50 ms", "p99 ms", "limit", "limit is", "ratio", "target", "met")


def number(x):
    if x is None:
        return ""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}" if abs(x) >= 1 else f"{x:.3f}"


def cells(r):
    target = "" if r["target"] is None else ("≤ " if r["at_most"] else "≥ ") + f"{r['target']:g}"
    return (r["what"], number(r["value"]), r["unit"], "" if r["cpu_s_per_1000"] is None else f"{r['cpu_s_per_1000']:.4f}", number(r["p50_ms"]),
            number(r["p99_ms"]), number(r["limit"]), r["limit_name"] or "", "" if r["ratio"] is None else f"{r['ratio']:.3f}", target, r["met"] or "")


def text(results):
    rows = [HEAD, *(cells(r) for r in results)]
    width = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    left = (0, 2, 7)
    return "\n".join("  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width))).rstrip() for row in rows)
