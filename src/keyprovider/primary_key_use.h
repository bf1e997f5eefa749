// AES-256-GCM under a primary key, wherever that is: the same blobs come of both.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "keyprovider/key_server.h"

#include <variant>

namespace vouchsafe::keyprovider {

/// A primary key that does not leave its key server. What it points to outlives it.
struct RemoteKey {
    KeyServer* server = nullptr;
    const inventory::Provider* provider = nullptr;
    const inventory::Generation* generation = nullptr;
};

/// A primary key to be used; it refers to a key and does not hold one.
class PrimaryKeyUse {
public:
    // Implicit: whoever has either kind of key has a use of it, and there is nothing else to say.
    PrimaryKeyUse(const Secret& in_memory) : where_(&in_memory) {} // NOLINT(google-explicit-constructor)

    PrimaryKeyUse(const RemoteKey& remote) : where_(remote) {} // NOLINT(google-explicit-constructor)

    /// Ciphertext, then the 16-byte tag. Under a key in memory it never fails.
    Result<Buffer> seal(const AeadInput& input, const Secret& plain) const;

    /// At "blob.open" when it is not what was sealed so; else as the key server fails.
    Result<Secret> open(const AeadInput& input, Bytes sealed) const;

private:
    std::variant<const Secret*, RemoteKey> where_;
};

} // namespace vouchsafe::keyprovider
