# SPDX-License-Identifier: Apache-2.0
"""Cores, priorities, CPU time and memory, as the kernel counts them."""
import ctypes
import os
import resource
import socket
import time

SERVER_CORE, LOAD_CORE = 0, 1
NOFILE = 65536
_libc = ctypes.CDLL(None, use_errno=True)


def need_two_cores():
    cores = os.sched_getaffinity(0)
    if not {SERVER_CORE, LOAD_CORE} <= cores:
        raise SystemExit(f"bench: needs cores {SERVER_CORE} and {LOAD_CORE}, has {sorted(cores)}")


def on_core(core):
    """For subprocess: the child has this core to itself as far as we can say, and may open many files."""
    def prepare():
        os.sched_setaffinity(0, {core})
        if os.geteuid() == 0:
            os.setpriority(os.PRIO_PROCESS, 0, -15)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = NOFILE if hard == resource.RLIM_INFINITY else min(NOFILE, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return prepare


def descendants(pid):
    """The process and all that came from it."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as f:
                children = f.read().split()
        except FileNotFoundError:  # a thread that ended meanwhile
            continue
        for child in children:
            found += descendants(int(child))
    return found


def _cpu_clock(pid):
    clock = ctypes.c_int()
    if _libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise ProcessLookupError(pid)
    return clock.value


def cpu_seconds(pid):
    """User and system time of a process, of threads that ended and of its children that live, in nanoseconds' steps."""
    return sum(time.clock_gettime(_cpu_clock(p)) for p in descendants(pid))


def memory(pid):
    """Resident bytes of a process and its children."""
    total = 0
    for p in descendants(pid):
        with open(f"/proc/{p}/status") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) * 1024
    return total


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before it listened")
        with socket.socket() as s:
            s.settimeout(1)
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"port {port} did not open")


def stop(process):
    process.terminate()
    try:
        process.wait(30)
    except Exception:
        process.kill()
        process.wait()
        raise
