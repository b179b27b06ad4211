#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tokens per CPU-second of the server, as a ratio to what one core signs in the same run.
# The server has one core (with its store thread), wrk the other; the audit log is durable.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${BENCH_SECONDS:-8}
connections=${BENCH_CONNECTIONS:-64}
[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench >/dev/null
bin=$PWD/build-bench/jeton
dir=$(mktemp -d "${BENCH_DIR:-$PWD/build-bench}/data.XXXXXX")
server=""
cleanup() { [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; }; rm -rf "$dir"; }
trap cleanup EXIT
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# Signatures per CPU-second of one core.
limit() { taskset -c 0 openssl speed -seconds 3 "$1" 2>/dev/null | awk -v a="$1" '/sign\/s/ {next} $0 ~ /^ *256 bits ecdsa|^rsa 2048/ {print (a ~ /rsa/) ? $(NF-1) : $(NF-1)}' | tail -1; }
ticks() { awk '{print $14 + $15}' "/proc/$server/stat"; }
hz=$(getconf CLK_TCK)

taskset -c 0 "$bin" serve --data "$dir" --listen "127.0.0.1:$port" 2>"$dir/log" &
server=$!
for _ in $(seq 100); do [ -S "$dir/admin.sock" ] && break; sleep 0.1; done
export JETON_DATA=$dir
"$bin" resource create https://es.bench --scope read --alg ES256 >/dev/null
"$bin" resource create https://rs.bench --scope read --alg RS256 >/dev/null
made=$("$bin" client create bench --allow https://es.bench=read --allow https://rs.bench=read -o json)
BENCH_ID=bench BENCH_SECRET=$(sed 's/.*"client_secret": *"\([^"]*\)".*/\1/' <<<"$(tr -d '\n' <<<"$made")")
export BENCH_ID BENCH_SECRET
row() { # label, openssl algorithm, resource
    local sign before after n secs
    export BENCH_RESOURCE=$3
    sign=$(limit "$2")
    taskset -c 1 wrk -t1 -c"$connections" -d2s -s bench/token.lua "http://127.0.0.1:$port" >/dev/null 2>"$dir/wrk.err"
    before=$(ticks)
    taskset -c 1 wrk -t1 -c"$connections" -d"${seconds}s" --latency -s bench/token.lua "http://127.0.0.1:$port" >"$dir/wrk" 2>"$dir/wrk.err"
    after=$(ticks)
    n=$(awk '/requests in/ {print $1}' "$dir/wrk")
    secs=$(awk -v a="$before" -v b="$after" -v hz="$hz" 'BEGIN {print (b - a) / hz}')
    if grep -q 'Non-2xx' "$dir/wrk"; then echo "bench: $(grep Non-2xx "$dir/wrk")" >&2; exit 1; fi
    awk -v label="$1" -v n="$n" -v s="$secs" -v limit="$sign" -v p50="$(awk '/ 50%/ {print $2}' "$dir/wrk")" -v p99="$(awk '/ 99%/ {print $2}' "$dir/wrk")" \
        'BEGIN {printf "%-22s %10.0f %12.3f %14.0f %10.2f %10s %10s\n", label, n / s, s * 1000 / n, limit, n / s / limit, p50, p99}'
}
printf '%-22s %10s %12s %14s %10s %10s %10s\n' "tokens" "per CPU s" "CPU ms each" "openssl sign/s" "ratio" "p50" "p99"
row "ES256, HTTP" ecdsap256 https://es.bench
row "RS256, HTTP" rsa2048 https://rs.bench
printf 'idle memory of the server: %s kB\n' "$(awk '/VmRSS/ {print $2}' "/proc/$server/status")"
