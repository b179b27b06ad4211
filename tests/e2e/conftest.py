# SPDX-License-Identifier: Apache-2.0
import pytest
from support import Server


@pytest.fixture(scope="session")
def dev(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("dev") / "data")
    yield s
    s.stop()


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """jeton serve over plain HTTP, with one resource and one client."""
    s = Server(tmp_path_factory.mktemp("plain") / "data", dev=False)
    s.cli("resource", "create", "https://api.example.com", "--scope", "api:read", "--scope", "api:write")
    s.client_id, s.secret = s.client("demo", "--allow", "https://api.example.com=api:read,api:write")
    yield s
    s.stop()


@pytest.fixture
def start(tmp_path):
    """Starts servers of the test's own; stops what still runs, and then looks for sanitizer reports."""
    running = []

    def begin(name="data", **options):
        s = Server(tmp_path / name, **options)
        running.append(s)
        return s

    yield begin
    for s in running:
        if s.process.poll() is None:
            s.stop()
