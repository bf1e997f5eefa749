# shellcheck shell=bash
# acts.sh - the story: set-up, then the four acts. To be sourced after client.sh.

# --- set-up -----------------------------------------------------------------------------------------------------

get_ready() {
    act "Set-up: the parts, each a process of its own"
    step "the guest's kernel (downloaded, not installed)" "$lab/guest-image" fetch "$guest_cache"
    step "software TPMs of two hosts, certified by a lab CA" make_tpms
    step "a key server, and a primary key in it" start_key_server
    step "two management servers" start_managers
    step "a trust authority host, claimed by the authority manager" start_authority
    step "trust set up: lab CA, key server, key provider" set_up_trust
    step "host-a's boot image, measured and signed" build_host_a
    step "the disk image of a virtual machine, with a marker in it" make_payload
    step "a private libvirt for host-b" start_libvirt
}

start_managers() {
    local role
    for role in authority workload; do
        mkdir -m 700 "$state/$role-manager"
        state_key "$role-manager"
        daemon "$role-manager" "$bin/vouchsafe-managerd" "--role=$role" --name "$role-manager.localhost" --port 0 \
            --state "$state/$role-manager" --unsafe-plaintext-key-file "$state/$role-manager.key"
    done
    add_people
}

start_authority() {
    mkdir -m 700 "$state/authorityd"
    state_key authorityd
    "$bin/vouchsafe-authorityd" init --state "$state/authorityd" --unsafe-plaintext-key-file "$state/authorityd.key" \
        --name authority-1.localhost --administrator "$(fact "$state/run/authority-manager.out" issuer)" \
        > "$state/authorityd.facts"
    fact "$state/authorityd.facts" anchor > "$state/anchor"
    fact "$state/authorityd.facts" token > "$state/authorityd.token"
    daemon authorityd "$bin/vouchsafe-authorityd" serve --state "$state/authorityd" --port 0 \
        --unsafe-plaintext-key-file "$state/authorityd.key"
    admin authority claim "$(url authorityd)" --pin "$(fact "$state/authorityd.facts" pin)" \
        --token-file "$state/authorityd.token"
}

set_up_trust() {
    admin ca import lab-tpms "$state/host-a/tpm/ek-ca.pem"
    admin provider create quickstart --key-id "$(cat "$state/key-server/primary-key")" \
        --server "key-server.localhost:$(cut -d' ' -f2 "$state/key-server/address")"
    admin provider certificate quickstart --create > "$state/provider.pem"
    "$lab/kmip-server" trust "$state/key-server" --client-cert "$state/provider.pem"
    admin provider trust quickstart --expect-fingerprint \
        "$(openssl x509 -in "$state/key-server/server.pem" -outform DER | sha256sum | cut -d' ' -f1)"
    admin provider status quickstart
    admin cluster create hosts > "$state/cluster"
    admin connect "$(cat "$state/cluster")" --anchor "$(cat "$state/anchor")"
}

# --- act 1: trust -------------------------------------------------------------------------------------------------

# common_configuration LABEL: what both hosts are told: whom to ask, and a one-time token to join with
common_configuration() {
    jq -n --arg name "$1" --arg manager "$(url workload-manager)" --arg pin "$(fact "$state/run/workload-manager.out" pin)" \
        --arg token "$(admin cluster join-token "$(cat "$state/cluster")")" '{"label": $name, manager: $manager, pin: $pin, token: $token}'
}

configure_host_a() {
    mkdir -p "$state/host-a/data"
    common_configuration host-a | jq '. + {state: "/run/vouchsafe/state",
        resolve: {"workload-manager.localhost": "10.0.2.2", "authority-1.localhost": "10.0.2.2"}}' \
        > "$state/host-a/data/agent.json"
    "$lab/guest-image" disk "$state/host-a/data.img" "$state/host-a/data"
}

