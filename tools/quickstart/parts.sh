# shellcheck shell=bash
# parts.sh - starts the parts of the trusted infrastructure, each a process of its own. To be sourced after state.sh.
bin=$root/build/release/bin
guest_cache=$root/.cache/guest

# daemon NAME COMMAND...: starts one of our daemons and waits until it says "ready NAME URL". Its words go to logs/.
# Daemons listen on port 0 unless they were given a port; if that one is taken meanwhile, they are tried again.
daemon() {
    local name=$1 attempt
    shift
    for attempt in 1 2 3; do
        : > "$state/run/$name.out"
        setsid "$@" < /dev/null >> "$state/run/$name.out" 2>> "$state/logs/$name.log" &
        process_record "$state/run/$name" $! || true
        wait_until 30 ready_or_gone "$name" || break
        if process_alive "$state/run/$name"; then return 0; fi
        tail -n 3 "$state/logs/$name.log" | grep -qi 'in use' || break
    done
    process_end "$state/run/$name"
    tail -n 10 "$state/logs/$name.log"
    echo "$name did not start (tried $attempt times)"
    return 1
}

ready_or_gone() { grep -q '^ready ' "$state/run/$1.out" || process_gone "$state/run/$1"; }

# url NAME: where a daemon said it listens
url() { awk '$1 == "ready" { print $3; exit }' "$state/run/$1.out"; }

# port NAME
port() {
    local address
    address=$(url "$1")
    printf '%s\n' "${address##*:}"
}

start_key_server() {
    "$lab/kmip-server" start "$state/key-server" --host key-server.localhost
    "$lab/kmip-server" create-key "$state/key-server" --name quickstart > "$state/key-server/primary-key"
}

start_libvirt() {
    "$lab/libvirt" start "$state/libvirt"
    # its first answer probes QEMU, which takes seconds: not in the middle of an act
    timeout 60 virsh -q -c "$("$lab/libvirt" uri "$state/libvirt")" capabilities > /dev/null
}

make_tpms() {
    "$lab/swtpm" create "$state/host-a/tpm" --name host-a --ca "$state/tpm-ca"
    "$lab/swtpm" create "$state/host-b/tpm" --name host-b --ca "$state/tpm-ca"
}

# build_host_a: the measured image, with agent and anchor inside
build_host_a() {
    "$lab/guest-image" build "$guest_cache" "$state/host-a/image" --program "$bin/vouchsafe-agentd" \
        --library /usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0 --file "$state/anchor=/etc/vouchsafe/anchor"
    "$lab/guest-image" reword "$state/host-a/image" "$state/host-a/image-2" --cmdline vouchsafe.trial=2
}

# boot_host_a IMAGE [uki|direct]: ends the host that runs, if any, and boots the image
boot_host_a() {
    "$lab/guest" off "$state/host-a/vm" 15
    "$lab/guest" start "$state/host-a/vm" --image "$state/host-a/$1" --tpm "$state/host-a/tpm" \
        --data "$state/host-a/data.img" --route "${2:-uki}"
    "$lab/guest" wait "$state/host-a/vm" "host: up" 120
}

# play_recorded_boot: host-b's software TPM gets the PCRs that host-a's had when its boot was recorded
play_recorded_boot() {
    "$lab/guest" record "$state/host-a/vm" "$state/host-b/record"
    "$lab/swtpm" start "$state/host-b/tpm" > "$state/host-b/tcti"
    "$lab/recorded-boot" "$state/host-b/record/firmware.log" "$state/host-b/record/ima.log" > "$state/host-b/extends"
    "$lab/swtpm" extend "$state/host-b/tpm" "$state/host-b/extends"
}

make_payload() {
    printf 'vouchsafe-%s' "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" > "$state/marker"
    "$lab/guest-image" vm "$guest_cache" "$state/payload.raw" --marker "$(cat "$state/marker")"
}
