# SPDX-License-Identifier: Apache-2.0
"""What people see: tables on narrow terminals, and errors that name what is missing."""
import fcntl
import os
import pty
import struct
import subprocess
import termios
import time

import pytest
from support import BIN


def shown_at(s, columns, *args):
    """What the command shows on a terminal of this width."""
    fd, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    p = subprocess.Popen([BIN, *args], stdout=end, stderr=subprocess.DEVNULL, env=os.environ | {"JETON_DATA": str(s.data)})
    os.close(end)
    shown = b""
    try:
        while chunk := os.read(fd, 65536):
            shown += chunk
    except OSError:  # the other end has closed
        pass
    os.close(fd)
    assert p.wait(20) == 0
    return shown.decode().splitlines()


def test_tables_fit_terminal(start):
    s = start()
    words = ["orders:read", "orders:write", "orders:cancel", "orders:export"]
    s.cli("resource", "create", "https://orders.example.com/v2", *[a for w in words for a in ("--scope", w)])
    s.cli("client", "create", "Überweisungsdienst für München", "--id", "billing", "--no-secret",
          "--allow", "https://orders.example.com/v2=" + ",".join(words))
    wide = shown_at(s, 200, "grant", "list")
    assert wide == s.cli("grant", "list").stdout.splitlines() and len(wide) == 3
    narrow = shown_at(s, 70, "grant", "list")  # broken at blanks, the columns stay
    assert len(narrow) > 3 and all(len(line) <= 70 for line in narrow)
    assert " ".join(narrow).split() == " ".join(wide).split()
    column = narrow[0].index("SCOPES")
    assert any(line.startswith(" " * column + "orders:") for line in narrow)
    for what in ("grant", "client", "resource"):  # too narrow for that: a row goes on below
        folded = shown_at(s, 50, what, "list")
        assert folded[1].startswith("    ") and not folded[0].startswith(" ")
        assert sorted(" ".join(folded).split()) == sorted(s.cli(what, "list").stdout.split())
    assert any("Überweisungsdienst für München" in line for line in shown_at(s, 50, "client", "list"))


@pytest.mark.parametrize("says, args", [
    ("there is no client nope ", ["client", "show", "nope"]),
    ("there is no client nope ", ["grant", "list", "nope"]),
    ("there is no client nope ", ["credential", "rotate", "nope"]),
    ("there is no client nope ", ["client", "delete", "nope", "--yes"]),
    ("client demo has no credential nope ", ["credential", "revoke", "demo", "nope", "--yes"]),
    ("there is no resource urn:nope ", ["resource", "update", "urn:nope", "--lifetime", "5m"]),
    ("there is no signing key nope ", ["key", "retire", "nope"]),
    ("there is no credential nope ", ["revoke", "--credential", "nope", "--yes"]),
    ("there is no client " + "n" * 100 + "... ", ["client", "show", "n" * 120]),
])
def test_unknown_is_named(dev, says, args):
    r = dev.cli(*args, ok=False)
    assert r.returncode == 4 and says in r.stderr and r.stdout == ""


def test_dev_banner_pastes(tmp_path):
    """The lines that jeton dev prints, in a shell, with blanks in the path; the last one follows for ever."""
    data = tmp_path / "my data"
    out = tmp_path / "out"
    with out.open("w") as f:
        p = subprocess.Popen([BIN, "dev", "--data", str(data), "--listen", "127.0.0.1:0"], stdout=f, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while "Stop with" not in out.read_text():
            assert time.monotonic() < deadline and p.poll() is None
            time.sleep(0.05)
        lines = [line for line in out.read_text().splitlines() if line.startswith("  ")]
        assert lines[-1] == "  jeton audit tail"
        lines[-1] += " | grep -m1 token.issued"
        r = subprocess.run(["bash", "-euc", "\n".join(lines)], capture_output=True, text=True, timeout=30,
                           env={"PATH": os.environ["PATH"]})
        assert r.returncode == 0, r.stderr
        for word in ('"access_token"', "active          yes", "CLIENT", "token.issued"):
            assert word in r.stdout
    finally:
        p.terminate()
        assert p.wait(20) == 0


def test_what_exists_is_named(dev):
    for kind, name, rest in [("client", "demo", []), ("resource", "https://api.example.com", ["--scope", "a"])]:
        r = dev.cli(kind, "create", name, *rest, ok=False)
        assert r.returncode == 6 and f"{kind} {name} exists already " in r.stderr
