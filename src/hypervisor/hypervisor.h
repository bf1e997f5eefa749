// The hypervisor: the only user of libvirt and QEMU.
//
// A VM is described as data (DomainSpec); the domain XML is made here and nowhere else. A pass phrase is
// given to libvirt as an ephemeral, private secret for the time of one start, and taken back whatever
// happens. What would write guest memory to a plain file does not exist here: there is no call for managed
// save, memory snapshot or dump, and a domain that has a managed save image is not started. libvirt is loaded
// when a connection is made, so that a program which runs where there is none can link this.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "hypervisor/domain_spec.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::hypervisor {

enum class VmState : std::uint8_t { stopped, running, paused, crashed };

std::string_view to_string(VmState state);

struct VmStatus {
    VmId id;
    std::string name;
    VmState state = VmState::stopped;
};

enum class StopMode : std::uint8_t { graceful, force };

/// Port: what the agent asks of a hypervisor. Calls are safe from several threads.
class Hypervisor {
public:
    Hypervisor() = default;
    Hypervisor(const Hypervisor&) = delete;
    Hypervisor& operator=(const Hypervisor&) = delete;
    virtual ~Hypervisor() = default;

    /// `exists` when a VM of that id or name is known.
    virtual Result<void> define(const DomainSpec& spec) = 0;

    /// Starts an encrypted VM and returns how long it took until libvirt said STARTED. Refuses (`conflict`) a
    /// VM that runs already, one with a managed save image, and any where plain swap is on; `denied` when the
    /// pass phrase does not open the disk. The secret is out of libvirt when this returns.
    virtual Result<std::chrono::milliseconds> start(const VmId& vm, const Secret& passphrase) = 0;

    /// graceful: asks the guest and waits up to `patience` (`timed_out` when it goes on); force: ends it.
    /// A VM that is stopped already is no error.
    virtual Result<void> stop(const VmId& vm, StopMode mode, std::chrono::seconds patience) = 0;

    /// Puts another key record (DomainSpec::key_record) in place of the one that `define` wrote; the VM may
    /// run.
    virtual Result<void> set_key_record(const VmId& vm, const std::string& record) = 0;

    /// Forgets a stopped VM; its files are the caller's. `conflict` while it runs.
    virtual Result<void> undefine(const VmId& vm) = 0;

    virtual Result<VmState> state(const VmId& vm) = 0;

    /// The VMs that `define` made, told by their metadata; other people's domains are not shown.
    virtual Result<std::vector<VmStatus>> list() = 0;
};

/// Connects to libvirt, such as "qemu:///system". `unsupported` where libvirt is not installed.
Result<std::unique_ptr<Hypervisor>> connect_libvirt(const std::string& uri);

} // namespace vouchsafe::hypervisor
