// What a key server is: its versions and its operations [KMIP 1.4, Discover Versions, Query].
#pragma once

#include "kmip/message.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>

namespace vouchsafe::kmip {

RequestItem discover_versions(std::span<const ProtocolVersion> offered);
Result<ServerVersions> read_discover_versions(const ttlv::Item& payload);

struct ServerFacts {
    std::set<std::uint32_t> operations; ///< values of Operation, those we do not know included
    std::string vendor;                 ///< Vendor Identification, may be empty

    bool can(Operation operation) const { return operations.contains(static_cast<std::uint32_t>(operation)); }
};

RequestItem query();
Result<ServerFacts> read_query(const ttlv::Item& payload);

} // namespace vouchsafe::kmip
