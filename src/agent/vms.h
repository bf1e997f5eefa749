// The encrypted VMs of this host: <vm directory>/<uuid>/{disk.qcow2, nvram.fd, console.log, vouchsafe.json}.
#pragma once

#include "agent/config.h"
#include "agent/trust.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "hypervisor/disk_images.h"
#include "hypervisor/hypervisor.h"
#include "protocol/workload.h"

#include <vector>

namespace vouchsafe::agent {

/// Used by one thread at a time.
class Vms {
public:
    struct Parts {
        KeySource& keys;
        hypervisor::Hypervisor& hypervisor;
        hypervisor::DiskImages& disks;
        Random& random;
    };

    Vms(VmHostConfig config, Parts parts);

    /// generate-key, disk, definition, record. After a failure nothing of it is left.
    Result<protocol::CreatedKey> create(const protocol::VmCreateOrder& order);

    /// Checks the disk's header, asks for the key, starts. Refused while this host is not trusted.
    Result<void> start(const VmId& vm);

    /// Has the VM's key wrapped anew under its provider's newest generation, and keeps the new blob in place
    /// of the old one. The VM may run.
    Result<protocol::CreatedKey> rewrap(const VmId& vm);

    /// Asks the guest to shut down, and ends it when it does not listen.
    Result<void> stop(const VmId& vm);

    /// The VM and its directory; it must be stopped. What is gone already is no error.
    Result<void> remove(const VmId& vm);

    Result<std::vector<protocol::VmReport>> report();

private:
    struct Files;
    class Unfinished;

    Result<Files> files(const VmId& vm) const;
    Result<std::filesystem::path> image(const std::string& name) const;
    Result<void> make_disk(const Files& files, const protocol::VmCreateOrder& order, const Secret& kek);
    Result<void> define(const Files& files, const protocol::VmCreateOrder& order, const std::string& record);

    VmHostConfig config_;
    Parts parts_;
};

} // namespace vouchsafe::agent
