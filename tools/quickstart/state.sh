# shellcheck shell=bash
# state.sh - what a start leaves on disk, so that a second start, --stop and the start after a crash know what is
# there. Everything lies in .quickstart; each process has a record (tools/lib/process.sh). To be sourced after
# common.sh, process.sh and ownership.sh, with $root set to the checkout and $state to its .quickstart.
: "${root:?}" "${state:?}"
lab=$root/tools/lab

# Daemons of ours, in the order in which they start; they end in the opposite one.
daemons=(authorityd authority-manager workload-manager agent-b)

# claim: from here on this process is the one that starts. Fails when another one is at it.
claim() {
    local holder
    mkdir -p "$state"
    chmod 700 "$state"
    exec 9> "$state/lock"
    flock -w 10 9 || die "another quickstart holds $state/lock"
    if process_alive "$state/starter"; then
        holder=$(process_pid "$state/starter")
        exec 9>&-
        die "a quickstart is at work here already (process $holder)"
    fi
    process_record "$state/starter" $$
    exec 9>&-
}

phase() { cat "$state/phase" 2> /dev/null || echo none; }
set_phase() { echo "$1" > "$state/phase"; }

# running: did a start come to its end, and is what it started still there?
running() {
    local name
    [ "$(phase)" = up ] || return 1
    for name in "${daemons[@]}"; do
        process_alive "$state/run/$name" || return 1
    done
}

# stop_all: ends everything that a start began, in whatever state it is, and removes the state.
stop_all() {
    local i
    [ -d "$state" ] || return 0
    set_phase stopping
    end_interruptible
    [ ! -d "$state/host-a/vm" ] || "$lab/guest" off "$state/host-a/vm" 10
    for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
        process_end "$state/run/${daemons[i]}" 10
    done
    [ ! -d "$state/libvirt" ] || "$lab/libvirt" stop "$state/libvirt"
    [ ! -d "$state/host-a/tpm" ] || "$lab/swtpm" stop "$state/host-a/tpm"
    [ ! -d "$state/host-b/tpm" ] || "$lab/swtpm" stop "$state/host-b/tpm"
    [ ! -d "$state/key-server" ] || "$lab/kmip-server" stop "$state/key-server"
    rm -rf "$state"
}

# status: one line for each part.
status() {
    local name record
    printf 'phase: %s\n' "$(phase)"
    for record in key-server/process libvirt/process host-a/vm/process "${daemons[@]/#/run/}"; do
        name=${record%/process}
        name=${name#run/}
        if process_alive "$state/$record"; then
            printf '  %-20s runs (process %s)\n' "$name" "$(process_pid "$state/$record")"
        else
            printf '  %-20s does not run\n' "$name"
        fi
    done
}
