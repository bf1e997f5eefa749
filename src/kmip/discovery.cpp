#include "kmip/discovery.h"

#include "kmip/shapes.h"

#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

} // namespace

RequestItem discover_versions(std::span<const ProtocolVersion> offered) {
    RequestItem out{.operation = Operation::discover_versions, .payload = {}};
    for (const ProtocolVersion version : offered)
        out.payload.push_back(ttlv::structure(Tag::protocol_version,
                                              {ttlv::integer(Tag::protocol_version_major, version.major),
                                               ttlv::integer(Tag::protocol_version_minor, version.minor)}));
    return out;
}

Result<ServerVersions> read_discover_versions(const Item& payload) {
    ServerVersions out;
    for (const Item& item : *payload.as<Structure>()) {
        if (item.tag != Tag::protocol_version)
            continue;
        const auto* const major = find_value<std::int32_t>(item, Tag::protocol_version_major);
        const auto* const minor = find_value<std::int32_t>(item, Tag::protocol_version_minor);
        if (major == nullptr || minor == nullptr)
            return wrong_shape("Discover Versions gave no version numbers");
        out.push_back({*major, *minor});
    }
    return out;
}

RequestItem query() {
    const auto function = [](QueryFunction value) {
        return ttlv::enumeration(Tag::query_function, std::to_underlying(value));
    };
    return {.operation = Operation::query,
            .payload = {function(QueryFunction::operations), function(QueryFunction::server_information)}};
}

Result<ServerFacts> read_query(const Item& payload) {
    ServerFacts out;
    for (const Item& item : *payload.as<Structure>()) {
        const auto* const number = item.as<ttlv::Enumeration>();
        if (item.tag == Tag::operation && number != nullptr)
            out.operations.insert(number->value);
    }
    if (const auto* const vendor = find_value<std::string>(payload, Tag::vendor_identification))
        out.vendor = *vendor;
    return out;
}

} // namespace vouchsafe::kmip
