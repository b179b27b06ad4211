#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the suites and adds up what they say. Usage: run.sh test | interop [JETON] | proof-ci | proof | fuzz [SECONDS [TARGET]]
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
    JETON_BIN=$bin /usr/bin/python3 -m pytest -q -rfEs -n 4 --dist loadfile -p no:cacheprovider "$@" tests/e2e >"$log/pytest" 2>&1 || rc=$?
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

# Programs of others against a server: their tables are shown, their numbers added. What is not installed is skipped.
interop() { # binary
    local rc=0 ok bad skip
    say "clients, resource servers and gateways of others with $1"
    packaging/setup.sh interop || echo "not everything could be installed: what is missing is skipped"
    tests/interop/run "$1" >"$log/interop" 2>&1 || rc=$?
    read -r ok bad skip < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log/interop")
    passed=$((passed + ${ok:-0})) failed=$((failed + ${bad:-0})) skipped=$((skipped + ${skip:-0}))
    grep -E '^(\||SKIPPED|FAILED|ERROR|npm )' "$log/interop"
    if [ "$rc" != 0 ]; then tail -n 120 "$log/interop"; [ "${bad:-0}" != 0 ] || count "interop ended with $rc" 1; fi
    [ -n "${ok:-}" ] || [ "$rc" != 0 ] || count "interop counted nothing" 1
}

# One target; its corpus, its log and what it finds stay in the build folder.
fuzz_one() { # name, seconds
    local name=$1 program=build-fuzz/tests/fuzz/fuzz_$1 dir=build-fuzz/fuzzing/$1 rc=0 found options=()
    mkdir -p "$dir/corpus" "$dir/findings"
    [ ! -f "tests/fuzz/$name.dict" ] || options+=("-dict=tests/fuzz/$name.dict")
    # What the threads of a server keep for the next input looks like a leak; the replay in `make test` knows better.
    case $name in request | admin) options+=(-detect_leaks=0) ;; esac
    "$program" -max_total_time="$2" -max_len=20000 -timeout=300 -report_slow_units=300 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$dir/findings/" "${options[@]}" "$dir/corpus" "tests/fuzz/corpus/$name" >"$dir/log" 2>&1 || rc=$?
    echo "$rc" >"$log/fuzz-$name"
    printf 'fuzz %s: %s executions, coverage %s, %s\n' "$name" \
        "$(grep -a '^stat::number_of_executed_units' "$dir/log" | awk '{print $2}')" \
        "$(grep -aoE 'cov: [0-9]+' "$dir/log" | tail -n 1 | cut -d' ' -f2)" \
        "$([ "$rc" = 0 ] && echo "no findings" || echo "FOUND SOMETHING (its log is $dir/log)")"
    [ "$rc" != 0 ] || return 0
    grep -aE 'assertion failed|^SUMMARY|runtime error' "$dir/log" | head -n 3
    found=$(grep -aoE 'Test unit written to .*' "$dir/log" | tail -n 1 | cut -d' ' -f5)
    [ -z "$found" ] || printf 'to see it again: %s %s\nonce it is fixed: cp %s tests/fuzz/corpus/%s/\n' "$program" "$found" "$found" "$name"
}

# All targets, or one; two at a time.
fuzz_each() { # seconds, target
    local name names=()
    check "build: clang, libFuzzer" build build-fuzz clang -Dtests=true -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false || return
    for name in build-fuzz/tests/fuzz/fuzz_*; do
        [ -f "$name" ] && [ -x "$name" ] && names+=("${name##*/fuzz_}")
    done
    if [ -n "${2:-}" ]; then
        [[ " ${names[*]} " == *" $2 "* ]] || { echo "there is no target $2; there are ${names[*]}" >&2; exit 2; }
        names=("$2")
    fi
    say "fuzzing for $1 s each: ${names[*]}"
    for name in "${names[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
        fuzz_one "$name" "$1" &
    done
    wait
    for name in "${names[@]}"; do count "fuzz $name" "$(cat "$log/fuzz-$name")"; done
}

suite_proof_ci() {
    local seconds=$1 rounds=$2 storm=$3 soak=$4 rc
    check "build: gcc, TSan" build build-tsan gcc -Dtests=true -Db_sanitize=thread -Db_lundef=false
    meson_tests build-tsan --suite unit --suite flow
    JETON_KILL_ROUNDS=$rounds JETON_STORM_SECONDS=$storm pytests build-tsan/jeton -k "not secrets"
    check "build: gcc release" build build-release gcc -Dtests=true --buildtype=release -Dwerror=true
    interop build-release/jeton
    # What is measured has the machine to itself.
    JETON_STORMS=full pytests build-release/jeton -n 0 -k "test_storms"
    say "mixed load for $soak s"
    rc=0; SOAK_SECONDS=$soak /usr/bin/python3 bench/soak.py build-release/jeton >"$log/soak" 2>&1 || rc=$?
    tail -n 30 "$log/soak"; count "mixed load" "$rc"
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
interop) interop "${2:-build/jeton}" ;;
proof-ci) suite_proof_ci 20 5 12 90 ;;
proof)
    export JETON_FAULT_ALL=1 JETON_THREAT_ROUNDS=20000
    suite_test; suite_proof_ci 600 1000 300 3600; timing build-release/jeton 10000 ;;
fuzz) fuzz_each "${2:-60}" "${3:-}" ;;
*) echo "usage: run.sh test | interop [JETON] | proof-ci | proof | fuzz [SECONDS [TARGET]]" >&2; exit 2 ;;
esac

echo
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
