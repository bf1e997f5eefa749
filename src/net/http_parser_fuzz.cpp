// HTTP from outside, in pieces: the pieces must not matter, and nothing that is accepted is over its limit.
#include "net/endpoint.h"
#include "net/http_parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace {

using namespace vouchsafe;
using net::RequestParser;

constexpr std::size_t header_limit = 1024;
constexpr std::size_t body_limit = 4096;

// As the server does it: keeps what was not taken, adds what has come, looks at the length after the header.
std::optional<net::Request> read_request(Bytes bytes, std::size_t piece) {
    RequestParser parser(header_limit);
    Buffer held;
    while (true) {
        const std::size_t taken = parser.feed(held);
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(taken));
        const RequestParser::State state = parser.state();
        if (state == RequestParser::State::done)
            return parser.take();
        if (state == RequestParser::State::refused) {
            VS_CHECK(parser.refusal().status >= 400);
            return std::nullopt;
        }
        if (state == RequestParser::State::body && parser.content_length() > body_limit)
            return std::nullopt;
        if (taken > 0)
            continue;
        if (bytes.empty())
            return std::nullopt;
        const Bytes more = bytes.first(std::min(piece, bytes.size()));
        held.insert(held.end(), more.begin(), more.end());
        bytes = bytes.subspan(more.size());
    }
}

void read_response(Bytes bytes) {
    net::ResponseParser parser(net::Method::get, body_limit);
    while (!bytes.empty() && !parser.done()) {
        const auto taken = parser.feed(bytes);
        if (!taken || *taken == 0)
            break;
        bytes = bytes.subspan(*taken);
    }
    if (!parser.done() && !parser.feed_end())
        return;
    VS_CHECK(parser.take().response.body.size() <= body_limit);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    const auto whole = read_request(bytes, size);
    const auto pieces = read_request(bytes, 7);
    // At the very limit of a header the pieces do matter, by some bytes.
    if (as_text(bytes).find("\r\n\r\n") < header_limit - 16)
        VS_CHECK(whole.has_value() == pieces.has_value());
    if (whole && pieces) {
        VS_CHECK(same_bytes(whole->body, pieces->body));
        VS_CHECK(whole->target == pieces->target);
        VS_CHECK(whole->target.starts_with('/'));
        VS_CHECK(whole->body.size() <= body_limit);
        (void)net::parse_query(whole->query());
        (void)net::percent_decode(whole->path());
    }
    read_response(bytes);
    (void)net::parse_url(as_text(bytes));
    return 0;
}
