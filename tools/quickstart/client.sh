# shellcheck shell=bash
# client.sh - the two people of the story at their terminals. The trust administrator is a member of TrustedAdmins at
# both management servers, by two log-ins; the VM administrator has one, at the workload management server. To be
# sourced after parts.sh.
admin() { VOUCHSAFE_HOME=$state/admin "$bin/vouchsafe" "$@"; }
operator() { VOUCHSAFE_HOME=$state/operator "$bin/vouchsafe" "$@"; }

# fact FILE WORD: the value behind a word that a program printed once ("pin HEX", "token TEXT", ...)
fact() { awk -v word="$2" '$1 == word { print $2; exit }' "$1"; }

# log_in WHO ROLE USER PASSWORD-FILE
log_in() {
    "$1" login "$2" "$(url "$2-manager")" --pin "$(fact "$state/run/$2-manager.out" pin)" --user "$3" --password-file "$4"
}

# state_key NAME: the key that protects a daemon's secrets at rest; a plain file, because this is a demonstration
state_key() { (umask 077 && openssl rand -hex 32 > "$state/$1.key"); }

# add_people: the generated administrators make the two people of the story, and have no other part in it
add_people() {
    local role
    (umask 077 && openssl rand -hex 16 > "$state/trust-admin.password" && openssl rand -hex 16 > "$state/vm-admin.password")
    for role in authority workload; do
        (umask 077 && fact "$state/run/$role-manager.out" password > "$state/$role.first")
        log_in admin "$role" administrator "$state/$role.first"
        admin user create trust-admin --server "$role" --group TrustedAdmins --password-file "$state/trust-admin.password"
    done
    admin user create vm-admin --server workload --group VMAdministrators --password-file "$state/vm-admin.password"
    log_in admin authority trust-admin "$state/trust-admin.password"
    log_in admin workload trust-admin "$state/trust-admin.password"
    log_in operator workload vm-admin "$state/vm-admin.password"
}

# host_state LABEL: pending, trusted, refused, as the workload manager was told
host_state() {
    operator host list --output json | jq -r --arg name "$1" '.[] | select(.name == $name) | .state'
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

# refused_for LABEL CODE: did the authority refuse the host for this reason, the last time it looked?
refused_for() { admin host explain "$1" --output json 2> /dev/null | jq -e --arg code "$2" '.reasons | any(.code == $code)' > /dev/null; }

# why LABEL: the reason of a refusal, for people
why() { admin host explain "$1" | sed -n '/^reason /,$p' | cut -c1-150; }
