// The operations as types: what goes into a request payload and what comes out of a response payload.
//
// Version shapes are hidden here: 1.x names attributes by text in a Template-Attribute, 2.x has an
// Attributes structure with a tag each. Every request that means an object names its Unique Identifier;
// the ID Placeholder is never relied on (PyKMIP keeps one for all connections together).
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "kmip/message.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vouchsafe::kmip {

// Discover Versions
RequestItem discover_versions(std::span<const ProtocolVersion> offered);
Result<ServerVersions> read_discover_versions(const ttlv::Item& payload);

// Query
struct ServerFacts {
    std::set<std::uint32_t> operations; ///< values of Operation, those we do not know included
    std::string vendor;                 ///< Vendor Identification, may be empty

    bool can(Operation operation) const { return operations.contains(static_cast<std::uint32_t>(operation)); }
};

RequestItem query();
Result<ServerFacts> read_query(const ttlv::Item& payload);

// Create: an AES key made by the server.
struct NewKey {
    std::int32_t length = 256; ///< bits
    std::uint32_t usage_mask = usage::encrypt | usage::decrypt;
    std::string name; ///< Name attribute; empty for none
};

RequestItem create(ProtocolVersion version, const NewKey& key);
Result<KeyId> read_create(const ttlv::Item& payload);

// Get: a symmetric key as its bytes. No Key Format Type is asked for: some servers know only raw keys and
// some only transparent ones, and both are read.
struct SymmetricKey {
    std::optional<Algorithm> algorithm; ///< as the Key Block says, which is not the attribute
    std::optional<std::int32_t> length; ///< bits
    Secret material;
};

RequestItem get(const KeyId& id);
Result<SymmetricKey> read_get(const ttlv::Item& payload, const KeyId& asked);

// Get Attributes: what we judge a primary key by; servers leave out what they do not keep.
struct Attributes {
    std::optional<State> state = std::nullopt;
    std::optional<ObjectType> object_type = std::nullopt;
    std::optional<Algorithm> algorithm = std::nullopt;
    std::optional<std::int32_t> length = std::nullopt; ///< bits
    std::optional<std::uint32_t> usage_mask = std::nullopt;
    // Dates in seconds since 1970, by the server's clock.
    std::optional<std::int64_t> activation = std::nullopt;
    std::optional<std::int64_t> process_start = std::nullopt;
    std::optional<std::int64_t> protect_stop = std::nullopt;
    std::optional<std::int64_t> deactivation = std::nullopt;
    std::optional<std::int64_t> compromise = std::nullopt;

    friend bool operator==(const Attributes&, const Attributes&) = default;
};

RequestItem get_attributes(ProtocolVersion version, const KeyId& id);
Result<Attributes> read_get_attributes(const ttlv::Item& payload, const KeyId& asked);

// Locate by Name, at most `most` objects. Servers match loosely: look at what was found before using it.
RequestItem locate_by_name(ProtocolVersion version, std::string_view name, std::int32_t most);
Result<std::vector<KeyId>> read_locate(const ttlv::Item& payload);

// Activate, Revoke, Destroy: answered with the identifier alone.
RequestItem activate(const KeyId& id);
RequestItem revoke(const KeyId& id, RevocationReason reason);
RequestItem destroy(const KeyId& id);
Result<void> read_identifier(const ttlv::Item& payload, const KeyId& asked);

} // namespace vouchsafe::kmip
