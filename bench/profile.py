# SPDX-License-Identifier: Apache-2.0
"""Runs one row's load with perf, strace or callgrind at the server. See profile.sh."""
import pathlib
import re
import subprocess
import sys
import tempfile

import callgrind
import jeton
import machine
import rows
import wrk

SECONDS = 8
WATCH = 4


class Perf:
    """Samples with whole call stacks: DWARF, as neither libcrypto nor the compiler keeps frame pointers."""
    def __init__(self, folder):
        self.file = str(folder / "perf.data")

    def watch(self, server):
        command = f"sleep 1; exec perf record -q -F 997 --call-graph dwarf,8192 -p {server.process.pid} -o {self.file} -- sleep {WATCH}"
        self.process = subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL)

    def _report(self, *words):
        out = subprocess.run(["perf", "report", "-i", self.file, "--stdio", "-g", "none", *words], capture_output=True, text=True).stdout
        return [line for line in out.splitlines() if line.strip() and not line.startswith("#")]

    def show(self, sample):
        self.process.wait()
        us = sample.cpu * 1e6 / sample.requests
        print(f"{us:.2f} us of CPU time per request. By thread and library, us:")
        for line in self._report("--no-children", "--sort", "pid,dso")[:14]:
            m = re.match(r"\s*([\d.]+)%\s+(\S+)\s+(.*)", line)
            print(f"  {float(m[1]) * us / 100:8.2f}  {m[2]:24} {m[3].strip()}")
        print("By function with all that it calls, and by system call, us:")
        for line in self._report("--children", "--sort", "pid,sym"):
            m = re.match(r"\s*([\d.]+)%\s+([\d.]+)%\s+(\S+)\s+(\[.\] .*)", line)
            if m and float(m[1]) * us >= 10 and re.match(r"\[\.\] (?!0x)|\[k\] __x64_sys_", m[4]):
                print(f"  {float(m[1]) * us / 100:8.2f}  {m[3]:24} {m[4].strip()}")


class Calls:
    """System calls per request. strace slows the server, so batches are larger than they are without it."""
    def __init__(self, folder):
        self.file = str(folder / "calls")

    def watch(self, server):
        command = f"sleep 1; exec timeout -s INT {WATCH} strace -f -c -p {server.process.pid} -o {self.file}"
        self.process = subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL)

    def show(self, _):
        self.process.wait()
        counts, answers = [], 1
        for line in open(self.file):
            f = line.split()
            if len(f) >= 5 and f[3].isdigit() and f[-1] != "total":
                counts.append((int(f[3]), f[-1]))
                answers = int(f[3]) if f[-1] in ("sendto", "write") and int(f[3]) > answers else answers
        print(f"system calls per answer ({answers:,} answers):")
        for n, name in sorted(counts, reverse=True):
            print(f"  {n / answers:8.4f}  {name}")


class Instructions:
    """Of all threads; valgrind knows no SHA instructions, so that a hash counts for more than it costs."""
    def __init__(self, folder):
        self.file = str(folder / "callgrind.out")
        jeton.under[:] = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.file}"]

    def watch(self, server):
        self.server = server
        subprocess.run(["callgrind_control", "-i", "on", str(server.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def show(self, sample):
        subprocess.run(["callgrind_control", "-i", "off", str(self.server.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.server.stop()
        own, whole = callgrind.read(self.file)
        for title, counts in (("itself", own), ("with all that it calls", whole)):
            print(f"instructions per request ({sample.requests:,} requests), a function {title}:")
            for name, n in counts.most_common(60):
                print(f"  {n / sample.requests:10,.0f}  {name}")


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    row_id = sys.argv[2] if len(sys.argv) > 2 else "es256"
    kinds = {"perf": Perf, "calls": Calls, "instructions": Instructions}
    how = sys.argv[3] if len(sys.argv) > 3 else "perf"
    if how not in kinds:
        sys.exit(f"profile: there is no way {how}; there are {', '.join(kinds)}")
    kind = kinds[how]
    machine.need_two_cores()
    with tempfile.TemporaryDirectory(prefix="profile.", dir=binary.parent) as folder:
        b = rows.Bench(binary, pathlib.Path(folder), SECONDS)
        with b.stack:
            tool = kind(pathlib.Path(folder))
            row = next((r for r in rows.all_rows(b) if r.id == row_id), None)
            if row is None:
                raise SystemExit("profile: rows are " + ", ".join(r.id for r in rows.all_rows(b)))
            wrk.watcher = tool.watch
            tool.show(row.measure())


main()
