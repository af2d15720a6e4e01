#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes sure that the packages of tools/packages.txt are installed. Silent when they are. Otherwise: root at a terminal
# is asked, root without a terminal (or with YES=1) gets them installed, everybody else gets the line to run.
# POSIX sh, since python3 may be one of the missing packages.
set -eu

list=$(dirname "$0")/packages.txt

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "deps: this is not a Debian system (no dpkg-query); install what $list names by hand" >&2
    exit 1
fi

packages=$(sed -e '/^#/d' -e '/^[[:space:]]*$/d' "$list" | awk '{print $1}')

# shellcheck disable=SC2086 # a list of names
installed() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' $packages 2>/dev/null | sed -n 's/^[a-z]i  *//p'
}

# Prints "missing NAME" and "differs NAME FOUND WANTED".
compare() {
    installed | awk '
        NR == FNR { have[$1] = $2; next }
        /^#/ || NF == 0 { next }
        !($1 in have) { print "missing", $1; next }
        index(have[$1], $2) != 1 { print "differs", $1, have[$1], $2 }
    ' - "$list"
}

report=$(compare)
[ -n "$report" ] || exit 0

missing=$(printf '%s\n' "$report" | awk '$1 == "missing" { print $2 }' | tr '\n' ' ' | sed 's/ *$//')

if [ -n "$missing" ]; then
    line="apt-get update && apt-get install -y --no-install-recommends $missing"
    if [ "$(id -u)" != 0 ]; then
        echo "deps: these Debian packages are missing: $missing" >&2
        echo "deps: run this as root, then make again:" >&2
        echo "    $line" >&2
        exit 1
    fi
    if [ -t 0 ] && [ "${YES:-}" != 1 ]; then
        echo "Tenure needs these Debian packages, which are not installed:"
        for p in $missing; do
            awk -v p="$p" '$1 == p { n = $1; $1 = $2 = ""; sub(/^ */, ""); printf "    %-22s %s\n", n, $0 }' "$list"
        done
        printf 'Install them now with apt-get? [y/N] '
        read -r answer || answer=
        case $answer in
        y | Y | yes) ;;
        *)
            echo "deps: nothing was installed; the line is:" >&2
            echo "    $line" >&2
            exit 1
            ;;
        esac
    fi
    echo "deps: installing $missing"
    # The answers go to apt, not to the terminal: it must never ask.
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if ! { apt-get update -q && apt-get install -q -y --no-install-recommends $missing; } </dev/null; then
        echo "deps: apt-get failed; the line was:" >&2
        echo "    $line" >&2
        exit 1
    fi
    report=$(compare)
    still=$(printf '%s\n' "$report" | awk '$1 == "missing" { print $2 }')
    if [ -n "$still" ]; then
        echo "deps: still missing after apt-get:" $still >&2
        exit 1
    fi
fi

printf '%s\n' "$report" | awk '$1 == "differs" {
    printf "deps: %s is %s; Tenure is tested with %s (Debian 12)\n", $2, $3, $4 }' >&2
exit 0
