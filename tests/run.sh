#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the suites and adds up what they say. Usage: run.sh test | proof-ci | proof | fuzz [SECONDS]
set -uo pipefail
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

say() { printf '\n== %s\n' "$*"; }

# A suite that counts nothing is one check: it passes or fails as a whole.
count() { # name, exit code
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}

check() { # name, command…
    local name=$1; shift
    say "$name"
    if "$@" >"$log/out" 2>&1; then count "$name" 0; else tail -n 60 "$log/out"; count "$name" 1; fi
}

# Builds into a folder of its own; options after the folder go to Meson.
build() { # folder, compiler, options…
    local dir=$1 cc=$2; shift 2
    [ -f "$dir/build.ninja" ] || CC=$cc meson setup "$dir" "$@" || return 1
    ninja -C "$dir"
}

# Unit, flow and replay tests, each program counted by what cmocka or its exit code says.
meson_tests() { # folder, options…
    local dir=$1 rc=0 ok bad skip; shift
    say "unit, flow and replay tests in $dir"
    meson test -C "$dir" --no-rebuild --print-errorlogs "$@" >"$log/meson" 2>&1 || rc=$?
    ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' "$log/meson")
    bad=$(awk '/^(Fail|Timeout|Unexpected Pass):/ {n += $NF} END {print n + 0}' "$log/meson")
    skip=$(sed -n 's/^Skipped: *\([0-9]*\).*/\1/p' "$log/meson")
    passed=$((passed + ${ok:-0})) failed=$((failed + bad)) skipped=$((skipped + ${skip:-0}))
    grep -hE '^(Ok|Fail|Skipped|Timeout):' "$log/meson"
    grep -hE ' SKIP ' "$log/meson" | sed 's/^/skipped (no third-party vectors in $JETON_VECTORS or beside the repository): /'
    if [ "$rc" != 0 ]; then tail -n 120 "$log/meson"; [ "$bad" != 0 ] || count "meson test in $dir" 1; fi
    [ -n "${ok:-}" ] || count "meson test in $dir ran nothing" 1
}

pytests() { # binary, arguments…
    local bin=$1 line n rc=0; shift
    say "end-to-end tests with $bin"
    JETON_BIN=$bin /usr/bin/python3 -m pytest -q -rs -n 4 --dist loadfile -p no:cacheprovider "$@" tests/e2e >"$log/pytest" 2>&1 || rc=$?
    tail -n 25 "$log/pytest"
    line=$(tail -n 1 "$log/pytest")
    n=$(grep -oE '[0-9]+ passed' <<<"$line" | cut -d' ' -f1); passed=$((passed + ${n:-0}))
    [ -n "${n:-}" ] || [ "$rc" != 0 ] || rc=99
    skipped=$((skipped + $(grep -oE '[0-9]+ skipped' <<<"$line" | cut -d' ' -f1 || echo 0)))
    n=$(grep -oE '[0-9]+ (failed|errors?)' <<<"$line" | awk '{s += $1} END {print s + 0}'); failed=$((failed + n))
    if [ "$rc" != 0 ]; then grep -nE '^(E  |FAILED|ERROR|____)' "$log/pytest" | tail -n 60; [ "$n" != 0 ] || count "pytest ended with $rc" 1; fi
}

lint() {
    local f
    for f in tests/lint/check-*; do
        check "lint: $(basename "$f")" "$f" "$1"
    done
}

suite_test() {
    check "build: gcc, ASan and UBSan" build build-asan gcc -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false
    check "build: clang, every warning an error" build build-clang clang -Dtests=true -Dwerror=true
    check "build: gcc release, every warning an error" build build-release gcc -Dtests=true --buildtype=release -Dwerror=true
    meson_tests build-asan
    pytests build-asan/jeton
    lint build-release
}

# Times of refusals, to be read; an absurd difference fails.
timing() { # binary, requests of each kind
    local rc=0
    say "times of refusals with $1, $2 requests of each kind"
    JETON_BIN=$1 /usr/bin/python3 tests/e2e/timing.py "$2" || rc=$?
    count "times of refusals" "$rc"
}

fuzz_each() { # seconds
    local f name
    check "build: clang, libFuzzer" build build-fuzz clang -Dtests=true -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false || return
    for f in build-fuzz/tests/fuzz/fuzz_*; do
        [ -x "$f" ] && [ -f "$f" ] || continue
        name=$(basename "$f" | sed 's/^fuzz_//')
        mkdir -p "$log/corpus-$name"
        check "fuzz $name for $1 s" "$f" -max_total_time="$1" -max_len=20000 -timeout=10 -print_final_stats=1 \
            "$log/corpus-$name" "tests/fuzz/corpus/$name"
    done
}

suite_proof_ci() {
    local seconds=$1 rounds=$2 storm=$3
    check "build: gcc, TSan" build build-tsan gcc -Dtests=true -Db_sanitize=thread -Db_lundef=false
    meson_tests build-tsan --suite unit --suite flow
    JETON_KILL_ROUNDS=$rounds JETON_STORM_SECONDS=$storm pytests build-tsan/jeton -k "not secrets"
    fuzz_each "$seconds"
    check "cppcheck" cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=nullPointerRedundantCheck --std=c11 -Isrc -Iinclude -D_GNU_SOURCE '-DJT_VERSION="0"' src
    # gcc 12 reports null in slices cut from slices, and leaks of what is stored in lists or by its first member;
    # leaks are the leak sanitizer's. Double frees, uses after free and descriptors are what is asked for here.
    check "gcc -fanalyzer" build build-analyzer gcc -Dwerror=true -Dtests=false -Dc_args="-fanalyzer $(printf -- '-Wno-analyzer-%s ' \
        malloc-leak null-argument null-dereference possible-null-dereference use-of-uninitialized-value)"
}

case ${1:-test} in
test) suite_test ;;
proof-ci) suite_proof_ci 20 5 12 ;;
proof) export JETON_THREAT_ROUNDS=20000; suite_test; suite_proof_ci 600 200 300; timing build-release/jeton 10000 ;;
fuzz) fuzz_each "${2:-60}" ;;
*) echo "usage: run.sh test | proof-ci | proof | fuzz [SECONDS]" >&2; exit 2 ;;
esac

echo
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
