# SPDX-License-Identifier: Apache-2.0
"""jeton --server: the commands of an administrator, on another machine's server."""
import json
import os
import subprocess
import time

import pytest
from far import Far, write
from support import BIN, free_port, until


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    f = Far(tmp_path_factory.mktemp("far"))
    f.folder = tmp_path_factory.mktemp("files")
    f.token = write(f.folder / "token", f.admin("ops", "jeton:read", "jeton:audit", "jeton:admin") + "\n")
    f.secret = write(f.folder / "secret", f.secrets["ops"] + "\n")
    f.client = ["--client-id", "ops", "--client-secret-file", f.secret, "--issuer", f.s.issuer]
    f.certificate = ["--client-cert", str(f.cert.crt), "--client-key", str(f.cert.key)]
    yield f
    f.s.stop()


def ways(f):
    both = f.folder / "both.pem"
    write(both, f.cert.pem + f.cert.key.read_text())
    secret = open(f.secret).read().strip()
    return {
        "token": (["--token-file", f.token], {}),
        "token by variable": ([], {"JETON_TOKEN_FILE": f.token}),
        "client": (f.client, {}),
        "client by variables": ([], {"JETON_CLIENT_ID": "ops", "JETON_CLIENT_SECRET": secret, "JETON_ISSUER": f.s.issuer}),
        "client by a file's variable": ([], {"JETON_CLIENT_ID": "ops", "JETON_CLIENT_SECRET_FILE": f.secret, "JETON_ISSUER": f.s.issuer}),
        "certificate": (f.certificate, {}),
        "certificate by variables": ([], {"JETON_CLIENT_CERT": str(f.cert.crt), "JETON_CLIENT_KEY": str(f.cert.key)}),
        "certificate and key in one file": (["--client-cert", str(both)], {}),
        "certificate and token": ([*f.certificate, "--token-file", f.token], {}),
    }


def test_every_way_of_proof(far):
    for name, (flags, env) in ways(far).items():
        r = far.cli("client", "list", "-o", "json", *flags, env=env)
        assert {"ops", "demo"} <= {c["client_id"] for c in json.loads(r.stdout)}, name
        assert far.s.events(type="admin.read"), name


def test_a_proof_by_flags_is_the_only_one(far):
    """What the environment has beside it does not count, not even to be wrong."""
    unusable = {"JETON_CLIENT_ID": "nobody", "JETON_CLIENT_SECRET": "x", "JETON_CLIENT_SECRET_FILE": "/nowhere", "JETON_TOKEN_FILE": "/nowhere"}
    for flags in (far.certificate, ["--token-file", far.token], far.client, [*far.certificate, "--token-file", far.token]):
        far.cli("key", "list", *flags, env=unusable)
    far.cli("key", "list", *far.client[2:], env={**unusable, "JETON_CLIENT_ID": "ops"})  # the secret alone: the id is missing
    r = far.cli("key", "list", env={"JETON_TOKEN_FILE": "/nowhere"}, ok=False)
    assert r.returncode == 2 and "/nowhere" in r.stderr
    far.cli("client", "update", "demo", "--owner", "alice", *far.certificate, env=unusable)
    event = far.s.events(type="client.updated")[-1]
    assert event["detail"].startswith("certificate subject "), event


def test_tables_of_events_clip_the_hash_of_a_certificate(far):
    far.cli("client", "update", "demo", "--owner", "hash", *far.certificate)
    whole = far.cert.sha256.hex()
    table = far.s.cli("audit", "list", "--type", "client.updated").stdout
    assert f"sha256 {whole[:12]}..." in table and whole[:13] not in table
    assert whole in far.s.cli("audit", "list", "--type", "client.updated", "-o", "json").stdout


