// Addresses of key servers and proxies, as the API has them and as net takes them.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"
#include "json/value.h"
#include "net/endpoint.h"

#include <cstdint>
#include <optional>

namespace vouchsafe::authority {

inline constexpr std::uint16_t proxy_port = 3128; ///< of a proxy whose port nobody said

/// From the API's network address, checked against the table; `malformed` at "address.port".
Result<inventory::NetworkAddress> read_address(const json::Value& address, std::uint16_t default_port);

inline net::Endpoint endpoint_of(const inventory::NetworkAddress& address) {
    return {.host = address.hostname, .port = address.port};
}

inline std::optional<net::Endpoint> proxy_of(const inventory::Provider& provider) {
    return provider.proxy_server ? std::optional(endpoint_of(*provider.proxy_server)) : std::nullopt;
}

} // namespace vouchsafe::authority
