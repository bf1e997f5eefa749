// Disks of encrypted VMs, made by qemu-img and checked by us.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "vmcrypt/disk_header.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace vouchsafe::hypervisor {

struct DiskRequest {
    std::filesystem::path path;   ///< must not exist; appears complete or not at all
    std::uint64_t size_bytes = 0; ///< a multiple of 512; not less than the source
    std::optional<std::filesystem::path>
        source_image; ///< raw; copied into the new disk, encrypted on the way
};

struct DiskFacts {
    vmcrypt::Qcow2Header qcow2;
    vmcrypt::Luks1Header luks;
};

/// Percent done, 0 to 100.
using Progress = std::function<void(int)>;

/// Port: what the agent asks of disk images.
class DiskImages {
public:
    DiskImages() = default;
    DiskImages(const DiskImages&) = delete;
    DiskImages& operator=(const DiskImages&) = delete;
    virtual ~DiskImages() = default;

    /// Makes a qcow2 with LUKS under `passphrase`. `exists`, `timed_out`, or `unavailable` with qemu-img's
    /// words.
    virtual Result<void>
    create(const DiskRequest& request, const Secret& passphrase, const Progress& progress) = 0;

    /// Reads the header of the file at `path` and judges it (vmcrypt/disk_header.h).
    virtual Result<DiskFacts> check(const std::filesystem::path& path) = 0;
};

struct QemuImgOptions {
    std::filesystem::path program = "/usr/bin/qemu-img";
    std::chrono::milliseconds time_limit = std::chrono::minutes(30);
};

/// By qemu-img: the pass phrase goes through an inherited pipe, never by argv, environment or disk.
std::unique_ptr<DiskImages> make_qemu_disk_images(QemuImgOptions options);

} // namespace vouchsafe::hypervisor
