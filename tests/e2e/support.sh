# shellcheck shell=bash
# support.sh - for suites in shell: a folder of their own, checks, skips, and a teardown that always runs.
# To be sourced after `set -euo pipefail`. The suite adds what it started to `teardown`, as commands.
tools=${VS_TOOLS:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools" && pwd)}
cache=${VS_CACHE:-$tools/../.cache}
. "$tools/lib/common.sh"
work=$(mktemp -d)
teardown=()

# expect COMMAND...: it must succeed.
expect() {
    if "$@"; then return 0; fi
    printf 'failed: %s\n' "$*" >&2
    exit 1
}

# refuse COMMAND...: it must fail.
refuse() {
    if ! "$@" > "$work/refused" 2>&1; then return 0; fi
    printf 'should have failed: %s\n' "$*" >&2
    cat "$work/refused" >&2
    exit 1
}

# expect_equal GOT WANTED
expect_equal() {
    [ "$1" = "$2" ] && return 0
    printf 'got      %s\nexpected %s\n' "$1" "$2" >&2
    exit 1
}

# skip_unless REASON COMMAND...
skip_unless() {
    local reason=$1
    shift
    if "$@" > /dev/null 2>&1; then return 0; fi
    printf 'skipped: %s\n' "$reason"
    exit 77
}

end_suite() {
    local status=$? i
    for ((i = ${#teardown[@]} - 1; i >= 0; i--)); do
        eval "${teardown[i]}" || status=1
    done
    [ "$status" = 0 ] || [ "$status" = 77 ] || tail -n 20 "$work"/*/console.log 2> /dev/null || true
    rm -rf "$work"
    exit "$status"
}
trap end_suite EXIT
trap 'exit 143' TERM INT
