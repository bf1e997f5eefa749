// The port to a provider's key servers.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "inventory/provider.h"
#include "kmip/attributes.h"
#include "kmip/objects.h"

namespace vouchsafe::keyprovider {

/// A primary key as the key server gave it; nothing is checked yet.
struct FetchedKey {
    kmip::Attributes attributes;
    kmip::SymmetricKey key;
};

/// What goes into AES-256-GCM besides key and text.
struct AeadInput {
    Bytes nonce; ///< 12 bytes, used once with a key
    Bytes additional_data;
};

/// Safe for several threads. Every call ends within a bounded time.
class KeyServer {
public:
    KeyServer() = default;
    KeyServer(const KeyServer&) = delete;
    KeyServer& operator=(const KeyServer&) = delete;
    virtual ~KeyServer() = default;

    virtual Result<FetchedKey> fetch(const inventory::Provider& provider,
                                     const inventory::Generation& generation) = 0;
    virtual Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                                const inventory::Generation& generation) = 0;

    // Wrapping "remote": the primary key stays where it is.

    /// Ciphertext, then the 16-byte tag.
    virtual Result<Buffer> seal(const inventory::Provider& provider,
                                const inventory::Generation& generation,
                                const AeadInput& input,
                                const Secret& plain) = 0;
    /// The inverse; at "blob.open" where the key server does not open it: `untrusted` when it says that the
    /// bytes are wrong, `unavailable` when it may be at fault itself.
    virtual Result<Secret> open(const inventory::Provider& provider,
                                const inventory::Generation& generation,
                                const AeadInput& input,
                                Bytes sealed) = 0;
};

} // namespace vouchsafe::keyprovider
