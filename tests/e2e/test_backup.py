# SPDX-License-Identifier: Apache-2.0
"""jeton backup beside a server at work, jeton restore in place of one: nothing is lost, and no earlier token lives on."""
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time

import jwt
import pytest
from support import BIN, Server, audit_rows, check_chain, free_port, jti

AUDIENCE = "https://a.example.com"


def jeton(*args, **options):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JETON_")}
    return subprocess.run([BIN, *map(str, args)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env=environment, **options)


def with_key(source, target):
    target.mkdir(mode=0o700)
    shutil.copy2(f"{source}/master.key", target / "master.key")
    return target


def furnished(start, **options):
    """A server with a resource, a client that gets tokens and one that may ask about them."""
    s = start(dev=False, **options)
    s.cli("resource", "create", AUDIENCE, "--scope", "r", "--alg", "ES256")
    s.client_id, s.secret = s.client("c", "--allow", f"{AUDIENCE}=r")
    s.asks, s.asks_secret = s.client("asks")
    s.cli("resource", "update", AUDIENCE, "--introspect-by", "asks")
    return s


def active(s, token, like):
    a = s.post("/introspect", {"token": token}, auth=(like.asks, like.asks_secret))
    assert a.status == 200, a
    return a.json["active"]


def by_id(s):
    """All clients, but for how their credentials were used: that is counted a little later."""
    clients = sorted(s.cli_json("client", "list"), key=lambda c: c["client_id"])
    for k in (k for c in clients for k in c["credentials"]):
        for name in ("uses", "first_used", "last_used", "last_used_from", "last_used_agent", "uses_24h", "callers"):
            k.pop(name, None)
    return clients


def tables(path):
    """Everything in a database, table by table."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name")]
        return {n: db.execute(f"SELECT * FROM {n}").fetchall() for n in names}
    finally:
        db.close()


def test_under_load(start, tmp_path):
    """Every token answered before the backup began is in it; none that was ever issued is good after the restore."""
    s = furnished(start)
    file, port = tmp_path / "b.db", s.port
    answered, failed, over = [], [], threading.Event()

    def caller():
        c = s.connect()
        while not over.is_set():
            a = s.token(s.client_id, s.secret, connection=c)
            (answered if a.status == 200 else failed).append(a.json.get("access_token"))

    threads = [threading.Thread(target=caller) for _ in range(4)]
    for t in threads:
        t.start()
    time.sleep(0.7)
    before = list(answered)
    made = s.cli_json("backup", str(file))
    at_end = len(answered)
    time.sleep(0.3)
    over.set()
    for t in threads:
        t.join(20)
    assert not failed and len(before) > 20 and len(answered) > at_end
    assert made["file"] == os.path.realpath(file) and made["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600 and not (tmp_path / "b.db.part").exists()
    assert [r["detail"] for r in audit_rows(s.data) if r["type"] == "backup.made"] == [f"uid {os.geteuid()}, {made['file']}"]
    clients = by_id(s)
    # the server goes on: other starts, clients and tokens that the backup knows nothing of
    later = [answered[-1]]
    for i in range(2):
        s.stop()
        s = start(dev=False, port=port)
        s.client_id, s.secret = s.client(f"later-{i}", "--allow", f"{AUDIENCE}=r")
        later.append(s.token(s.client_id, s.secret).json["access_token"])
    s.stop()
    new = with_key(s.data, tmp_path / "new")
    told = json.loads(jeton("restore", file, "--data", new, "-o", "json").stdout)
    assert told["last_seq"] == made["last_seq"] and told["audit_events"] == made["audit_events"] and "kept_as" not in told
    assert sorted(os.listdir(new)) == ["audit.db", "jeton.db", "lock", "master.key"]
    rows = audit_rows(new)
    check_chain(rows)
    assert rows[0]["seq"] == 1 and rows[-1]["seq"] == made["last_seq"]
    assert {jti(t) for t in before} <= {r["jti"] for r in rows if r["type"] == "token.issued"}
    assert not {jti(t) for t in later[1:]} & {r["jti"] for r in rows}
    restored = start("new", dev=False, port=port)
    assert by_id(restored) == clients
    assert {r["audience"] for r in restored.cli_json("resource", "list")} == {AUDIENCE, restored.issuer}
    restored.asks, restored.asks_secret = restored.client("asks-again")
    restored.cli("resource", "update", AUDIENCE, "--introspect-by", "asks-again")
    assert not any(active(restored, t, restored) for t in [before[0], before[-1], answered[at_end - 1], *later])
    check_new_life(restored, start, port)


def check_new_life(s, start, port):
    """New tokens are good, credentials get numbers that nobody had, and the restore is on record once."""
    s.client_id, s.secret = s.client("fresh", "--allow", f"{AUDIENCE}=r")
    token = s.token(s.client_id, s.secret).json["access_token"]
    assert active(s, token, s)
    numbers = {client: number for client, _, number, *_ in tables(f"{s.data}/jeton.db")["credential"]}
    assert numbers["fresh"] > 1 << 20 > numbers["c"]
    s.stop()
    again = start("new", dev=False, port=port)
    assert active(again, token, s)
    again.stop()
    rows = audit_rows(again.data)
    check_chain(rows)
    assert [r["type"] for r in rows].count("server.restored") == 1
    restored = next(i for i, r in enumerate(rows) if r["type"] == "server.restored")
    assert rows[restored]["detail"].startswith("backup of 2") and rows[restored + 1]["type"] == "server.started"
    assert restored > 1


def test_secrets_still_work(start, tmp_path):
    s = furnished(start)
    old = s.token(s.client_id, s.secret).json["access_token"]
    assert active(s, old, s)
    s.cli("backup", str(tmp_path / "b.db"))
    s.stop()
    with_key(s.data, tmp_path / "new")
    assert jeton("restore", tmp_path / "b.db", "--data", tmp_path / "new").returncode == 0
    r = start("new", dev=False, port=s.port)
    assert not active(r, old, s)
    assert active(r, r.token(s.client_id, s.secret).json["access_token"], s)
    assert [k["kid"] for k in r.get("/.well-known/jwks.json").json["keys"]]
    assert jwt.get_unverified_header(old)["kid"] in {k["kid"] for k in r.get("/.well-known/jwks.json").json["keys"]}


def test_backups_of_a_server_at_rest_are_alike(start, tmp_path):
    s = furnished(start)
    files = [tmp_path / "1.db", tmp_path / "2.db"]
    for f in files:
        s.cli("backup", os.path.relpath(f))  # relative to where the command runs, not the server
    one, two = (tables(f) for f in files)
    assert one.pop("backup") != two.pop("backup")
    assert one.pop("event") == two.pop("event")[:-1]  # the first backup is on record in the second
    one.pop("outbox"), two.pop("outbox")
    assert one == two and set(one) >= {"client", "credential", "resource", "signing_key", "data_key", "setting"}
    key = open(f"{s.data}/master.key").read().strip()
    for f in files:
        raw = f.read_bytes()
        assert key.encode() not in raw and bytes.fromhex(key) not in raw and s.secret.encode() not in raw


def test_backup_refusals(start, tmp_path):
    s = furnished(start)
    there = tmp_path / "there.db"
    there.write_text("precious")
    dangling = tmp_path / "dangling.db"
    dangling.symlink_to(tmp_path / "nothing")
    (tmp_path / "cut.db.part").write_text("half")
    for file, code, words in [(there, 6, "exists already"), (dangling, 6, "exists already"), (tmp_path / "cut.db", 6, "cut.db.part"),
                              (tmp_path / "no" / "b.db", 2, f"{tmp_path}/no/: No such file or directory"),
                              (there / "b.db", 2, "Not a directory"), (f"{tmp_path}/", 2, "not the name of a file"),
                              ("/proc/b.db", 2, "/proc/b.db.part: "), (tmp_path / ("x" * 300), 2, "File name too long")]:
        r = s.cli("backup", str(file), ok=False)
        assert r.returncode == code and words in r.stderr and r.stdout == "", (file, r)
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    r = s.cli("backup", str(tmp_path / "open" / "b.db"), ok=False)
    assert r.returncode == 2 and "anybody may put another file there" in r.stderr and not os.listdir(tmp_path / "open")
    assert there.read_text() == "precious" and (tmp_path / "cut.db.part").read_text() == "half"
    assert sorted(p.name for p in tmp_path.glob("*.db*")) == ["cut.db.part", "dangling.db", "there.db"]
    assert not s.events(type="backup.made")
    assert s.cli("backup", str(tmp_path / "good.db")).returncode == 0
    r = jeton("backup", tmp_path / "x.db", "--data", tmp_path / "nowhere")
    assert r.returncode == 5 and "no server listens" in r.stderr


@pytest.mark.parametrize("body,status,code", [
    ('{"file":"b.db"}', 422, "file"), ('{"file":""}', 422, "file"), ('{"file":7}', 422, "file"), ("{}", 422, "file"), ("[]", 400, "body"),
    ('{"file":"/tmp/x","more":1}', 422, "member"), ('{"file":"/%s"}' % ("x" * 5000), 422, "file"), ('{"file":"/tmp/a\\u0000b"}', 400, "body")])
def test_backup_requests_that_are_refused(plain, body, status, code):
    import http.client
    import socket

    c = http.client.HTTPConnection("localhost")
    c.sock = socket.socket(socket.AF_UNIX)
    c.sock.connect(f"{plain.data}/admin.sock")
    c.request("POST", "/admin/v1/backup", body, {"Content-Type": "application/json"})
    r = c.getresponse()
    told = json.loads(r.read())
    assert (r.status, told["code"]) == (status, code), told
    c.close()


def test_full_disk(start, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k,mode=700", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("a full disk needs root and mount(2)")
    try:
        s = furnished(start)
        r = s.cli("backup", str(disk / "b.db"), ok=False)
        assert r.returncode == 1 and "no space left" in r.stderr and os.listdir(disk) == []
        assert s.token(s.client_id, s.secret).status == 200
        assert s.cli("backup", str(tmp_path / "b.db")).returncode == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def backed_up(start, tmp_path):
    s = furnished(start)
    s.cli("backup", str(tmp_path / "b.db"))
    s.stop()
    return s


def test_restore_beside_a_server(start, tmp_path):
    s = furnished(start)
    s.cli("backup", str(tmp_path / "b.db"))
    r = jeton("restore", tmp_path / "b.db", "--data", s.data, "--force", "--yes")
    assert r.returncode == 6 and f"pid {s.process.pid}" in r.stderr
    assert s.token(s.client_id, s.secret).status == 200


def test_restore_keeps_what_was_there(backed_up, start, tmp_path):
    s = start(dev=False, port=backed_up.port)
    s.client("after")
    s.kill()  # what the old databases have in their logs is kept too
    file = tmp_path / "b.db"
    r = jeton("restore", file, "--data", s.data)
    assert r.returncode == 6 and "--force" in r.stderr
    names = sorted(os.listdir(s.data))
    clients = {row[0] for row in tables(f"{s.data}/jeton.db")["client"]}
    told = json.loads(jeton("restore", file, "--data", s.data, "--force", "--yes", "-o", "json").stdout)
    aside = told["kept_as"]
    assert aside.startswith(".before-restore-")
    kept = {n: n.replace(".db", ".db" + aside) for n in names if ".db" in n}
    assert set(kept.values()) <= set(os.listdir(s.data)) and "jeton.db-wal" not in os.listdir(s.data)
    assert {row[0] for row in tables(f"{s.data}/jeton.db{aside}")["client"]} == clients == {"c", "asks", "after"}
    assert {row[0] for row in tables(f"{s.data}/jeton.db")["client"]} == {"c", "asks"}
    assert int(dict(tables(f"{s.data}/jeton.db")["setting"])["issue_start"]) > int(dict(tables(f"{s.data}/jeton.db{aside}")["setting"])["issue_start"])
    again = start(dev=False, port=backed_up.port)
    assert again.token(backed_up.client_id, backed_up.secret).status == 200


def test_restore_over_damaged_databases(backed_up, start, tmp_path):
    """The usual reason for a restore."""
    for name in ("jeton.db", "audit.db"):
        with open(f"{backed_up.data}/{name}", "r+b") as f:
            f.write(b"\0" * 4096)
    r = jeton("serve", "--data", backed_up.data, "--listen", f"127.0.0.1:{free_port()}")
    assert r.returncode == 1
    assert jeton("restore", tmp_path / "b.db", "--data", backed_up.data, "--force").returncode == 0
    assert start(dev=False, port=backed_up.port).token(backed_up.client_id, backed_up.secret).status == 200


def test_restore_needs_the_master_key(backed_up, start, tmp_path):
    new, file = tmp_path / "new", tmp_path / "b.db"
    r = jeton("restore", file, "--data", new)
    assert r.returncode == 1 and "master key is missing" in r.stderr
    (new / "master.key").write_text("ab" * 32 + "\n")
    r = jeton("restore", file, "--data", new)
    assert r.returncode == 3 and "chmod 600" in r.stderr
    os.chmod(new / "master.key", 0o600)
    r = jeton("restore", file, "--data", new)
    assert r.returncode == 1 and "does not open the keys" in r.stderr and "rekey" in r.stderr
    assert sorted(os.listdir(new)) == ["lock", "master.key"]
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    shutil.copy2(f"{backed_up.data}/master.key", credentials / "master.key")
    run = subprocess.run([BIN, "restore", str(file), "--data", str(new)], capture_output=True, text=True,
                         env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)})  # the service manager's goes first
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("what,code,words", [
    ("cut", 1, "damaged or cut short"), ("foreign", 1, "not a backup made by jeton backup"), ("database", 1, "not a backup made by jeton backup"),
    ("event", 1, "audit log does not end"), ("newer", 1, "or a later one"), ("format", 1, "backup format 9"), ("missing", 4, "No such file"), ("pipe", 1, "not a file")])
def test_restore_of_a_wrong_file(backed_up, tmp_path, what, code, words):
    file, new = tmp_path / "b.db", with_key(backed_up.data, tmp_path / "new")
    wrong = {"event": "UPDATE event SET detail='x' WHERE seq=(SELECT max(seq) FROM event)", "newer": "UPDATE backup SET state_schema=99",
             "format": "PRAGMA user_version=9"}
    if what == "cut":
        os.truncate(file, file.stat().st_size // 8192 * 4096)
    elif what == "foreign":
        file.write_text("no database " * 1000)
    elif what == "database":
        shutil.copy(f"{backed_up.data}/jeton.db", file)
    elif what in ("missing", "pipe"):
        file.unlink()
        if what == "pipe":
            os.mkfifo(file)
    else:
        db = sqlite3.connect(file, isolation_level=None)
        db.execute(wrong[what])
        db.close()
    r = jeton("restore", file, "--data", new)
    assert r.returncode == code and words in r.stderr and str(file) in r.stderr, r
    assert set(os.listdir(new)) <= {"lock", "master.key"}
    r = jeton("restore", file, "--data", backed_up.data, "--force")  # and what is there stays
    assert r.returncode == code and not [n for n in os.listdir(backed_up.data) if "restore" in n]


def test_a_restore_that_was_cut(backed_up, start, tmp_path):
    """The moment when the old state has gone and the new one is not there yet: no server starts on that."""
    data = backed_up.data
    ready = os.path.join(data, "restore.ready")
    os.mkdir(ready, 0o700)
    os.rename(f"{data}/jeton.db", f"{ready}/jeton.db")
    r = jeton("serve", "--data", data, "--listen", f"127.0.0.1:{free_port()}")
    assert r.returncode == 1 and "run jeton restore again" in r.stderr
    assert "jeton.db" not in os.listdir(data)
    assert jeton("restore", tmp_path / "b.db", "--data", data, "--force").returncode == 0
    assert not os.path.exists(ready)
    assert start(dev=False, port=backed_up.port).token(backed_up.client_id, backed_up.secret).status == 200


def make_long(data, events):
    """An audit log that takes a while to copy. Its chain is not looked at by a start."""
    db = sqlite3.connect(f"{data}/audit.db")
    last = db.execute("SELECT max(seq) FROM event").fetchone()[0]
    db.execute("WITH RECURSIVE n(i) AS (SELECT ?1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 + ?2) INSERT INTO event SELECT i, 1, 'token.issued', 1,"
               " zeroblob(16), '', '', '', '', '', '', hex(zeroblob(100)), zeroblob(32) FROM n", (last, events))
    db.commit()
    db.close()


def test_one_at_a_time_and_none_at_the_end(start, tmp_path):
    s = furnished(start)
    s.stop()
    make_long(s.data, 400000)
    s = start(dev=False, port=s.port)

    def begin(name):
        p = subprocess.Popen([BIN, "backup", str(tmp_path / name), "--data", s.data], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not (tmp_path / f"{name}.part").exists():
            assert p.poll() is None, p.communicate()
            time.sleep(0.001)
        return p

    first = begin("1.db")
    second = s.cli("backup", str(tmp_path / "2.db"), ok=False)
    assert second.returncode == 6 and "another backup is being made" in second.stderr
    assert first.wait(120) == 0 and "400" in first.communicate()[0]
    assert s.cli("backup", str(tmp_path / "3.db")).returncode == 0
    last = begin("4.db")
    s.stop()
    assert last.wait(60) == 1 and "the server stops" in last.communicate()[1]
    assert sorted(p.name for p in tmp_path.glob("?.db*")) == ["1.db", "3.db"]