configure_host_b() {
    mkdir -p "$state/host-b/"{vms,images}
    ln -f "$state/payload.raw" "$state/host-b/images/payload.raw"
    common_configuration host-b | jq --arg here "$state/host-b" --arg anchor "$state/anchor" --arg tcti "$(cat "$state/host-b/tcti")" \
        --arg libvirt "$("$lab/libvirt" uri "$state/libvirt")" '. + {state: "\($here)/state", anchor_file: $anchor, tcti: $tcti,
        firmware_log: "\($here)/record/firmware.log", ima_log: "\($here)/record/ima.log",
        userspace_log: "\($here)/record/userspace.log",
        vms: {libvirt: $libvirt, vm_directory: "\($here)/vms", image_directory: "\($here)/images",
              ovmf_code: "/usr/share/OVMF/OVMF_CODE_4M.fd", ovmf_vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"}}' \
        > "$state/host-b/agent.json"
}

start_host_b() {
    play_recorded_boot
    configure_host_b
    daemon agent-b "$bin/vouchsafe-agentd" run --config "$state/host-b/agent.json"
}

# take_image HOST FILE VERSION NAME: makes a base image of what the host booted last, and imports it by its digest
take_image() {
    admin host export-image "$1" --version "$3" --name "$4" > "$2"
    admin image import "$2" --expect-digest "$(admin image digest "$2")"
}

# approve_host LABEL: by the attestation key that it has proven, as the list shows it
approve_host() {
    admin enrolment approve "$1" --expect-ak \
        "$(admin enrolment list --output json | jq -r --arg name "$1" '.[] | select(.label == $name) | .ak_name')"
}

# learn_image: takes host-a's running system as a base image, and approves host-a
learn_image() {
    take_image host-a "$state/image-1.json" host-1.0 "Host 1.0"
    approve_host host-a
    operator host attest host-a
}

approve_host_b() {
    approve_host host-b
    operator host attest host-b
}

act_one() {
    act "Act 1: hosts prove what they booted"
    step "host-a boots, measured (Secure Boot, signed image, TPM)" eval 'configure_host_a; boot_host_a image'
    step "host-a has joined, and is seen pending" await_host host-a pending
    admin enrolment list | quote_output
    step "the trust administrator takes its image in, and approves it" learn_image
    step "host-a is trusted" await_host host-a trusted
    tell "host-b is this machine; it has no TPM, so a software TPM plays host-a's recorded boot"
    step "host-b plays the recorded boot and joins" start_host_b
    step "host-b is seen pending" await_host host-b pending
    step "the trust administrator approves host-b" approve_host_b
    step "host-b is trusted" await_host host-b trusted
    operator host list | quote_output
}

# --- act 2: an encrypted virtual machine -------------------------------------------------------------------------------

# create_vm NAME
create_vm() { operator vm create "$1" --host host-b --image payload --disk 96 --provider quickstart; }

vm_said_marker() { grep -qaF "MARKER $(cat "$state/marker")" "$state"/host-b/vms/*/console.log; }

marker_is_not_in_the_disk() {
    local disk
    grep -qaF "$(cat "$state/marker")" "$state/payload.raw" || return 1
    for disk in "$state"/host-b/vms/*/disk.qcow2; do
        [ -s "$disk" ] || return 1
        ! grep -qaF "$(cat "$state/marker")" "$disk" || return 1
    done
}

act_two() {
    act "Act 2: a virtual machine whose disk only a trusted host can open"
    step "the VM administrator creates two, on host-b" eval 'create_vm demo && create_vm demo-2'
    step "the marker is not in their disks' files" marker_is_not_in_the_disk
    step "demo starts: host-b gets the key from the authority" operator vm start demo
    step "it reads the marker from its disk" wait_until 90 vm_said_marker
    operator vm list | quote_output
    admin audit list --kind release | cut -c1-110 | quote_output
}

# --- act 3: refusals ---------------------------------------------------------------------------------------------------

# refused_boot CODE IMAGE [ROUTE]: boots host-a, and waits until it is refused for this reason
refused_boot() {
    local code=$1
    shift
    boot_host_a "$@"
    wait_until 60 refused_for host-a "$code" || { why host-a; return 1; }
    await_host host-a refused
}

# refused_start VM: says why, and succeeds when it is refused
refused_start() {
    if operator vm start "$1" > "$state/tmp/refused" 2>&1; then return 1; fi
    cat "$state/tmp/refused"
}

remove_image() {
    admin image retire host-1.0 --yes
    operator host attest host-b || true # it says why it is refused
    await_host host-b refused
}

vm_runs() {
    operator vm list --output json | jq -e '.[] | select(.name == "demo" and .state == "running")' > /dev/null
    virsh -q -c "$("$lab/libvirt" uri "$state/libvirt")" list --state-running | grep -q running
}

act_three() {
    act "Act 3: what is not approved gets no key"
    step "host-a reboots with another kernel command line: refused" refused_boot image.command_line image-2
    why host-a | quote_output
    step "host-a reboots with a kernel that nothing measured: refused" refused_boot boot.no_kernel image direct
    why host-a | quote_output
    step "the trust administrator removes the image of both hosts" remove_image
    step "host-b may start nothing any more" refused_start demo-2
    quote_output < "$state/tmp/refused"
    step "what runs there goes on" vm_runs
}

# --- act 4: approved again ----------------------------------------------------------------------------------------------

approve_again() {
    admin image import "$state/image-1.json" --expect-digest "$(admin image digest "$state/image-1.json")"
    operator host attest host-a || true # refused, and its evidence is now that of this boot
    take_image host-a "$state/image-2.json" host-1.1 "Host 1.1"
    operator host attest host-a
    operator host attest host-b
}

act_four() {
    act "Act 4: approved, and attested again"
    step "host-a boots with the new command line" refused_boot image.none image-2
    step "the administrator approves that, and the removed image again" approve_again
    step "host-a is trusted with the new command line" await_host host-a trusted
    step "host-b is trusted again" await_host host-b trusted
    operator host list | quote_output
}

what_next() {
    cat <<N

Everything goes on running. What to type next:

  export PATH=$bin:\$PATH
  VOUCHSAFE_HOME=$state/operator vouchsafe vm list           # as the VM administrator
  VOUCHSAFE_HOME=$state/admin vouchsafe enrolment list       # as the trust administrator
  VOUCHSAFE_HOME=$state/admin vouchsafe audit list --kind release
  vouchsafe inspect eventlog $state/host-b/record/firmware.log
  ./quickstart --status                                      # what runs
  ./quickstart --stop                                        # ends and removes all of it
N
}
