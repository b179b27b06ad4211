# SPDX-License-Identifier: Apache-2.0
"""What the documentation says to type, typed: every command of every page, on a machine of its own."""
import os
import pathlib
import re
import subprocess

import pytest
from pages import COMMANDS, FILES, ROOT, Page, is_like, printed, script
from support import BIN

PAGES = ["README.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
# What a program's part of a page needs.
PROGRAMS = {"nginx": ("/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_stream_module.so"), "haproxy": ("/usr/sbin/haproxy",)}
MADE = ("docs/configuration.md", "docs/reasons.md")  # by tests/lint/check-docs


def runs():
    """(page, program): the page without what needs a program, and once for each program."""
    for name in PAGES:
        page = Page(name)
        if any(b.language in COMMANDS and b.note("not run") is None for b in page.blocks):
            yield from ((name, program) for program in (None, *page.programs()))


def unshare(whole):
    """The command line of a machine of its own, or why there is none."""
    if whole and os.geteuid() != 0:
        pytest.skip("this page installs a server: needs root")
    flags = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *(["-r"] if os.geteuid() != 0 else [])]
    tried = subprocess.run(["unshare", *flags, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip("no namespaces here: " + tried.stderr.strip())
    return ["unshare", *flags]


def complain(block, what, real):
    pytest.fail(f"{block.where}: {what}\n{block.text}\n-- it printed:\n{real}", pytrace=False)


def check_output(blocks, out):
    for n, b in enumerate(blocks):
        file = out / f"{n}.out"
        real = file.read_text(errors="replace") if file.exists() else ""
        if "Sanitizer" in real or "runtime error" in real:
            complain(b, "a sanitizer complains", real)
        for text in b.all("expect"):
            if text not in real:
                complain(b, f"\"{text}\" is not in what it printed", real)
        if b.language == "console" and b.note("not run") is None and not is_like(printed(b), real, b.note("any order") is not None):
            complain(b, "it printed something else", real)
        if b.note("like the output") is not None:
            if not b.note("like the output"):
                before = next(k for k in range(n - 1, -1, -1) if blocks[k].language in COMMANDS)
                real = (out / f"{before}.out").read_text(errors="replace")
            if not is_like(b.text, real):
                complain(b, "it printed something else", real)


def run(page, blocks, out):
    """The page's commands; what ended badly, or None."""
    out.mkdir()
    for n, b in enumerate(blocks):
        (out / f"{n}.block").write_text(b.text + "\n")
    (out / "script").write_text(script(blocks, out))
    whole = page.is_about_the_machine()
    enter = str(pathlib.Path(__file__).parent / "machine" / "enter.py")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JETON_")}
    r = subprocess.run([*unshare(whole), "/usr/bin/python3", enter, str(out), BIN, str(pathlib.Path(BIN).parent), str(ROOT)],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
                       env={**environment, "JETON_MACHINE": "whole" if whole else ""})
    at = (out / "at").read_text().strip() if (out / "at").exists() else "start"
    if r.returncode == 0 and at == "done":
        return None
    b = blocks[int(at)] if at.isdigit() else None
    printed_there = (out / f"{at}.out").read_text(errors="replace") if (out / f"{at}.out").exists() else ""
    return (f"{b.where if b else page.name}: ended with {r.returncode}\n{b.text if b else ''}\n-- it printed:\n"
            f"{printed_there}{r.stdout}{r.stderr}")


@pytest.mark.parametrize("name, program", list(runs()))
def test_page(name, program, tmp_path):
    missing = [f for f in PROGRAMS.get(program, ()) if not os.path.exists(f)]
    if missing:
        pytest.skip(f"{program}: {missing[0]} is not installed")
    page = Page(name)
    blocks = page.only(program)
    for turn in range(3):
        bad = run(page, blocks, tmp_path / str(turn))
        if bad is None or not (tmp_path / str(turn) / "unlucky").exists():
            break  # else a name began with "-", and was taken for a flag
    if bad:
        pytest.fail(bad, pytrace=False)
    check_output(blocks, tmp_path / str(turn))


def anchors(file):
    """What can be linked to in a page: GitHub's names of its headings."""
    heads = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.M)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("name", [p for p in PAGES if p not in MADE])
def test_no_block_escapes(name):
    """Each block is of a language that somebody runs or reads."""
    for b in Page(name).blocks:
        if name != "docs/architecture.md":
            assert b.language in (*COMMANDS, *FILES, "prepare"), f"{b.where}: a block of \"{b.language}\""
        assert b.language in (*COMMANDS, "prepare") or not b.all("expect"), f"{b.where}: nothing to expect from"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([\w-]+))?\)", (ROOT / name).read_text()):
        if target.startswith("http"):
            continue
        file = (ROOT / name).parent / target if target else ROOT / name
        assert file.exists(), f"{name}: links to {target}, which is not there"
        assert not anchor or anchor in anchors(file), f"{name}: {target} has no heading #{anchor}"


@pytest.mark.parametrize("name", PAGES)
def test_configuration_shown_is_right(name, tmp_path):
    """Where the page does not use it itself."""
    for b in Page(name).blocks:
        if b.language == "yaml" and not b.note("file"):
            (tmp_path / "jeton.yaml").write_text(b.text)
            r = subprocess.run([BIN, "check", "--config", tmp_path / "jeton.yaml"], capture_output=True, text=True, check=False)
            assert r.returncode == 0, f"{b.where}: {r.stderr}"
