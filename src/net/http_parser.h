// Within net: HTTP/1.1 as a machine that is fed bytes. Hides Beast's parsers.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/http.h"
#include "net/https_client.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::net {

/// Reads one request. Feed it what has come; it says how far it is.
class RequestParser {
public:
    enum class State : std::uint8_t { header, body, done, refused };

    explicit RequestParser(std::size_t header_bytes);
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;
    ~RequestParser();

    /// Takes bytes from the front of `bytes` and says how many; stops once after the header, so that the
    /// body's limit can be set, and at the end of the request.
    std::size_t feed(Bytes bytes);

    State state() const;

    // once the header is there
    Method method() const;
    std::string_view target() const;
    std::size_t content_length() const;
    bool expects_continue() const;

    Request take(); ///< once done; `peer` is left to the caller
    bool keep_alive() const;

    /// Once refused: what to answer.
    Response refusal() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The bytes of a response, with its length, ready to be sent.
std::string encode_response(const Response& response, bool with_body, bool keep_alive);

struct ParsedResponse {
    ClientResponse response;
    bool keep_alive = false;
};

/// Reads one response.
class ResponseParser {
public:
    ResponseParser(Method asked, std::size_t body_bytes);
    ResponseParser(const ResponseParser&) = delete;
    ResponseParser& operator=(const ResponseParser&) = delete;
    ~ResponseParser();

    /// Takes bytes from the front and says how many; "net.response" when they are no HTTP or come in chunks,
    /// `too_large` beyond the limit. Call it again with the rest: it stops after the header.
    Result<std::size_t> feed(Bytes bytes);
    /// The peer has closed: the end of a body without length, otherwise an error.
    Result<void> feed_end();

    bool done() const;
    ParsedResponse take();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The status of a whole header, blank line included, that answers CONNECT: no body belongs to it whatever it
/// says [RFC 9110 §9.3.6]. `malformed` at "net.proxy".
Result<int> connect_status(Bytes header);

} // namespace vouchsafe::net