def test_a_refusal_says_as_whom_it_asked(far):
    far.admin("c-read", "jeton:read")
    secret = write(far.folder / "c-read.secret", far.secrets["c-read"])
    r = far.cli("client", "disable", "demo", "--client-id", "c-read", "--client-secret-file", secret, "--issuer", far.s.issuer, ok=False)
    assert r.returncode == 3 and "hint: asked as client c-read\n" in r.stderr
    token = write(far.folder / "c-read.token", far.admin("c-read", "jeton:read"))
    r = far.cli("client", "disable", "demo", "--token-file", token, ok=False)
    assert r.returncode == 3 and f"hint: asked with the token in {token}\n" in r.stderr
    stranger = far.maker.make("/CN=stranger")
    r = far.cli("client", "list", "--client-cert", str(stranger.crt), "--client-key", str(stranger.key), ok=False)
    assert r.returncode == 3 and f"hint: asked with the certificate in {stranger.crt}\n" in r.stderr


def test_flags_name_the_server_too(far):
    r = far.s.cli("key", "list", "--server", far.url + "/", "--ca-file", far.s.ca, "--token-file", far.token, "-o", "json")
    assert len(json.loads(r.stdout)) == 1
    far.s.cli("key", "list")  # and without, it is the socket


def test_the_life_of_a_client(far):
    """Create, show, change, rotate, grant, revoke, delete: as over the socket, and with who did it in the log."""
    def cli(*args, **more):
        return far.cli(*args, *far.client, **more)

    out = far.folder / "life.secret"
    cli("client", "create", "life", "--allow", "https://api.example.com=api:read", "--secret-out", str(out))
    assert far.s.token("life", out.read_text().strip()).status == 200
    assert json.loads(cli("client", "show", "life", "-o", "json").stdout)["client_id"] == "life"
    assert json.loads(cli("client", "update", "life", "--owner", "team", "-o", "json").stdout)["owner"] == "team"
    cli("client", "disable", "life")
    cli("client", "enable", "life")
    cli("grant", "add", "life", "https://api.example.com", "api:write")
    assert json.loads(cli("grant", "list", "life", "-o", "json").stdout)
    assert "granted" in cli("why", "life", "-").stdout
    rotated = json.loads(cli("credential", "rotate", "life", "--now", "-o", "json").stdout)
    assert far.s.token("life", rotated["client_secret"]).status == 200
    cli("revoke", "--client", "life", "--yes")
    cli("resource", "create", "urn:x:far", "--scope", "a")
    cli("resource", "update", "urn:x:far", "--lifetime", "60")
    cli("resource", "delete", "urn:x:far", "--yes")
    cli("key", "rotate")
    cli("rekey")
    cli("client", "delete", "life", "--yes")
    seq = json.loads(cli("audit", "show", "1", "-o", "json").stdout)["seq"]
    assert seq == 1
    changes = [e for e in far.s.events() if e["address"] == "127.0.0.1" and e["type"] not in ("token.issued", "admin.read", "admin.denied")]
    assert len(changes) >= 13
    assert all(e["detail"].startswith("client ops (jti ") for e in changes), changes


def test_pages_follow_each_other(far):
    """More than one page, over one connection."""
    for i in range(105):
        far.s.ask("POST", "/resources", {"audience": f"urn:page:{i}", "scopes": [{"name": "a"}]})
    r = far.cli("resource", "list", "-o", "jsonl", "--token-file", far.token)
    assert len(r.stdout.splitlines()) >= 106
    exported = far.cli("audit", "export", "--token-file", far.token).stdout.splitlines()
    assert json.loads(exported[0])["seq"] == 1 and len(exported) > 105


