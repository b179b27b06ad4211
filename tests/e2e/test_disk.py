# SPDX-License-Identifier: Apache-2.0
"""A disk that fails or hangs under a running server."""
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

SHIM = pathlib.Path(__file__).parent / "data" / "disk.c"


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


@pytest.fixture
def on_disk(start, tmp_path):
    """A server with a configuration file, whose disk does as s.disk(...) says."""
    lib, control, file = tmp_path / "disk.so", tmp_path / "control", tmp_path / "jeton.yaml"
    if subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", lib, SHIM, "-ldl"], capture_output=True).returncode:
        pytest.skip("no compiler for the disk that fails")
    file.write_text("keys:\n  jwks_max_age: 5m\n")
    s = start(dev=False, args=["--config", str(file)],
              env={"LD_PRELOAD": str(lib), "DISK_CONTROL": str(control),
                   "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:verify_asan_link_order=0"})
    s.config = file

    def disk(what):
        new = tmp_path / "control.new"
        new.write_text(what)
        os.replace(new, control)

    s.disk = disk
    yield s
    disk("")


def max_age(s):
    return s.get("/.well-known/jwks.json").headers["Cache-Control"]


def reload(s):
    before = s.stderr().count("SIGHUP: ")
    s.process.send_signal(signal.SIGHUP)
    assert until(lambda: s.stderr().count("SIGHUP: ") > before), s.stderr()
    return [line for line in s.stderr().splitlines() if "SIGHUP: " in line][-1]


def test_reload_without_a_record_changes_nothing(on_disk):
    s = on_disk
    s.config.write_text("keys:\n  jwks_max_age: 7m\n")
    s.disk("eio jeton.db")
    assert "nothing was changed" in reload(s)
    assert "max-age=300" in max_age(s)
    s.disk("")
    assert not s.events(type="configuration.reloaded")
    assert "keys.jwks_max_age" in reload(s)
    assert "max-age=420" in max_age(s)
    assert len(s.events(type="configuration.reloaded")) == 1


def test_reload_whose_record_waits(on_disk):
    """It is decided and in the outbox: it is in effect, and in the log as soon as that can be written."""
    s = on_disk
    s.config.write_text("keys:\n  jwks_max_age: 7m\n")
    s.disk("eio audit.db")
    assert "keys.jwks_max_age" in reload(s)
    assert "max-age=420" in max_age(s)
    s.disk("")
    assert until(lambda: len(s.events(type="configuration.reloaded")) == 1)


def test_stop_while_the_disk_hangs(on_disk):
    s = on_disk
    s.cli("resource", "create", "https://a.example.com", "--scope", "r")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    s.disk("hang audit.db")
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.token(client, secret).status))
    t.start()
    s.process.send_signal(signal.SIGHUP)  # the main thread waits for the disk as well
    t.join()
    assert answers == [503]
    assert until(lambda: s.get("/readyz").status == 503)
    s.process.send_signal(signal.SIGTERM)
    assert s.process.wait(120) == 1
    assert "the disk does not answer" in s.stderr()


def test_stop_while_the_disk_fails(on_disk):
    s = on_disk
    s.cli("resource", "create", "https://a.example.com", "--scope", "r")
    client, secret = s.client("c", "--allow", "https://a.example.com=r")
    s.disk("eio audit.db")
    assert s.token(client, secret).status == 503
    assert s.cli("client", "disable", client, ok=False).returncode != 0  # decided, and in the outbox
    s.process.send_signal(signal.SIGTERM)
    assert s.process.wait(60) == 0
    assert "the stop could not be written to the audit log" in s.stderr()
    s.disk("")
