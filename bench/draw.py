# SPDX-License-Identifier: Apache-2.0
"""Bars as SVG, readable on light and on dark pages. A bar is as long as its value: nothing is cut off and no scale is logarithmic."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 820, 204, 160
BAR, GAP, GROUP_GAP, TOP, BOTTOM = 15, 3, 13, 66, 14
COLOURS = (("#2563eb", "#60a5fa"), ("#d97706", "#fbbf24"), ("#6b7280", "#9ca3af"))
STYLE = """text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.title{font-size:15px;font-weight:600}.value{font-size:12px}.axis{stroke:#8c959f;stroke-width:1}.target{stroke:#1f2328;stroke-width:2}
%(light)s
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#768390}.target{stroke:#e6edf3}%(dark)s}"""


def _style():
    light = "".join(f".c{i}{{fill:{a}}}" for i, (a, _) in enumerate(COLOURS))
    dark = "".join(f".c{i}{{fill:{b}}}" for i, (_, b) in enumerate(COLOURS))
    return STYLE % {"light": light, "dark": dark}


def _legend(series):
    x, out = LEFT, []
    for i, name in enumerate(series):
        out.append(f'<rect class="c{i}" x="{x}" y="38" width="12" height="12" rx="2"/><text x="{x + 18}" y="49">{escape(name)}</text>')
        x += 40 + 8 * len(name)
    return out


def bars(title, series, groups):
    """`groups` are (label, [(value or None, words or "")] for each of `series`, target or None)."""
    most = max(v for _, values, _ in groups for v, _ in values if v is not None)
    most = max([most, *(t for _, _, t in groups if t is not None)])
    scale = (WIDTH - LEFT - RIGHT) / most
    y, out = TOP if len(series) > 1 else TOP - 26, []
    first = y
    for label, values, target in groups:
        height = len(values) * (BAR + GAP) - GAP
        out.append(f'<text x="{LEFT - 10}" y="{y + height / 2 + 4.5:g}" text-anchor="end">{escape(label)}</text>')
        begun = y
        for i, (value, words) in enumerate(values):
            long = 0 if value is None else max(1.0, value * scale)
            out.append(f'<rect class="c{i}" x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR}" rx="1.5"/>')
            at = max(long, 0 if target is None else target * scale)
            out.append(f'<text class="value" x="{LEFT + at + 7:.1f}" y="{y + BAR - 3}">{escape(words)}</text>')
            y += BAR + GAP
        if target is not None:
            x = LEFT + target * scale
            out.append(f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{begun - 3}" y2="{y - GAP + 3}"/>')
        y += GROUP_GAP
    height = y - GROUP_GAP + BOTTOM
    out.append(f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{first - 5}" y2="{height - BOTTOM + 5}"/>')
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">',
            f"<style>{_style()}</style>", f'<text class="title" x="12" y="22">{escape(title)}</text>', *(_legend(series) if len(series) > 1 else [])]
    return "\n".join([*head, *out, "</svg>"]) + "\n"
