# shellcheck shell=bash
# build.sh - configure and build a preset, with progress, in the checkout. To be sourced after common.sh and
# ownership.sh, with $root set to the checkout.
: "${root:?}"

# build_environment: compiler results are kept in the checkout, and so are temporary files.
build_environment() {
    make_cache "$root"
    mkdir -p "$root/build/tmp"
    export CCACHE_DIR=${CCACHE_DIR:-$root/.cache/ccache} CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=3G
    export TMPDIR=$root/build/tmp
}

# build_preset PRESET [TARGET...]: on a terminal Ninja's own progress line, else one line in 15 seconds.
# All of it is in build/PRESET.log.
build_preset() {
    local preset=$1 log=$root/build/$1.log
    shift
    cmake -S "$root" --preset "$preset" > "$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
    if [ -t 1 ]; then
        ninja -C "$root/build/$preset" "$@" && return 0
        return 1
    fi
    ninja -C "$root/build/$preset" "$@" 2>&1 | tee -a "$log" | now_and_then
    return "${PIPESTATUS[0]}"
}

# now_and_then: of Ninja's progress lines one in 15 seconds and the last, of all others each. (awk would do, but
# Debian's reads pipes in blocks.)
now_and_then() {
    local line last="" shown=-15
    while IFS= read -r line; do
        case $line in
        '['*)
            last=$line
            [ $((SECONDS - shown)) -ge 15 ] || continue
            shown=$SECONDS last=""
            ;;
        'ninja: '*) continue ;;
        esac
        printf '%s\n' "$line"
    done
    [ -z "$last" ] || printf '%s\n' "$last"
}
