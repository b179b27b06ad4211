# SPDX-License-Identifier: Apache-2.0
"""Completion scripts: what a shell offers is what the help of each command says."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest
from support import BIN

DRIVE = """
compopt() { printf 'compopt %s\\n' "$*"; }
source "$1"; shift
complete -p jeton
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_jeton
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*args):
    return subprocess.run([BIN, *args], capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        (folder / shell).write_text(run("completion", shell))
    return folder


def offered(scripts, *words):
    """What bash would show for these words, the cursor at the end of the last."""
    r = subprocess.run(["bash", "--norc", "--noprofile", "-c", DRIVE, "bash", str(scripts / "bash"), *words],
                       capture_output=True, text=True, check=True, timeout=20)
    assert r.stderr == ""
    lines = r.stdout.splitlines()
    assert lines[0] == "complete -F _jeton jeton"
    return [line for line in lines[1:] if line]


def commands():
    """Every command of the overview, as its words."""
    block = run("help").split("Exit codes")[0].split("jeton dev\n", 1)[1]
    found = [m[1].split() for m in re.finditer(r"^  ([a-z]+(?: [a-z]+)?) +[A-Z]", block, re.M)]
    assert ["completion"] in found and ["client", "create"] in found
    return found


def flags_of(command):
    return re.findall(r"^  (--?[a-z-]+)(?: (\S+))?", run(*command, "--help").split("\nUsage\n")[1], re.M)


def test_first_words(scripts):
    first = {c[0] for c in commands()}
    assert set(offered(scripts, "jeton", "")) == first | {"help"}
    assert set(offered(scripts, "jeton", "help", "")) == first | {"config"}
    assert offered(scripts, "jeton", "cli") == ["client"]
    for noun in {c[0] for c in commands() if len(c) == 2}:
        verbs = {c[1] for c in commands() if c[0] == noun}
        assert set(offered(scripts, "jeton", noun, "")) == verbs
        assert set(offered(scripts, "jeton", "help", noun, "")) == verbs


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_flags_and_values(scripts, command):
    flags = flags_of(command)
    assert ("--help", "") in flags
    assert {w for w in offered(scripts, "jeton", *command, "-")} == {f for f, _ in flags}
    for flag, takes in flags:
        if not takes:
            continue
        for words in ([flag, ""], [flag, "="]):
            found = offered(scripts, "jeton", *command, *words)
            if "|" in takes and not re.search(r"[\[\]=]", takes):
                assert sorted(found) == sorted(takes.split("|"))
            elif takes == "FILE":
                assert found == ["compopt -o default"]
            elif takes == "DIR":
                assert found == ["compopt -o dirnames"]
            else:
                assert found == []


def test_choices(scripts):
    assert offered(scripts, "jeton", "version", "-o", "jsonl") == ["jsonl"]
    assert offered(scripts, "jeton", "resource", "create", "https", ":", "//a.example", "--alg", "=", "ES") == ["ES256"]
    assert offered(scripts, "jeton", "completion", "b") == ["bash"]
    assert offered(scripts, "jeton", "nothing", "") == []


def test_operands_that_are_files(scripts):
    found = []
    for command in commands():
        usage = run(*command, "--help").split("\nUsage\n")[1].split("\n\n")[0]
        if not re.match(rf"  jeton {' '.join(command)} FILE\b", usage):
            continue
        found.append(command)
        assert offered(scripts, "jeton", *command, "") == ["compopt -o default"]
        assert "--help" in offered(scripts, "jeton", *command, "-")
    assert ["backup"] in found


def test_names_of_files_come_from_readline(scripts, tmp_path):
    """In a real, interactive bash: a name with a blank is completed and quoted."""
    (tmp_path / "a file.yaml").write_text("")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "INPUTRC": "/dev/null", "TERM": "dumb", "PS1": "> "})
    try:
        shown = ""

        def wait_for(text):
            nonlocal shown
            deadline = time.monotonic() + 20
            while text not in shown:
                assert time.monotonic() < deadline, shown
                if select.select([terminal], [], [], 0.2)[0]:
                    shown += os.read(terminal, 4096).decode(errors="replace")

        os.write(terminal, f"source {scripts}/bash; echo rea''dy\n".encode())
        wait_for("ready")
        os.write(terminal, b"jeton check --config a\t")
        wait_for("a\\ file.yaml")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("shell,option", [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
def test_syntax(scripts, shell, option):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    r = subprocess.run([shell, option, str(scripts / shell)], capture_output=True, text=True, timeout=20)
    assert r.returncode == 0 and r.stderr == "", r.stderr


def test_fish_offers_the_same(scripts):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    ask = lambda line: {w.split("\t")[0] for w in subprocess.run(
        ["fish", "--no-config", "-c", f"source {scripts}/fish; complete -C '{line}'"], capture_output=True, text=True, check=True,
        timeout=60).stdout.splitlines()}
    assert ask("jeton ") == {c[0] for c in commands()} | {"help"}
    assert ask("jeton version -o ") == {"table", "json", "jsonl"}
    assert ask("jeton completion ") == {"bash", "zsh", "fish"}
    assert ask("jeton client create x --") == {f for f, _ in flags_of(["client", "create"]) if f != "-o"}


def test_unknown_shell():
    r = subprocess.run([BIN, "completion", "tcsh"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 2 and "not bash, zsh or fish" in r.stderr and r.stdout == ""
