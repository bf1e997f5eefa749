// What the files of the audit log ask of the operating system.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "base/result.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::store {

/// How the log reaches its disk; a test puts something in its place that fails.
struct DiskCalls {
    std::function<ssize_t(int fd, const char* bytes, std::size_t size, off_t at)> write;
    std::function<int(int fd)> sync;
    std::function<int(int fd, off_t size)> cut;
    std::function<int(const char* from, const char* to)> rename;

    static DiskCalls real(); ///< pwrite, fdatasync, ftruncate, rename
};

/// `unavailable`, with what the operating system says (errno).
Error disk_error(std::string_view where, const std::string& path);

/// An open file; shared by who writes it and who reads it.
class AuditDescriptor {
public:
    /// Mode 0600 where it is made.
    static Result<std::shared_ptr<const AuditDescriptor>> open(const std::string& path, int flags);

    explicit AuditDescriptor(int fd) : fd_(fd) {}

    AuditDescriptor(const AuditDescriptor&) = delete;
    AuditDescriptor& operator=(const AuditDescriptor&) = delete;
    ~AuditDescriptor();

    int fd() const { return fd_; }

    Result<std::uint64_t> size(const std::string& path) const;

private:
    int fd_;
};

/// The first `size` bytes, in pieces, to `take`, which says whether it wants more.
Result<void> read_pieces(const AuditDescriptor& file,
                         const std::string& path,
                         std::uint64_t size,
                         const std::function<bool(std::string_view)>& take);

/// The same through a verifier of the chain: how it ended.
Result<std::expected<void, audit::Break>>
read_records(const AuditDescriptor& file,
             const std::string& path,
             std::uint64_t size,
             audit::ChainVerifier& verifier,
             const std::function<void(const audit::AuditRecord&)>& on_record);

/// So that a crash does not undo a renaming.
void sync_folder_of(const std::string& path);

} // namespace vouchsafe::store
