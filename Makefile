# SPDX-License-Identifier: Apache-2.0
# A front for Meson: every target is one command of a few words.
PREFIX ?= /usr/local
SECONDS ?= 60
.DEFAULT_GOAL := all
.PHONY: all setup setup-test run test interop proof-ci proof fuzz bench bench-peers install clean

all: ## build/jeton and build/libjeton.so
	@test -f build/build.ninja || { echo "building…" >&2; meson setup build --buildtype=release --prefix="$(PREFIX)" >/dev/null; }
	@ninja -C build --quiet

setup: ## the Debian packages that the build needs
	@packaging/setup.sh build

setup-test:
	@packaging/setup.sh build test

run: setup all ## a server to try things with, in the foreground
	@exec build/jeton dev

test: setup-test ## everything that must hold at each commit
	@tests/run.sh test

interop: setup all ## clients, resource servers and gateways that others wrote, against a real server
	@tests/run.sh interop build/jeton

proof-ci: setup-test ## threads, fuzzing, analyzers, storms, interop
	@tests/run.sh proof-ci

proof: setup-test ## proof-ci, longer
	@tests/run.sh proof

fuzz: setup-test ## every target for SECONDS, or only TARGET
	@tests/run.sh fuzz $(SECONDS) $(TARGET)

bench: ## what a second of CPU time does, as ratios to what the machine can do
	@packaging/setup.sh build bench
	@test -f build-bench/build.ninja || meson setup build-bench --buildtype=release >/dev/null
	@ninja -C build-bench --quiet jeton
	@bench/run.py build-bench/jeton

bench-peers: ## the same beside other servers, into docs/benchmarks.md
	@packaging/setup.sh build bench peers
	@test -f build-bench/build.ninja || meson setup build-bench --buildtype=release >/dev/null
	@ninja -C build-bench --quiet jeton
	@bench/peers/run.py build-bench/jeton

install: all
	@meson setup --reconfigure build --prefix="$(PREFIX)" >/dev/null && ninja -C build --quiet
	@meson install -C build --no-rebuild --destdir "$(DESTDIR)" >/dev/null

clean:
	rm -rf build build-*
