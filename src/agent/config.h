// agent: the Trusted Host's loop. It collects evidence, holds a fresh attestation result, obtains keys for
// encrypted VMs and runs them, and tells its workload manager what is the case.
//
//     manager_link   orders in, results out          trust      a result that is always fresh, or the reasons
//     vms            encrypted VMs on this host      attester   one attestation with one authority host
//     state          what survives a restart         key_client release sessions
//
// What it promises: a release key and the VM keys exist in locked memory only; an authority is believed by
// the anchor alone, services information never goes back; a VM is not started by a host that is not trusted,
// and a running one is left alone. What it does not promise: anything against root on this host.
//
// This header: what a host's configuration may say. It can name whom to ask and where things are; nothing in
// it relaxes a check, because it may lie on a disk that nobody measured.
#pragma once

#include "base/result.h"
#include "hypervisor/domain_spec.h"
#include "net/endpoint.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::agent {

/// Where VMs live; absent on a host that runs none.
struct VmHostConfig {
    std::string libvirt; ///< URI, such as "qemu:///system"
    std::filesystem::path vm_directory;
    std::filesystem::path image_directory;
    std::filesystem::path ovmf_code;
    std::filesystem::path ovmf_vars;
    hypervisor::Accel accel = hypervisor::Accel::tcg;
};

/// How to reach and to know the workload manager.
struct ManagerAddress {
    net::Url url;
    std::string pin; ///< hex SHA-256 of its key's SubjectPublicKeyInfo

    static Result<ManagerAddress> create(std::string_view url, std::string_view pin);
};

struct AgentConfig {
    std::filesystem::path state;
    std::string label; ///< what people call this host; 1 to 64 of A-Z a-z 0-9 . _ -
    std::optional<ManagerAddress> manager;
    std::optional<std::string> token; ///< one-time, for joining by itself
    std::optional<std::filesystem::path> anchor_file;
    net::ResolveMap resolve;
    std::string tcti = "device:/dev/tpmrm0";
    std::filesystem::path firmware_log = "/sys/kernel/security/tpm0/binary_bios_measurements";
    std::filesystem::path ima_log = "/sys/kernel/security/ima/binary_runtime_measurements";
    std::filesystem::path userspace_log = "/run/log/systemd/tpm2-measure.log"; ///< by systemd 255 and later
    std::optional<VmHostConfig> vms;

    /// Strict JSON; relative paths are refused.
    static Result<AgentConfig> parse(std::string_view text);
};

/// Where the measured image keeps the anchor.
inline constexpr std::string_view built_in_anchor_file = "/etc/vouchsafe/anchor";

/// The texts found at the places where an anchor may be; absent where there is no such file.
struct AnchorSources {
    std::optional<std::string> built_in; ///< in the measured image: it wins
    std::optional<std::string> configured;
    std::optional<std::string> joined; ///< given to `join`, kept in the state
};

/// The anchor as 64 hex digits. `conflict` where two of them differ, so that none can be put in another's
/// place; `not_found` where there is none.
Result<std::string> choose_anchor(const AnchorSources& sources);

} // namespace vouchsafe::agent
