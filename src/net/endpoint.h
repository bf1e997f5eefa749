// Where a service is: a name and a port; and how a name becomes addresses.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::net {

using Deadline = std::chrono::steady_clock::time_point;

struct Endpoint {
    std::string host; ///< a name or an address, without brackets
    std::uint16_t port = 443;

    auto operator<=>(const Endpoint&) const = default;
};

/// "host:port", "[::1]:port".
std::string to_text(const Endpoint& endpoint);

struct Url {
    Endpoint endpoint;
    std::string target = "/"; ///< path and query
};

/// "https://host[:port][/path]" and nothing else; `malformed` at "url.…".
Result<Url> parse_url(std::string_view text);
/// "host[:port]" or "[v6][:port]".
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

/// Whether it can be a server's own name, in certificates and URLs: no port, no brackets. `malformed` at
/// "url.host".
Result<void> check_server_name(std::string_view name);

/// Name → address, as a program's configuration gives it. It comes before everything else.
using ResolveMap = std::map<std::string, std::string, std::less<>>;

/// From "name=address" each; `malformed` at "resolve".
Result<ResolveMap> parse_resolve_map(const std::vector<std::string>& entries);

/// Numeric addresses of `host`, in the order to try them: the map; a numeric address is itself; "localhost"
/// and names below it are loopback [RFC 6761 §6.3]; everything else asks the system's resolver, not longer
/// than the deadline.
Result<std::vector<std::string>> resolve(const std::string& host, const ResolveMap& map, Deadline deadline);

} // namespace vouchsafe::net
