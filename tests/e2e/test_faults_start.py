# SPDX-License-Identifier: Apache-2.0
"""Starts with something wrong in the data directory, and starts that are cut: a clear error, nothing changed, and the next one goes on."""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest
from shim import Shim
from support import BIN, audit_rows, check_chain, free_port

OLD = pathlib.Path(__file__).parent / "data" / "v1"
KNOWN = json.loads((OLD / "test-known.json").read_text())
THOROUGH = "JETON_FAULT_ALL" in os.environ


def serve(data, env=None, timeout=60):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JETON_")}
    return subprocess.run([BIN, "serve", "--data", str(data), "--listen", f"127.0.0.1:{free_port()}"], capture_output=True, text=True,
                          timeout=timeout, env={**clean, **(env or {})})


def content(data):
    """Every file that keeps something: name, mode, bytes."""
    return {p.name: (p.stat().st_mode, hashlib.sha256(p.read_bytes()).hexdigest())
            for p in pathlib.Path(data).iterdir() if p.is_file() and p.name != "lock" and not p.name.endswith("-shm")}


@pytest.fixture
def whole(start, tmp_path):
    """A data directory of a server that has issued a token and stopped."""
    s = start(dev=False)
    s.cli("resource", "create", "https://a.example.com", "--scope", "r", "--alg", "ES256")
    client = s.client("c", "--allow", "https://a.example.com=r")
    assert s.token(*client).status == 200
    s.stop()
    return pathlib.Path(s.data)


def key_text(text):
    return lambda d: (d / "master.key").write_text(text)


def newer(name):
    def spoil(d):
        db = sqlite3.connect(d / name)
        db.execute("PRAGMA user_version=99")
        db.close()
    return spoil


def foreign(name):
    def spoil(d):
        remove(d, name)
        db = sqlite3.connect(d / name)
        db.execute("CREATE TABLE theirs(x)")
        db.close()
        (d / name).chmod(0o600)
    return spoil


def remove(d, name):
    for suffix in ("", "-wal", "-shm"):
        (d / (name + suffix)).unlink(missing_ok=True)


def text(name):
    def spoil(d):
        remove(d, name)
        (d / name).write_text("this is no database, but a text of more than one hundred bytes\n" * 100)
        (d / name).chmod(0o600)
    return spoil


def cut(name):
    def spoil(d):
        data = (d / name).read_bytes()
        (d / name).write_bytes(data[:len(data) // 2 - 100])
    return spoil


WRONG = {
    "key, empty": (key_text(""), 2, "master.key"),
    "key, half": (key_text("00" * 16), 2, "master.key"),
    "key, no hexadecimal": (key_text("zz" * 32 + "\n"), 2, "master.key"),
    "key, of another": (key_text("00" * 32 + "\n"), 1, "does not open"),
    "key, for all to read": (lambda d: (d / "master.key").chmod(0o644), 2, "chmod 600"),
    "key, gone": (lambda d: (d / "master.key").unlink(), 1, "it is missing, but jeton.db exists"),
    "key, a link": (lambda d: ((d / "master.key").rename(d.parent / "k"), (d / "master.key").symlink_to(d.parent / "k")), (1, 2), "master.key"),
    "state, newer": (newer("jeton.db"), 1, "newer version"),
    "audit, newer": (newer("audit.db"), 1, "newer version"),
    "state, foreign": (foreign("jeton.db"), 1, "damaged"),
    "audit, foreign": (foreign("audit.db"), 1, "damaged"),
    "state, a text": (text("jeton.db"), 1, "damaged"),
    "audit, a text": (text("audit.db"), 1, "damaged"),
    "state, cut": (cut("jeton.db"), 1, "damaged"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong(whole, what):
    spoil, code, says = WRONG[what]
    spoil(whole)
    before = content(whole)
    for _ in range(2):
        r = serve(whole)
        assert r.returncode in ((code,) if isinstance(code, int) else code), r
        assert says in r.stderr and r.stderr.startswith("jeton: ") and len(r.stderr.splitlines()) == 1, r.stderr
        assert content(whole) == before


@pytest.mark.parametrize("missing", ["audit.db", "jeton.db"])
def test_one_of_two_is_missing(whole, missing):
    remove(whole, missing)
    before = content(whole)
    r = serve(whole, timeout=20)
    assert r.returncode == 1 and missing in r.stderr, r
    assert content(whole) == before


def test_read_only_directory(whole):
    if os.geteuid() == 0:
        pytest.skip("root writes where it likes")
    whole.chmod(0o500)
    r = serve(whole)
    whole.chmod(0o700)
    assert r.returncode == 1 and "jeton" in r.stderr


@pytest.fixture
def disk(tmp_path):
    d = Shim(tmp_path, "disk", "DISK_CONTROL")
    yield d
    d("")


def v1(folder):
    folder.mkdir(mode=0o700)
    for name in ("jeton", "audit"):
        db = sqlite3.connect(folder / f"{name}.db")
        db.executescript((OLD / f"{name}.sql").read_text())
        db.close()
        (folder / f"{name}.db").chmod(0o600)
    shutil.copy(OLD / "test-master.key", folder / "master.key")
    (folder / "master.key").chmod(0o600)
    return folder


def works(start, folder, known=True):
    env = {"JETON_TOKEN_ALG": "ES256", **({"JETON_SERVER_ISSUER": KNOWN["issuer"]} if known else {})}
    s = start(folder.name, dev=False, env=env, port=free_port())
    if known:
        name, secret = next(iter(KNOWN["clients"].items()))
        assert s.token(name, secret).status in (200, 400)
        assert {c["client_id"] for c in s.cli_json("client", "list")} >= set(KNOWN["clients"])
    s.cli("client", "create", "fresh")
    s.stop()
    check_chain(audit_rows(folder))


@pytest.mark.parametrize("how", ["kill", "eio", "enospc"])
@pytest.mark.parametrize("what", ["first", "upgrade"])
def test_start_cut_at_each_call(start, disk, tmp_path, what, how):
    """The k-th call to the disk of a start is its last, or fails: the next start goes on from there."""
    step = 1 if THOROUGH else 9 if how == "kill" else 19
    k = 0
    while True:
        folder = tmp_path / f"d{k}"
        if what == "upgrade":
            v1(folder)
        disk.order(how, f"/d{k}/", "all", k, 1)
        env = {**os.environ, **disk.env, "JETON_TOKEN_ALG": "ES256"}
        p = subprocess.Popen([BIN, "serve", "--data", str(folder), "--listen", f"127.0.0.1:{free_port()}"], stderr=subprocess.PIPE,
                             text=True, env=env)
        line, told = "", ""
        while "ready" not in line and (line := p.stderr.readline()):
            told += line
        ready = "ready" in line
        p.kill()
        p.wait()
        p.stderr.close()
        if not ready:
            assert how == "kill" or "jeton: " in told, told
        disk("")
        works(start, folder, what == "upgrade")
        shutil.rmtree(folder)
        if ready and k > 60:
            return
        k += step if k > 5 else 1
