#include "net/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <future>
#include <memory>
#include <thread>

namespace vouchsafe::net {

namespace {

bool is_numeric(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> out{};
    return ::inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

bool is_localhost(std::string host) {
    std::ranges::transform(
        host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (host.ends_with('.'))
        host.pop_back();
    return host == "localhost" || host.ends_with(".localhost");
}

Result<std::vector<std::string>> ask_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0)
        return fail(Errc::unavailable, "net.resolve", "no address is known for " + host);
    std::vector<std::string> found;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(
                entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            found.emplace_back(text.data());
    }
    ::freeaddrinfo(list);
    return found;
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
}

} // namespace

std::string to_text(const Endpoint& endpoint) {
    const bool v6 = endpoint.host.contains(':');
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
    Endpoint endpoint{.host = {}, .port = default_port};
    std::string_view port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos)
            return fail(Errc::malformed, "url.host", "'[' without ']'");
        endpoint.host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!is_numeric(endpoint.host) || !endpoint.host.contains(':'))
            return fail(Errc::malformed, "url.host", "not an IPv6 address between the brackets");
    } else {
        const auto colon = text.find(':');
        endpoint.host = text.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
        if (endpoint.host.contains(':'))
            return fail(Errc::malformed, "url.host");
    }
    if (endpoint.host.empty() || endpoint.host.size() > 253 ||
        !std::ranges::all_of(endpoint.host, is_host_character))
        return fail(Errc::malformed, "url.host", "not a host name or address");
    if (port.empty())
        return endpoint;
    const std::string_view number = port.substr(1);
    const char* const end = number.data() + number.size();
    const auto [stopped, error] = std::from_chars(number.data(), end, endpoint.port);
    if (!port.starts_with(':') || error != std::errc{} || stopped != end || endpoint.port == 0)
        return fail(Errc::malformed, "url.port", "a port is a number from 1 to 65535");
    return endpoint;
}

Result<void> check_server_name(std::string_view name) {
    if (name.contains(':'))
        return fail(Errc::malformed, "url.host", "a server's name has no port");
    VS_TRY_VOID(parse_endpoint(name, 443));
    return {};
}

Result<Url> parse_url(std::string_view text) {
    constexpr std::string_view scheme = "https://";
    if (!text.starts_with(scheme))
        return fail(Errc::malformed, "url.scheme", "an address begins with https://");
    text.remove_prefix(scheme.size());
    const auto slash = text.find_first_of("/?#");
    VS_TRY(Endpoint endpoint, parse_endpoint(text.substr(0, slash), 443));
    Url url{.endpoint = std::move(endpoint)};
    if (slash != std::string_view::npos)
        url.target = text.substr(slash);
    const bool clean =
        std::ranges::all_of(url.target, [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
    if (!clean || !url.target.starts_with('/'))
        return fail(Errc::malformed, "url.path");
    return url;
}

Result<std::vector<std::string>> resolve(const std::string& host, const ResolveMap& map, Deadline deadline) {
    if (const auto mapped = map.find(host); mapped != map.end()) {
        if (!is_numeric(mapped->second))
            return fail(Errc::malformed, "net.resolve", "the resolve map gives no address for " + host);
        return std::vector<std::string>{mapped->second};
    }
    if (is_numeric(host))
        return std::vector<std::string>{host};
    if (is_localhost(host))
        return std::vector<std::string>{"127.0.0.1", "::1"};

    // getaddrinfo knows no deadline: it gets a thread of its own, which is left behind when it is too slow.
    auto answer = std::make_shared<std::promise<Result<std::vector<std::string>>>>();
    auto found = answer->get_future();
    std::thread([host, answer] { answer->set_value(ask_system(host)); }).detach();
    if (found.wait_until(deadline) != std::future_status::ready)
        return fail(Errc::timed_out, "net.resolve", "the name server did not answer in time");
    return found.get();
}

Result<ResolveMap> parse_resolve_map(const std::vector<std::string>& entries) {
    ResolveMap map;
    for (const std::string& entry : entries) {
        const auto equals = entry.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size())
            return fail(Errc::malformed, "resolve", entry + ": expected NAME=ADDRESS");
        map.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return map;
}

} // namespace vouchsafe::net
