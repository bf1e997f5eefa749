#include "store/state_key.h"

#include "store/files.h"
#include "store/sealed_files.h"

#include <cstdlib>

namespace vouchsafe::store {

namespace {

constexpr std::size_t most_bytes = 128;

Result<std::string> path_of(const StateKeySource& source) {
    if (source.fd >= 0)
        return "/proc/self/fd/" + std::to_string(source.fd);
    if (!source.unsafe_plaintext_file.empty())
        return source.unsafe_plaintext_file;
    const char* const credentials =
        std::getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe): at start
    if (credentials == nullptr)
        return fail(
            Errc::malformed,
            "state_key",
            "no state key: give --state-key-fd, a systemd credential, or --unsafe-plaintext-key-file");
    return std::string(credentials) + "/vouchsafe-state-key";
}

} // namespace

Result<Secret> read_state_key(const StateKeySource& source) {
    VS_TRY(const std::string path, path_of(source));
    VS_TRY(const Secret content, read_secret_file(path, most_bytes));
    return parse_state_key(content);
}

} // namespace vouchsafe::store
