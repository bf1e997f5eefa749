#include "store/audit_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace vouchsafe::store {

namespace {

constexpr std::uint64_t piece = std::uint64_t{256} << 10U;

} // namespace

DiskCalls DiskCalls::real() {
    return {.write =
                [](int fd, const char* bytes, std::size_t size, off_t at) {
                    return ::pwrite(fd, bytes, size, at);
                },
            .sync = ::fdatasync,
            .cut = ::ftruncate,
            .rename = ::rename};
}

Error disk_error(std::string_view where, const std::string& path) {
    return {.code = Errc::unavailable,
            .where = std::string(where),
            .detail = path + ": " + std::strerror(errno)}; // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

Result<std::shared_ptr<const AuditDescriptor>> AuditDescriptor::open(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return std::unexpected(disk_error("audit.open", path));
    return std::make_shared<const AuditDescriptor>(fd);
}

AuditDescriptor::~AuditDescriptor() {
    ::close(fd_);
}

Result<std::uint64_t> AuditDescriptor::size(const std::string& path) const {
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    if (size < 0)
        return std::unexpected(disk_error("audit.size", path));
    return static_cast<std::uint64_t>(size);
}

Result<void> read_pieces(const AuditDescriptor& file,
                         const std::string& path,
                         std::uint64_t size,
                         const std::function<bool(std::string_view)>& take) {
    std::string space(static_cast<std::size_t>(std::min(piece, size)), '\0');
    for (std::uint64_t at = 0; at < size;) {
        const auto want = static_cast<std::size_t>(std::min(piece, size - at));
        const ssize_t got = ::pread(file.fd(), space.data(), want, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return std::unexpected(disk_error("audit.read", path));
        at += static_cast<std::uint64_t>(got);
        if (!take(std::string_view(space.data(), static_cast<std::size_t>(got))))
            break;
    }
    return {};
}

Result<std::expected<void, audit::Break>>
read_records(const AuditDescriptor& file,
             const std::string& path,
             std::uint64_t size,
             audit::ChainVerifier& verifier,
             const std::function<void(const audit::AuditRecord&)>& on_record) {
    std::expected<void, audit::Break> good;
    VS_TRY_VOID(read_pieces(file, path, size, [&](std::string_view bytes) {
        good = verifier.feed(bytes, on_record);
        return good.has_value();
    }));
    return good ? verifier.finish() : good;
}

void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (const auto opened = AuditDescriptor::open(folder, O_RDONLY | O_DIRECTORY))
        ::fsync((*opened)->fd());
}

} // namespace vouchsafe::store