def test_tail(far):
    env = {**far.s.environment, "JETON_SERVER": far.url, "JETON_CA_FILE": far.s.ca}
    p = subprocess.Popen([BIN, "audit", "tail", "-n", "0", "-o", "jsonl", *far.client], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert until(lambda: any("/audit" in e["detail"] for e in far.s.events(type="admin.read")))
    time.sleep(1)
    ref = far.s.token(secret="wrong").json["error_ref"]
    while (line := json.loads(p.stdout.readline()))["ref"] != ref:
        assert line["type"] in ("admin.read", "token.issued"), line
    p.terminate()  # SIGINT is ignored where a shell started the tests in the background
    p.communicate(timeout=20)


def test_tail_outlives_its_token(tmp_path):
    """A token that is over is replaced by another one: the command goes on."""
    far = Far(tmp_path, env={"JETON_TOKEN_LIFETIME": "2s"})
    far.admin("ops", "jeton:audit")
    secret = write(tmp_path / "secret", far.secrets["ops"])
    env = {**far.s.environment, "JETON_SERVER": far.url, "JETON_CA_FILE": far.s.ca}
    p = subprocess.Popen([BIN, "audit", "tail", "-n", "0", "-o", "jsonl", "--client-id", "ops", "--client-secret-file", secret,
                          "--issuer", far.s.issuer], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(6)
    ref = far.s.token(secret="wrong").json["error_ref"]
    while json.loads(p.stdout.readline())["ref"] != ref:
        pass
    assert p.poll() is None
    p.terminate()  # SIGINT is ignored where a shell started the tests in the background
    p.communicate(timeout=20)
    assert len([e for e in far.s.events(type="token.issued") if e["client_id"] == "ops"]) >= 3
    far.s.stop()


def test_what_is_refused(far):
    reader = write(far.folder / "reader", far.admin("reader", "jeton:read"))
    r = far.cli("client", "disable", "demo", "--token-file", reader, ok=False)
    assert r.returncode == 3 and "needs the scope jeton:admin [admin_scope]" in r.stderr and "jeton explain " in r.stderr
    ref = r.stderr.split("jeton explain ")[1].split()[0]
    assert "admin_scope" in far.s.cli("explain", ref).stdout
    bad = write(far.folder / "bad", "nonsense")
    r = far.cli("client", "list", "--token-file", bad, ok=False)
    assert r.returncode == 3 and "The access token is not valid. [unauthorized]" in r.stderr
    stranger = far.maker.make("/CN=stranger")
    r = far.cli("client", "list", "--client-cert", str(stranger.crt), "--client-key", str(stranger.key), ok=False)
    assert r.returncode == 3 and "Prove who you are" in r.stderr
    r = far.cli("client", "show", "nobody", *far.certificate, ok=False)
    assert r.returncode == 4
    r = far.cli("client", "create", "demo", *far.certificate, ok=False)
    assert r.returncode == 6
    r = far.cli("backup", "/tmp/x.db", *far.certificate, ok=False)
    assert r.returncode == 2 and "run jeton backup there" in r.stderr


def test_a_client_without_a_scope_is_told_what_to_do(far):
    _, secret = far.s.client("plain", "--allow", "https://api.example.com=api:read")
    file = write(far.folder / "plain", secret)
    r = far.cli("client", "list", "--client-id", "plain", "--client-secret-file", file, "--issuer", far.s.issuer, ok=False)
    assert r.returncode == 1 and f"jeton grant add plain {far.s.issuer} jeton:read" in r.stderr, r.stderr
    r = far.cli("client", "list", "--client-id", "ops", "--client-secret-file", file, "--issuer", far.s.issuer, ok=False)
    assert r.returncode == 1 and "the secret from --client-secret-file" in r.stderr


@pytest.mark.parametrize("flags, env, code, says", [
    ([], {}, 2, "say who asks: --client-cert FILE"),
    (["--server", "http://127.0.0.1:1"], {}, 2, "is not the https:// URL of an admin.listen"),
    (["--server", "nonsense"], {}, 2, "--server: \"nonsense\" is not"),
    ([], {"JETON_SERVER": "ftp://x"}, 2, "JETON_SERVER: \"ftp://x\" is not"),
    (["--server", "https://x?y"], {}, 2, "is not the https:// URL"),
    (["--server", "https://x", "--socket", "/x"], {}, 2, "--server and --socket name different servers"),
    (["--server", "https://x", "--data", "/x"], {}, 2, "--server and --data name different servers"),
    (["--token-file", "TOKEN", "--client-id", "x"], {}, 2, "exclude each other"),
    (["--token-file", "TOKEN", "--client-secret-file", "SECRET"], {}, 2, "exclude each other"),
    (["--token-file", "/nowhere"], {}, 2, "cannot read the token from /nowhere"),
    (["--client-key", "KEY"], {}, 2, "needs its certificate: --client-cert FILE"),
    (["--client-cert", "/nowhere"], {}, 2, "cannot read the certificate file /nowhere"),
    (["--client-cert", "CERT", "--client-key", "/nowhere"], {}, 2, "cannot read the private key file /nowhere"),
    (["--client-cert", "CERT", "--client-key", "TOKEN"], {}, 2, "the client certificate, or its key, cannot be used"),
    (["--client-cert", "CERT"], {}, 2, "the client certificate, or its key, cannot be used"),
    (["--client-id", "x"], {}, 2, "no client secret: --client-secret-file FILE"),
    (["--client-id", "x", "--client-secret-file", "SECRET"], {}, 2, "no issuer: --issuer URL"),
    (["--ca-file", "/nowhere", "--token-file", "TOKEN"], {}, 2, "cannot read the CA file /nowhere"),
    (["--token-file", "TOKEN"], {"JETON_CA_FILE": "CERT"}, 5, "is of no CA in"),
    (["--token-file", "TOKEN", "--server", "CLOSED"], {}, 5, "cannot connect to"),
    (["--token-file", "TOKEN", "--server", "ISSUER"], {}, 1, "is not the administration of a jeton: status 404"),
    (["--token-file", "TOKEN", "--timeout", "0s"], {}, 2, "--timeout takes a duration"),
    (["--nonsense", "x"], {}, 2, "unknown flag --nonsense"),
    (["--client-secret-fil", "x"], {}, 2, "did you mean --client-secret-file?"),
])
def test_what_is_wrong_is_said(far, flags, env, code, says):
    places = {"TOKEN": far.token, "CERT": str(far.cert.crt), "KEY": str(far.cert.key), "SECRET": far.secret,
              "CLOSED": f"https://127.0.0.1:{free_port()}", "ISSUER": far.s.issuer}
    r = far.cli("key", "list", *[places.get(f, f) for f in flags], env={k: places.get(v, v) for k, v in env.items()}, ok=False)
    assert r.returncode == code and says in r.stderr, r.stderr
    assert r.stdout == ""


def test_the_socket_is_preferred_when_it_is_named(far):
    """A flag counts more than a variable; JETON_SERVER more than JETON_DATA."""
    assert far.cli("key", "list", "--data", far.s.data).returncode == 0
    assert far.cli("key", "list", "--socket", os.path.join(far.s.data, "admin.sock")).returncode == 0
    r = far.cli("key", "list", ok=False)  # JETON_DATA is set too
    assert r.returncode == 2 and "say who asks" in r.stderr


def test_the_token_never_leaves_for_somebody_else(far, tmp_path):
    """The issuer's certificate is checked before the secret is sent, the server's before the token."""
    other = far.maker.ca("/CN=other")
    r = far.cli("client", "list", *far.client, env={"JETON_CA_FILE": str(other.crt)}, ok=False)
    assert r.returncode == 5 and "is of no CA in" in r.stderr


def test_nothing_secret_is_printed(far):
    secret = open(far.secret).read().strip()
    for args in (["client", "list", *far.client], ["client", "list", "--token-file", far.token], ["client", "show", "nobody", *far.client]):
        r = far.cli(*args, ok=False)
        for word in (secret, open(far.token).read().strip()):
            assert word not in r.stdout + r.stderr
    assert secret not in far.s.stderr() and "eyJ" not in far.s.stderr()
