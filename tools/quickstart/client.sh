# shellcheck shell=bash
# client.sh - the two people of the story at their terminals, and what each of them says to the command line. The trust
# administrator talks to the authority management server, the VM administrator to the workload management server; each
# has a log-in and a folder of his own. To be sourced after parts.sh.
admin() { XDG_CONFIG_HOME=$state/admin "$bin/vouchsafe" "$@"; }
operator() { XDG_CONFIG_HOME=$state/operator "$bin/vouchsafe" "$@"; }

# fact FILE WORD: the value behind a word that a program printed once ("pin HEX", "token TEXT", ...)
fact() { awk -v word="$2" '$1 == word { print $2; exit }' "$1"; }

# log_in WHO NAME: with the password that the server printed at its first start
log_in() {
    fact "$state/run/$2.out" password > "$state/$2.password"
    "$1" login "$(url "$2")" --pin "$(fact "$state/run/$2.out" pin)" --user "$(fact "$state/run/$2.out" user)" \
        --password-file "$state/$2.password"
}

# host_id LABEL: the id that the authority gave the host of this name
host_id() {
    admin host list --output json | jq -re --arg label "$1" '[.[] | select(.label == $label)] | last | .host'
}

# host_state LABEL: pending, trusted, refused, as the workload manager was told
host_state() {
    operator host list --output json | jq -r --arg label "$1" '.[] | select(.label == $label) | .state'
}

# host_is LABEL STATE: as a command for wait_until
host_is() { [ "$(host_state "$1" 2> /dev/null)" = "$2" ]; }

# await_host LABEL STATE
await_host() {
    if wait_until 60 host_is "$1" "$2"; then return 0; fi
    operator host list
    echo "$1 did not become $2"
    return 1
}

# why LABEL: the reason of a refusal, for people
why() { admin host explain "$(host_id "$1")"; }
