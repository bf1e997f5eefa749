#include "store/state_key.h"

#include "store/files.h"
#include "store/sealed_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace vouchsafe::store {

namespace {

constexpr std::size_t most_bytes = 128;

Result<Secret> read_descriptor(int fd) {
    return read_secret_file("/proc/self/fd/" + std::to_string(fd), most_bytes);
}

// Looked at and read through one descriptor, so that both are of the same file.
Result<Secret> read_plain_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(Errc::not_found, "state_key.file", path + ": cannot be opened");
    struct stat status{};
    const bool is_private = ::fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    auto content = is_private
                       ? read_descriptor(fd)
                       : fail(Errc::denied, "state_key.mode", path + ": others may read it; chmod 600 it");
    ::close(fd);
    return content;
}

Result<Secret> read_credential() {
    const char* const credentials =
        std::getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe): at start
    if (credentials == nullptr)
        return fail(
            Errc::malformed,
            "state_key",
            "no state key: give --state-key-fd, a systemd credential, or --unsafe-plaintext-key-file");
    return read_secret_file(std::string(credentials) + "/vouchsafe-state-key", most_bytes);
}

Result<Secret> read_content(const StateKeySource& source) {
    if (source.fd >= 0)
        return read_descriptor(source.fd);
    if (!source.unsafe_plaintext_file.empty())
        return read_plain_file(source.unsafe_plaintext_file);
    return read_credential();
}

} // namespace

Result<Secret> read_state_key(const StateKeySource& source) {
    VS_TRY(const Secret content, read_content(source));
    return parse_state_key(content);
}

} // namespace vouchsafe::store
