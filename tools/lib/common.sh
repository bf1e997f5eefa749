# shellcheck shell=bash
# common.sh - words that the scripts of tools/ share. To be sourced, after `set -euo pipefail`.

# die MESSAGE...: one clear line to stderr, then the end.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# usage_and_exit STATUS: prints the comment block at the head of the calling script.
usage_and_exit() {
    local out=1
    [ "$1" = 0 ] || out=2
    awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0" >&"$out"
    exit "$1"
}

# need PROGRAM...: every program must be there, and the first missing one is named.
need() {
    local program
    for program in "$@"; do
        command -v "$program" > /dev/null || die "'$program' is not installed (tools/install-packages run)"
    done
}

# absolute PATH: the path from the root; its folder must exist.
absolute() {
    local folder
    folder=$(cd "$(dirname "$1")" && pwd) || die "no folder for $1"
    printf '%s/%s\n' "${folder%/}" "$(basename "$1")"
}

# short_directory: a fresh folder whose name is short enough for socket names (which end at 107 bytes),
# whatever TMPDIR says.
short_directory() { mktemp -d /tmp/vs-XXXXXX; }

# wait_until SECONDS COMMAND...: asks again every 50 ms until the command succeeds or the time is over.
wait_until() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -le "$until" ] || return 1
        sleep 0.05
    done
}

# free_port: a TCP port of 127.0.0.1 that nobody has now. Someone may take it before the caller does,
# so the caller tries again with another when its server says "already in use".
free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# seconds_since START: START comes from "$EPOCHREALTIME"; prints with one decimal.
seconds_since() {
    awk -v now="$EPOCHREALTIME" -v start="$1" 'BEGIN { printf "%.1f", now - start }'
}
