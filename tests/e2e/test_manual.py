# SPDX-License-Identifier: Apache-2.0
"""jeton help --man: always the same pages, and a failure that says so. What they say is for tests/lint/check-man."""
import subprocess

from support import BIN


def write(folder):
    return subprocess.run([BIN, "help", "--man", str(folder)], capture_output=True, text=True, timeout=20)


def pages(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.glob("man?/*")}


def test_same_pages_each_time(tmp_path):
    for name in ("a", "b", "b"):
        (tmp_path / name).mkdir(exist_ok=True)
        r = write(tmp_path / name)
        assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert len(pages(tmp_path / "a")) > 10 and pages(tmp_path / "a") == pages(tmp_path / "b")


def test_cannot_be_written(tmp_path):
    r = write(tmp_path / "nowhere")
    assert r.returncode == 1 and r.stderr.startswith(f"jeton: cannot write {tmp_path}/nowhere/man1: ")
    (tmp_path / "man1").mkdir()
    (tmp_path / "man1" / "jeton.1").mkdir()
    r = write(tmp_path)
    assert r.returncode == 1 and "man1/jeton.1: " in r.stderr
    assert write("x" * 5000).returncode == 2


def test_is_for_the_build_only():
    for command in (["help"], ["help", "config"]):
        assert "--man" not in subprocess.run([BIN, *command], capture_output=True, text=True, check=True).stdout
