# shellcheck shell=bash
# show.sh - how quickstart speaks: acts, steps with their times, facts, and refusals. To be sourced, with $state set.
: "${state:=}"

if [ -t 1 ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold="" dim="" green="" red="" plain=""
fi

# act TITLE
act() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# interruptible COMMAND...: runs it in a process group of its own, on record, and waits. So a signal to quickstart
# is answered at once, and what the command still has running can be ended (end_interruptible).
interruptible() {
    local status=0
    set -m
    (
        set -e
        "$@"
    ) < /dev/null &
    set +m
    process_record "$state/step" $! || true
    wait $! || status=$?
    rm -f "$state/step"
    return "$status"
}

end_interruptible() {
    if process_alive "$state/step"; then
        kill -TERM -- "-$(process_pid "$state/step")" 2> /dev/null || true
        wait_until 5 process_gone "$state/step" || kill -KILL -- "-$(process_pid "$state/step")" 2> /dev/null || true
    fi
    rm -f "$state/step"
}

# logged COMMAND...: what it prints goes to the log of this start
logged() { "$@" >> "$state/logs/quickstart.log" 2>&1; }

# step TITLE COMMAND...: says what is being done, does it, and says how long it took. What the command prints
# goes to the log of this start, unless the step fails: then its last lines are shown, and quickstart ends.
step() {
    local title=$1 start=$EPOCHREALTIME status
    shift
    printf '  %-66s ' "$title"
    printf '\n== %s\n' "$title" >> "$state/logs/quickstart.log"
    set +e # not `if`: inside a condition the shell would go on after each failure in the command too
    interruptible logged "$@"
    status=$?
    set -e
    if [ "$status" = 0 ]; then
        printf '%s%6s s%s\n' "$green" "$(seconds_since "$start")" "$plain"
        return 0
    fi
    printf '%sfailed%s\n' "$red" "$plain"
    tail -n 15 "$state/logs/quickstart.log" | sed 's/^/    /' >&2
    die "'$title' failed; everything is in $state/logs"
}

# tell TEXT: a sentence between steps
tell() { printf '  %s%s%s\n' "$dim" "$*" "$plain"; }

# quote_output: shows what a command printed, indented
quote_output() { sed 's/^/    │ /'; }
