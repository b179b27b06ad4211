# SPDX-License-Identifier: Apache-2.0
"""A secret of somebody else's making, with every character that the two ways of writing Basic disagree about."""
import crypt
import time

import pytest
from clients import API, LIBRARIES, ask, cell, curl, is_good, is_refused

SECRET = "s3cr3t+with/odd:chars%&="
METHODS = ("client_secret_basic", "client_secret_post")
# The names are said in the table; @badgateway's raw mode writes %3A for the colon and nothing else, which is neither way.
LOOSE = [("simple-oauth2", "clients/simple-oauth2")]
ROWS = [*(cell(n, f"odd secret, {m[14:]}", lib, m, {}, id=f"{n}-{m}") for n, lib in LIBRARIES for m in METHODS),
        *(cell(f"{n}, loose", "odd secret, basic", lib, METHODS[0], {"encoding": "loose"}, id=f"{n}-loose") for n, lib in LOOSE)]
HASHES = {"plain": None, "bcrypt": crypt.METHOD_BLOWFISH, "SHA-512-crypt": crypt.METHOD_SHA512, "SHA-256-crypt": crypt.METHOD_SHA256}


def client_of(server, tmp_path, kind):
    file = tmp_path / "secret"
    file.write_text((SECRET if HASHES[kind] is None else crypt.crypt(SECRET, crypt.mksalt(HASHES[kind], rounds=2 ** 10))) + "\n")
    flag = "--secret-file" if HASHES[kind] is None else "--secret-hash-file"
    client_id, none = server.client(f"odd-{time.monotonic_ns()}", "--allow", f"{API}=api:read", flag, str(file))
    assert none is None, "a secret that was brought is not printed"
    return client_id


@pytest.mark.parametrize("library, method, more", ROWS)
def test_plain(dev, tmp_path, library, method, more):
    client_id = client_of(dev, tmp_path, "plain")
    is_good(dev, ask(dev, library, method, client_id, client_secret=SECRET, **more), client_id)
    is_refused(dev, ask(dev, library, method, client_id, client_secret=SECRET + "x", **more), "secret_wrong")


@pytest.mark.parametrize("library, method, more", ROWS)
def test_hash(dev, tmp_path, library, method, more):
    """The same against a hash that another server made, before it is replaced and after."""
    client_id = client_of(dev, tmp_path, "bcrypt")
    is_refused(dev, ask(dev, library, method, client_id, client_secret=SECRET + "x", **more), "secret_wrong")
    for _ in range(2):
        is_good(dev, ask(dev, library, method, client_id, client_secret=SECRET, **more), client_id)


@pytest.mark.parametrize("kind", [cell("curl", "odd secret, basic", k, id=k) for k in HASHES])
def test_curl(dev, tmp_path, kind):
    client_id = client_of(dev, tmp_path, kind)
    for shown in (["-u", f"{client_id}:{SECRET}"], ["-d", f"client_id={client_id}", "--data-urlencode", f"client_secret={SECRET}"]):
        status, body = curl(dev, *shown, "-d", "grant_type=client_credentials", "-d", f"resource={API}")
        assert status == 200, body
