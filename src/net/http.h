// HTTP as the rest of the house sees it: a request is a value, a response is a value.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::net {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_ };

std::string_view to_string(Method method);
std::optional<Method> method_from(std::string_view name);

struct Header {
    std::string name; ///< lower case
    std::string value;
};

/// Who is at the other end. A client certificate is accepted from anyone: it proves that the peer holds
/// that key and nothing else; whose key it is decides the handler.
struct PeerIdentity {
    std::string address;                     ///< "127.0.0.1:40312"
    std::optional<std::string> key_sha256{}; ///< hex SHA-256 of the client certificate's SPKI
};

/// A request that was read whole, within the server's limits. Move-only, and its body and headers are
/// wiped at its end, because they may hold a password.
struct Request {
    Method method = Method::get;
    std::string target; ///< origin form, as sent: "/api/session?x=y"
    std::vector<Header> headers{};
    Buffer body{};
    PeerIdentity peer{};

    Request() = default;
    Request(Request&&) noexcept = default;
    Request& operator=(Request&&) noexcept = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request();

    /// The one value of a header (name in lower case); empty when it is absent or given twice.
    std::string_view header(std::string_view name) const;

    /// The target before '?'.
    std::string_view path() const;
    /// The target after '?', empty without one.
    std::string_view query() const;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body{};
    std::vector<Header> headers{};
};

/// The errors that net answers by itself, in the shape that every error of the house has:
/// {"error_type":…,"messages":[{"args":[],"default_message":…,"id":…}]}. `id` and `message` are literals.
Response error_response(int status, std::string_view id, std::string_view message);

/// "%2F" undone; `malformed` at "http.escape" for a broken escape or a NUL.
Result<std::string> percent_decode(std::string_view text);
/// Everything but unreserved characters [RFC 3986 §2.3] escaped.
std::string percent_encode(std::string_view text);

struct QueryItem {
    std::string name;
    std::string value;
};

/// "a=1&a=2&b" in order, at most 64 items.
Result<std::vector<QueryItem>> parse_query(std::string_view query);

} // namespace vouchsafe::net
