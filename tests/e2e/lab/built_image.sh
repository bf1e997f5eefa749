# shellcheck shell=bash
# built_image.sh - a measured host, for suites that compute its image before it boots. To be sourced after support.sh.
image=$tools/lab/guest-image guest=$tools/lab/guest swtpm=$tools/lab/swtpm
logs=$(dirname "${BASH_SOURCE[0]}")/../../vectors/eventlog

# start_host: builds $work/image, whose program says "agent runs". Skips where that cannot be.
start_host() {
    skip_unless "qemu-system-x86_64 is not installed" command -v qemu-system-x86_64
    skip_unless "the guest's packages cannot be downloaded" "$image" fetch "$cache/guest"
    printf '#!/bin/busybox sh\necho agent runs\nsleep 600\n' > "$work/vouchsafe-agentd"
    # no_timer_check: on a busy machine an emulated timer may be late, and the kernel would give up
    expect "$image" build "$cache/guest" "$work/image" --program "$work/vouchsafe-agentd" --cmdline no_timer_check
}

# boot_host ROUTE: boots it, and leaves in $work/record what its TPM and kernel measured.
boot_host() {
    mkdir "$work/data" && echo '{}' > "$work/data/agent.json"
    expect "$image" disk "$work/data.img" "$work/data"
    expect "$swtpm" create "$work/tpm"
    teardown+=('"$guest" kill "$work/host"')
    expect "$guest" start "$work/host" --image "$work/image" --tpm "$work/tpm" --data "$work/data.img" --route "$1"
    expect "$guest" wait "$work/host" "agent runs" 120
    expect "$guest" record "$work/host" "$work/record"
}

# variable_of_log BOOT NAME: what a Secure Boot variable held at a recorded boot, as signature lists.
variable_of_log() {
    /usr/bin/python3 - "$logs/good-$1/binary_bios_measurements" "$2" << 'P'
import struct, sys
log, name = open(sys.argv[1], 'rb').read(), sys.argv[2].encode('utf-16-le')
at = 32 + struct.unpack_from('<I', log, 28)[0]
while at < len(log):
    pcr, kind = struct.unpack_from('<II', log, at)
    size, = struct.unpack_from('<I', log, at + 46) # the recorded boots have one bank, sha256
    data, at = log[at + 50:at + 50 + size], at + 50 + size
    if (pcr, kind) == (7, 0x80000001) and struct.unpack_from('<Q', data, 16)[0] * 2 == len(name) and data[32:].startswith(name):
        sys.stdout.buffer.write(data[32 + len(name):])
P
}

# owner_in BOOT NAME: the owner of a variable's first signature.
owner_in() { variable_of_log "$1" "$2" | /usr/bin/python3 -c 'import sys, uuid
print(uuid.UUID(bytes_le=sys.stdin.buffer.read()[28:44]))'; }
