#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of the groups named (build, test, bench, peers, interop) that are missing, and nothing else.
# Servers among them are not started.
set -eu
build="gcc libc6-dev pkg-config meson ninja-build libssl-dev libjansson-dev libsqlite3-dev libyaml-dev libargon2-dev libcrypt-dev libsmartcols-dev libcurl4-openssl-dev"
test="libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-jsonschema python3-jwt python3-cryptography curl jq clang clang-format clang-tidy libclang-rt-14-dev pmccabe cppcheck sqlite3 util-linux systemd openssl groff-base"
bench="wrk python3 python3-cryptography openssl nginx-light"
# glewlwyd's own installation needs a database of dbconfig's
peers="dbconfig-sqlite3 glewlwyd sqlite3"
command -v npm >/dev/null || peers="$peers npm" # a newer node comes with its own
interop="python3 python3-pytest python3-jwt python3-cryptography python3-authlib python3-requests python3-httpx python3-requests-oauthlib python3-jwcrypto python3-jose jose curl openssl apache2 libapache2-mod-auth-openidc haproxy nginx-light"
command -v npm >/dev/null || interop="$interop npm"
need=""
for group in "$@"; do
    case $group in
    build) need="$need $build" ;;
    test) need="$need $test" ;;
    bench) need="$need $bench" ;;
    peers) need="$need $peers" ;;
    interop) need="$need $interop" ;;
    *) echo "setup.sh: unknown group $group" >&2; exit 2 ;;
    esac
done
missing=""
for p in $need; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >/dev/null
policy=/usr/sbin/policy-rc.d
case " $missing " in
*" nginx-light "* | *" glewlwyd "* | *" apache2 "* | *" haproxy "*)
    if [ ! -e "$policy" ]; then
        trap '$sudo rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
        $sudo chmod 755 "$policy"
    fi
    ;;
esac
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
