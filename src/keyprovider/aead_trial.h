// Whether a key server's AEAD is one: tried before anything is wrapped with it.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "keyprovider/key_server.h"

namespace vouchsafe::keyprovider {

enum class SelfTest : std::uint8_t {
    whole,  ///< seals a random block and opens it again
    opening ///< only what must not open: for a key that wraps no more
};

/// Establishes that a block comes back as it was sealed (primary_key.aead), and that another tag
/// (primary_key.aead_tag), other additional data (primary_key.aead_data) and another nonce
/// (primary_key.aead_nonce) are refused; `conflict`. Fails as the key server does where it cannot be told.
Result<void> test_aead(KeyServer& server,
                       const inventory::Provider& provider,
                       const inventory::Generation& generation,
                       SelfTest test,
                       Random& random);

/// Of each key server of the provider by itself, and then whether all hold the same key: a block that the
/// first one sealed opens on every other one (primary_key.replica). Fails with the first reason, which names
/// the server.
Result<void> test_replicas(KeyServer& servers,
                           const inventory::Provider& provider,
                           const inventory::Generation& generation,
                           Random& random);

} // namespace vouchsafe::keyprovider
