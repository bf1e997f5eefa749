# shellcheck shell=bash
# process.sh - processes by record. A record is a file "PID STARTTIME BOOT": the number alone could by now
# be somebody else's, the three together are one process for ever. Nothing here ends a process by name.
# To be sourced after common.sh.

# process_identity PID: "PID STARTTIME BOOT", or nothing when there is no such process (a zombie is none).
process_identity() {
    local stat boot fields
    { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
    read -r boot < /proc/sys/kernel/random/boot_id
    # the command's name stands in brackets and may hold anything; fields are counted after it
    read -r -a fields <<< "${stat##*) }"
    [ "${fields[0]}" != Z ] || return 1
    printf '%s %s %s\n' "$1" "${fields[19]}" "$boot"
}

# process_record FILE PID: writes the record of a process that was just started.
process_record() {
    local identity
    identity=$(process_identity "$2") || return 1
    printf '%s\n' "$identity" > "$1.new"
    mv "$1.new" "$1"
}

# process_alive FILE: is the recorded process still that process, and running?
process_alive() {
    local recorded
    [ -s "$1" ] || return 1
    read -r recorded < "$1" || return 1
    [ "$(process_identity "${recorded%% *}")" = "$recorded" ]
}

# process_gone FILE: the opposite, as a command for wait_until.
process_gone() { ! process_alive "$1"; }

# process_pid FILE: the recorded number.
process_pid() {
    local recorded
    read -r recorded < "$1"
    printf '%s\n' "${recorded%% *}"
}

# process_end FILE [SECONDS [SIGNAL]]: asks the recorded process to end (SIGTERM), waits for it, kills it when
# the time is over, and removes the record. Does nothing when it is gone already.
process_end() {
    local file=$1 seconds=${2:-5} signal=${3:-TERM} pid
    if process_alive "$file"; then
        pid=$(process_pid "$file")
        kill "-$signal" "$pid" 2> /dev/null || true
        if ! wait_until "$seconds" process_gone "$file"; then
            kill -KILL "$pid" 2> /dev/null || true
            wait_until 5 process_gone "$file" || die "process $pid does not end"
        fi
    fi
    rm -f "$file"
}
