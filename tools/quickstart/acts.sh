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
        mkdir -p "$state/$role-manager"
        jq -n --arg name "$role-manager.localhost" '{name: $name, listen: {address: "127.0.0.1", port: 0}}' > "$state/$role-manager.json"
        daemon "$role-manager" "$bin/vouchsafe-managerd" "--role=$role" serve --state "$state/$role-manager" \
            --config "$state/$role-manager.json"
    done
    log_in admin authority-manager
    log_in operator workload-manager
}

start_authority() {
    local issuer
    issuer=$(admin principal show --output json | jq -r .issuer)
    jq -n '{name: "authority-1.localhost", listen: {address: "127.0.0.1", port: 0}}' > "$state/authorityd.json"
    "$bin/vouchsafe-authorityd" init --state "$state/authorityd" --config "$state/authorityd.json" \
        --administrator "$issuer" > "$state/authorityd.facts"
    fact "$state/authorityd.facts" anchor > "$state/anchor"
    daemon authorityd "$bin/vouchsafe-authorityd" serve --state "$state/authorityd" --config "$state/authorityd.json"
    admin authority claim "$(url authorityd)" --pin "$(fact "$state/authorityd.facts" pin)" \
        --token "$(fact "$state/authorityd.facts" token)"
}

set_up_trust() {
    admin ca import "$state/host-a/tpm/ek-ca.pem" --name lab-tpms --lab
    admin provider create quickstart --server "key-server.localhost:$(cut -d' ' -f2 "$state/key-server/address")" \
        --primary-key "$(cat "$state/key-server/primary-key")" --server-certificate "$state/key-server/ca.pem"
    admin provider client-certificate quickstart > "$state/provider.pem"
    "$lab/kmip-server" trust "$state/key-server" --client-cert "$state/provider.pem"
    admin services export > "$state/services.json"
    operator services import "$state/services.json" --anchor "$(cat "$state/anchor")"
    operator cluster create hosts
}

# --- act 1: trust -------------------------------------------------------------------------------------------------

# common_configuration LABEL: what both hosts are told: whom to ask, and a one-time token to join with
common_configuration() {
    jq -n --arg label "$1" --arg manager "$(url workload-manager)" --arg pin "$(fact "$state/run/workload-manager.out" pin)" \
        --arg token "$(operator host token --cluster hosts)" '{label: $label, manager: $manager, pin: $pin, token: $token}'
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
        vms: {libvirt: $libvirt, vm_directory: "\($here)/vms", image_directory: "\($here)/images",
              ovmf_code: "/usr/share/OVMF/OVMF_CODE_4M.fd", ovmf_vars: "/usr/share/OVMF/OVMF_VARS_4M.fd"}}' \
        > "$state/host-b/agent.json"
}

start_host_b() {
    play_recorded_boot
    configure_host_b
    daemon agent-b "$bin/vouchsafe-agentd" run --config "$state/host-b/agent.json"
}

# learn_image: takes host-a's running system as a base image, and approves host-a
learn_image() {
    admin host export-image "$(host_id host-a)" --version host-1.0 --name "Host 1.0" > "$state/image-1.json"
    admin image import "$state/image-1.json"
    admin host approve "$(host_id host-a)"
}

act_one() {
    act "Act 1: hosts prove what they booted"
    step "host-a boots, measured (Secure Boot, signed image, TPM)" eval 'configure_host_a; boot_host_a image'
    step "host-a has joined, and is seen pending" await_host host-a pending
    step "the trust administrator takes its image in, and approves it" learn_image
    step "host-a is trusted" await_host host-a trusted
    tell "host-b is this machine; it has no TPM, so a software TPM plays host-a's recorded boot"
    step "host-b plays the recorded boot and joins" start_host_b
    step "host-b is seen pending" await_host host-b pending
    step "the trust administrator approves host-b" eval 'admin host approve "$(host_id host-b)"'
    step "host-b is trusted" await_host host-b trusted
    operator host list | quote_output
}

# --- act 2: an encrypted virtual machine -------------------------------------------------------------------------------

vm_said_marker() { grep -qaF "MARKER $(cat "$state/marker")" "$state"/host-b/vms/*/console.log; }

marker_is_not_in_the_disk() {
    local disk
    for disk in "$state"/host-b/vms/*/disk.qcow2; do
        [ -s "$disk" ] || return 1
        ! grep -qaF "$(cat "$state/marker")" "$disk" || return 1
    done
}

act_two() {
    act "Act 2: a virtual machine whose disk only a trusted host can open"
    step "the VM administrator creates it, on host-b" operator vm create demo --host host-b --image payload.raw --provider quickstart
    step "the marker is not in its disk's file" marker_is_not_in_the_disk
    step "it starts: host-b gets the key from the authority" operator vm start demo
    step "it reads the marker from its disk" wait_until 90 vm_said_marker
    operator vm show demo | quote_output
}

# --- act 3: refusals ---------------------------------------------------------------------------------------------------

refused_boot() {
    boot_host_a "$@"
    await_host host-a refused
}

remove_image() { admin image delete host-1.0; }

start_is_refused() {
    operator vm create demo-2 --host host-b --image payload.raw --provider quickstart || true
    ! operator vm start demo-2
}

vm_runs() { operator vm list --output json | jq -e '.[] | select(.name == "demo" and .power == "running")' > /dev/null; }

act_three() {
    act "Act 3: what is not approved gets no key"
    step "host-a reboots with another kernel command line: refused" refused_boot image-2
    why host-a | quote_output
    step "host-a reboots with a kernel that nothing measured: refused" refused_boot image direct
    why host-a | quote_output
    step "host-a reboots as it was: trusted" eval 'boot_host_a image; await_host host-a trusted'
    step "the trust administrator removes the image of both hosts" remove_image
    step "host-b may start nothing any more" eval 'await_host host-b refused; start_is_refused'
    step "what runs there goes on" vm_runs
}

# --- act 4: approved again ----------------------------------------------------------------------------------------------

approve_again() {
    admin image import "$state/image-1.json"
    admin host export-image "$(host_id host-a)" --version host-1.1 --name "Host 1.1" > "$state/image-2.json"
    admin image import "$state/image-2.json"
}

act_four() {
    act "Act 4: approved, and attested again"
    step "host-a boots with the new command line" refused_boot image-2
    step "the administrator approves that, and the removed image again" approve_again
    step "host-a is trusted with the new command line" await_host host-a trusted
    step "host-b is trusted again" await_host host-b trusted
    operator host list | quote_output
}

what_next() {
    cat <<N

Everything goes on running. What to type next:

  export PATH=$bin:\$PATH
  XDG_CONFIG_HOME=$state/operator vouchsafe vm list          # as the VM administrator
  XDG_CONFIG_HOME=$state/admin vouchsafe host list           # as the trust administrator
  vouchsafe inspect eventlog $state/host-b/record/firmware.log
  ./quickstart --status                                      # what runs
  ./quickstart --stop                                        # ends and removes all of it
N
}
