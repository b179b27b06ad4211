# SPDX-License-Identifier: Apache-2.0
"""A machine for one page: run under unshare(1), it has its own processes, network and mounts, and changes nothing
of the one below. enter.py OUT JETON BUILD ROOT: runs the script OUT/script."""
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys

out, jeton, build, root = sys.argv[1:5]
here = pathlib.Path(__file__).resolve().parent


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def tmpfs(path, size="64m", mode="755"):
    mount("-t", "tmpfs", "-o", f"size={size},mode={mode}", "tmpfs", path)


def loopback():
    with socket.socket() as s:  # ip link set lo up, without iproute2
        flags = fcntl.ioctl(s, 0x8913, struct.pack("16sh14x", b"lo", 0))
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", struct.unpack("16sh14x", flags)[1] | 1))


def copy_of_etc():
    """Users, hosts, the certificates that are trusted: of this machine, to be changed freely."""
    copy = pathlib.Path("/mnt/etc")
    subprocess.run(["cp", "-a", "/etc/.", copy], check=False)  # without root some files cannot be read
    with open(copy / "hosts", "w") as f:
        f.write("127.0.0.1 localhost auth.example.com\n::1 localhost\n")
    (copy / "resolv.conf").unlink(missing_ok=True)
    mount("--bind", str(copy), "/etc")


mount("--make-rprivate", "/")
loopback()
tmpfs("/mnt", "1g")
shutil.copy(jeton, "/mnt/jeton")
tools = pathlib.Path("/mnt/tools")
tools.mkdir()
for f in here.iterdir():
    if f.name not in ("enter.py", "__pycache__"):
        shutil.copy(f, tools / f.name)
        (tools / f.name).chmod(0o755)
# `needs` and `make install` look at the real ones
os.environ.update(JETON_REAL_GIT=root, JETON_REAL_BUILD=build, HOME="/mnt/home", TERM="dumb", LC_ALL="C.UTF-8",
                  PATH="/mnt/tools:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin")
if os.environ.pop("JETON_MACHINE", "") == "whole":
    copy_of_etc()
    for path in ("/usr/local", "/var/lib", "/var/backups", "/run", "/var/log"):
        tmpfs(path)
    for path in ("/usr/local/bin", "/var/lib/nginx", "/var/lib/haproxy", "/run/haproxy", "/var/log/nginx"):
        os.mkdir(path)
    shutil.move("/mnt/jeton", "/usr/local/bin/jeton")
else:
    shutil.move("/mnt/jeton", tools / "jeton")
os.makedirs("/mnt/home")
os.chdir("/mnt/home")
pathlib.Path(".curlrc").write_text("no-progress-meter\n")  # as on a terminal
os.execvp("bash", ["bash", "--norc", "-c", f". /mnt/tools/session; . {out}/script"])
