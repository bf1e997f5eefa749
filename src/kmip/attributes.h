// Attributes of managed objects: what is known of a key, and notes of ours on it.
#pragma once

#include "base/id.h"
#include "kmip/message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::kmip {

/// What we judge a primary key by; servers leave out what they do not keep.
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
    std::optional<std::int64_t> told_at = std::nullopt; ///< no attribute: when the server said all this

    friend bool operator==(const Attributes&, const Attributes&) = default;
};

// Get Attributes
RequestItem get_attributes(ProtocolVersion version, const KeyId& id);
Result<Attributes> read_get_attributes(const ttlv::Item& payload, const KeyId& asked);

// Get Attribute List: the names of the attributes that an object has, as the specification writes them
// ("Cryptographic Length"); one that the tables do not have as its number.
RequestItem get_attribute_list(const KeyId& id);
Result<std::vector<std::string>> read_get_attribute_list(const ttlv::Item& payload, const KeyId& asked);

/// A note of ours on an object: an attribute that only we give a meaning to.
struct VendorAttribute {
    std::string vendor = "x"; ///< Vendor Identification in 2.x, the prefix of the name in 1.x
    std::string name;
    std::string text;

    friend bool operator==(const VendorAttribute&, const VendorAttribute&) = default;
};

// Add Attribute, which every version has [KMIP 1.4 and 2.1, Add Attribute], and Set Attribute, which gives an
// attribute of 2.x its one value [KMIP 2.1, Set Attribute]. Best effort: servers refuse both freely, and
// nothing may depend on them. Both are answered with the identifier.
RequestItem add_attribute(ProtocolVersion version, const KeyId& id, const VendorAttribute& attribute);
RequestItem set_attribute(const KeyId& id, const VendorAttribute& attribute);

} // namespace vouchsafe::kmip
