#!/usr/bin/env bash
# Install the Debian packages that the whole test suite uses: a browser, the database servers and fonts for the screenshots.
#
# Usage: bash scripts/apt.sh
#
# The product itself needs none of them.  What is there already is not installed again (then this takes milliseconds); where
# nothing can be installed (no Debian, not root) it says which tests will skip, and succeeds.
set -euo pipefail

packages=(chromium mariadb-server redis-server fonts-noto-cjk fonts-noto-color-emoji)
say() { printf 'apt.sh: %s\n' "$*" >&2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "no apt on this machine; tests that need ${packages[*]} skip where these are missing"
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    say "not root, so not installing ${missing[*]}; tests that need them skip"
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
# No server is started by its installation: the tests start their own, on free ports.
export RUNLEVEL=1
attempt() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        say "'$*' failed (try $try of 3)"
        sleep $((try * 5))
    done
    return 1
}
say "installing ${missing[*]}"
attempt apt-get -o Acquire::Retries=3 -qq update
attempt apt-get -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
say "installed ${missing[*]}"
