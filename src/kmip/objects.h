// The life of a key on the key server: made or brought, found, got, led from state to state, destroyed.
//
// Create, Register and Re-key are not idempotent: after a lost answer look for the key by a unique name
// before asking again.
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/secret.h"
#include "kmip/message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::kmip {

// Create: an AES key made by the server.
struct NewKey {
    std::int32_t length = 256; ///< bits
    std::uint32_t usage_mask = usage::encrypt | usage::decrypt;
    std::string name; ///< Name attribute; empty for none
};

RequestItem create(ProtocolVersion version, const NewKey& key);
Result<KeyId> read_create(const ttlv::Item& payload);

// Register: a raw AES key of ours. Length and algorithm are said in the Key Block and nowhere else, so that
// nothing contradicts anything; the key is Pre-Active until Activate, for activation dates are not portable.
struct RegisteredKey {
    const Secret& material;
    std::uint32_t usage_mask = usage::encrypt | usage::decrypt;
    std::string name; ///< Name attribute; empty for none
};

RequestItem register_key(ProtocolVersion version, const RegisteredKey& key);
Result<KeyId> read_register(const ttlv::Item& payload);

// Get: a symmetric key as its bytes. No Key Format Type is asked for: some servers know only raw keys and
// some only transparent ones, and both are read.
struct SymmetricKey {
    std::optional<Algorithm> algorithm; ///< as the Key Block says, which is not the attribute
    std::optional<std::int32_t> length; ///< bits
    Secret material;
};

RequestItem get(const KeyId& id);
Result<SymmetricKey> read_get(const ttlv::Item& payload, const KeyId& asked);

// Locate by Name. Servers match loosely: look at what was found before using it.
struct Page {
    std::int32_t most = 16; ///< Maximum Items; the largest page that every server met serves
    std::int32_t skip = 0;  ///< Offset Items, which KMIP has since 1.3; sent only where it is not 0
};

RequestItem locate_by_name(ProtocolVersion version, std::string_view name, Page page);
Result<std::vector<KeyId>> read_locate(const ttlv::Item& payload);

// Re-key: a new key with the attributes of the old one, which stays as it is. Linked to each other.
RequestItem rekey(const KeyId& id);
Result<KeyId> read_rekey(const ttlv::Item& payload, const KeyId& old);

// Check: whether the server's policy would let a key be used so, without using it. A server that objects
// answers with the usage that it refuses, which becomes a failure of class final.
RequestItem check(const KeyId& id, std::uint32_t usage_mask);
Result<void> read_check(const ttlv::Item& payload, const KeyId& asked);

// Activate, Revoke, Destroy: answered with the identifier alone.
RequestItem activate(const KeyId& id);
RequestItem revoke(const KeyId& id, RevocationReason reason);
RequestItem destroy(const KeyId& id);
Result<void> read_identifier(const ttlv::Item& payload, const KeyId& asked);

} // namespace vouchsafe::kmip
