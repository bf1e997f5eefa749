// Secrets at rest: each in a file of its own, sealed under a key that is not in the directory.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>

namespace vouchsafe::store {

/// Files `<directory>/<name>.sealed`: "VSSF", version 1, nonce (12 bytes), AES-256-GCM ciphertext and tag,
/// under HKDF(state key, "vouchsafe/at-rest/1" ‖ name). A file moved to another name does not open.
class SealedFiles {
public:
    /// `state_key` is 32 bytes; the directory must exist.
    SealedFiles(std::string directory, Secret state_key, Random& random);

    /// `not_found` without the file; `untrusted` when it was sealed under another key or was changed.
    Result<Secret> load(std::string_view name) const;
    Result<void> save(std::string_view name, const Secret& secret);

    /// The same form for secrets that lie in other stores (a provider's client key in a change record).
    Buffer seal(std::string_view name, const Secret& secret) const;
    Result<Secret> open(std::string_view name, Bytes sealed) const;

private:
    std::string path(std::string_view name) const;
    Secret key_for(std::string_view name) const;

    std::string directory_;
    Secret state_key_;
    Random* random_;
};

/// The state key: 32 raw bytes or 64 hex digits in a file descriptor or file that the caller names.
/// `malformed` for any other size.
Result<Secret> parse_state_key(const Secret& content);

} // namespace vouchsafe::store
