# shellcheck shell=bash
# ownership.sh - what a command started by sudo leaves in the checkout stays the caller's. To be sourced.

# give_back PATH...: hands files that root made here to the user who called sudo. Without sudo it does nothing.
give_back() {
    [ "$(id -u)" = 0 ] && [ -n "${SUDO_UID:-}" ] || return 0
    chown -R --no-dereference "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# make_cache ROOT: the folder for what is fetched or compiled once (packages of guests, compiler results).
make_cache() {
    [ -d "$1/.cache" ] || mkdir -p "$1/.cache"
    give_back "$1/.cache"
}
