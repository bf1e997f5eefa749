#include "store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace vouchsafe::store {

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() {
        if (fd_ >= 0)
            ::close(fd_);
    }

    int get() const { return fd_; }

    bool valid() const { return fd_ >= 0; }

private:
    int fd_;
};

std::unexpected<Error> file_error(std::string_view where, const std::string& path) {
    const int error = errno;
    const Errc code = error == ENOENT ? Errc::not_found : error == EACCES ? Errc::denied : Errc::unavailable;
    return fail(
        code, where, path + ": " + std::strerror(error)); // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

Result<void> write_all(int fd, Bytes content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return file_error("file.write", path);
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

/// One read, which may give less than the space: securityfs gives a page at a time. 0 at the end.
Result<std::size_t> read_some(int fd, std::span<std::uint8_t> space, const std::string& path) {
    ssize_t got = 0;
    do
        got = ::read(fd, space.data(), space.size());
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return file_error("file.read", path);
    return static_cast<std::size_t>(got);
}

std::unexpected<Error> too_large(const std::string& path, std::size_t most) {
    return fail(Errc::too_large, "file.size", path + ": larger than " + std::to_string(most) + " bytes");
}

// The content in `most` + 1 bytes of the caller's, so that secrets are read straight into their place.
Result<std::size_t> read_into(const std::string& path, std::span<std::uint8_t> space) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
        return file_error("file.open", path);
    std::size_t have = 0;
    while (have < space.size()) {
        VS_TRY(const std::size_t got, read_some(file.get(), space.subspan(have), path));
        if (got == 0)
            return have;
        have += got;
    }
    return too_large(path, space.size() - 1);
}

} // namespace

Result<Buffer> read_file(const std::string& path, std::size_t most) {
    constexpr std::size_t first_space = std::size_t{64} << 10U; // and twice as much each time it is full
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
        return file_error("file.open", path);
    Buffer content;
    std::size_t have = 0;
    for (;;) {
        if (have == content.size())
            content.resize(std::min(std::max(2 * have, first_space), most + 1));
        VS_TRY(const std::size_t got, read_some(file.get(), std::span(content).subspan(have), path));
        have += got;
        if (have > most)
            return too_large(path, most);
        if (got == 0)
            break;
    }
    content.resize(have);
    return content;
}

Result<Secret> read_secret_file(const std::string& path, std::size_t most) {
    Secret space(most + 1);
    VS_TRY(const std::size_t size,
           space.fill([&](std::span<std::uint8_t> bytes) { return read_into(path, bytes); }));
    return space.expose([size](Bytes bytes) { return Secret(bytes.first(size)); });
}

Result<void> write_file(const std::string& path, Bytes content) {
    const std::string beside = path + ".new";
    {
        const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file.valid())
            return file_error("file.create", beside);
        VS_TRY_VOID(write_all(file.get(), content, beside));
        if (::fsync(file.get()) != 0)
            return file_error("file.sync", beside);
    }
    if (::rename(beside.c_str(), path.c_str()) != 0)
        return file_error("file.rename", path);
    const Descriptor directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0)
        return file_error("file.sync", directory_of(path));
    return {};
}

Result<void> make_private_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return file_error("directory.make", path);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0)
        return file_error("directory.look", path);
    if (!S_ISDIR(status.st_mode))
        return fail(Errc::conflict, "directory.kind", path + ": is no directory");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(Errc::denied, "directory.mode", path + ": others may enter it; chmod 700 it");
    return {};
}

} // namespace vouchsafe::store
