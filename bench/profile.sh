#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where the time of one row of the benchmark goes: profile.sh ROW [perf|calls|instructions]
# perf: samples by library, kernel call and function; calls: system calls per request; instructions: counted by callgrind.
# (tools: linux-perf, strace, valgrind)
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f build-profile/build.ninja ] || meson setup build-profile --buildtype=release -Ddebug=true >/dev/null
ninja -C build-profile jeton >/dev/null
exec /usr/bin/python3 bench/profile.py build-profile/jeton "$@"
