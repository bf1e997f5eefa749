// A virtual machine as data, and the libvirt domain made from it.
#pragma once

#include "base/id.h"
#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vouchsafe::hypervisor {

enum class Accel : std::uint8_t { tcg, kvm };
enum class Network : std::uint8_t { none, user };

Result<Accel> parse_accel(std::string_view text);
std::string_view to_string(Network network);
Result<Network> parse_network(std::string_view text);

/// Everything that a domain is made of. Paths and firmware come from the host's own configuration, never from
/// a manager; `domain_xml` refuses a value out of its bounds.
struct DomainSpec {
    VmId id;           ///< UUID in lower case
    std::string name;  ///< 1 to 64 of letters, digits, '.', '_', '-'; begins with neither '.' nor '-'
    unsigned cpus = 1; ///< 1 to 512
    std::uint64_t memory_mib = 0; ///< 64 to 1 MiMiB
    Network network = Network::none;
    Accel accel = Accel::tcg;
    std::filesystem::path firmware_code; ///< OVMF, read-only, shared by all
    std::filesystem::path nvram;         ///< the VM's own copy of the UEFI variables
    std::filesystem::path disk;          ///< qcow2 with LUKS inside
    std::filesystem::path console_log;   ///< what the guest writes to its serial console
    std::string key_record;              ///< canonical JSON of the VM's key record, kept in the metadata
};

/// The namespace of our element in a domain's metadata; also how our domains are told from others.
inline constexpr std::string_view metadata_namespace = "urn:vouchsafe:vm:1";

/// Our element of a domain's metadata, for libvirt to put into that namespace.
std::string metadata_element(std::string_view key_record);

/// The libvirt domain: q35 with UEFI, one virtio disk whose LUKS pass phrase is the secret of the VM's own
/// uuid, a serial console into a file, no core dump of guest memory, no suspend. `malformed` names the member
/// at fault.
Result<std::string> domain_xml(const DomainSpec& spec);

/// The secret under which libvirt gets a pass phrase: ephemeral (never stored) and private (never read back).
std::string secret_xml(const VmId& vm);

} // namespace vouchsafe::hypervisor
