# SPDX-License-Identifier: Apache-2.0
"""The servers that the programs talk to, and the tables of what was shown."""
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import Server  # noqa: E402
from clients import API  # noqa: E402
from tools import version  # noqa: E402

TOTAL = pytest.StashKey()


def with_gate(server, resource=API):
    server.gate = server.client("gate")
    server.cli("resource", "update", resource, "--introspect-by", "gate")
    return server


@pytest.fixture(scope="session")
def dev(tmp_path_factory):
    """jeton dev: TLS with a CA of its own; the client `gate` may introspect."""
    s = with_gate(Server(tmp_path_factory.mktemp("dev") / "data"))
    yield s
    s.stop()


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    """Another issuer, whose tokens mean nothing to who trusts the first."""
    s = Server(tmp_path_factory.mktemp("other") / "data")
    yield s
    s.stop()


@pytest.fixture
def start(tmp_path):
    """Starts servers of the test's own, and stops what still runs."""
    running = []

    def begin(name="data", **options):
        s = Server(tmp_path / name, **options)
        running.append(s)
        return s

    yield begin
    for s in running:
        if s.process.poll() is None:
            s.stop()


# -- the tables ------------------------------------------------------------------------------------------------------------
def pytest_configure(config):
    config.addinivalue_line("markers", "proves(table, tool, what): a cell of a table printed at the end")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    outcome.get_result().user_properties.extend(("proves", m.args) for m in item.iter_markers("proves"))


def cells(reporter):
    """{table: {tool: {what: [outcomes]}}}, in the order of the tests."""
    tables = {}
    for kind in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(kind, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "proves":
                    table, tool, what = value
                    tables.setdefault(table, {}).setdefault(tool, {}).setdefault(what, []).append(kind)
    return tables


def shown(outcomes):
    """What a cell says: how many tests passed, or what else there was."""
    bad = sum(o in ("failed", "error") for o in outcomes)
    if bad:
        return f"{bad} FAILED"
    skipped = outcomes.count("skipped")
    return f"{skipped} skipped" if skipped == len(outcomes) else str(outcomes.count("passed"))


def text_of(tables):
    """The tables in Markdown, in the order of their names."""
    lines = []
    for table, rows in sorted(tables.items()):
        columns = sorted({what for row in rows.values() for what in row})
        lines += ["", f"| {table} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        for tool in sorted(rows, key=str.lower):
            name = re.sub(r"^([^,]*)", lambda m: f"{m[1]} {version(m[1])}".strip(), tool)
            lines.append(f"| {name} | " + " | ".join(shown(rows[tool][c]) if c in rows[tool] else "–" for c in columns) + " |")
    return "\n".join(lines) + "\n"


def write_page(file, tables):
    """Puts the tables into the last section of the page."""
    before, heading, _ = file.read_text().partition("\n## What was shown\n")
    assert heading, f"{file} has no section for the tables"
    file.write_text(before + heading + text_of(tables))


def pytest_terminal_summary(terminalreporter, config):
    tables = cells(terminalreporter)
    terminalreporter.write(text_of(tables))
    if os.environ.get("JETON_INTEROP_PAGE"):
        write_page(pathlib.Path(os.environ["JETON_INTEROP_PAGE"]), tables)
    config.stash[TOTAL] = {kind: len(terminalreporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}


def pytest_unconfigure(config):
    """The last line, for who adds up."""
    n = config.stash.get(TOTAL, None)
    if n is not None:
        print(f"{n['passed']} passed, {n['failed'] + n['error']} failed, {n['skipped']} skipped")
