#include "net/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/vector_body.hpp>

#include <algorithm>
#include <limits>

namespace vouchsafe::net {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Body = http::vector_body<std::uint8_t>;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

template <class Fields> std::vector<Header> headers_of(const Fields& fields) {
    std::vector<Header> out;
    for (const auto& field : fields)
        out.push_back({.name = lower(view(field.name_string())), .value = std::string(view(field.value()))});
    return out;
}

boost::asio::const_buffer buffer_of(Bytes bytes) {
    return {bytes.data(), bytes.size()};
}

Response response_for(const error_code& error) {
    if (error == http::error::header_limit)
        return error_response(431, "net.header_too_large", "The header of the request is too large.");
    if (error == http::error::bad_version)
        return error_response(505, "net.http_version", "This server speaks HTTP/1.1.");
    return error_response(400, "net.malformed_request", "This is not a well-formed HTTP request.");
}

std::string_view reason_phrase(int status) {
    return view(http::obsolete_reason(static_cast<http::status>(status)));
}

} // namespace

struct RequestParser::Impl {
    http::request_parser<Body> parser{};
    State state = State::header;
    Method method = Method::get;
    std::optional<Response> refusal{};

    void refuse(Response response) {
        state = State::refused;
        refusal = std::move(response);
    }

    // What Beast leaves to its user. A body has a length: requests in chunks are refused, so that there is
    // one reading of where a request ends, and its size is known before any of it is taken.
    void look_at_header() {
        const auto& message = parser.get();
        const auto known = method_from(view(message.method_string()));
        if (!known)
            return refuse(error_response(501, "net.method", "This method is not served."));
        method = *known;
        if (message.version() != 11 && message.version() != 10)
            return refuse(error_response(505, "net.http_version", "This server speaks HTTP/1.1."));
        if (message.count(http::field::transfer_encoding) != 0)
            return refuse(error_response(411, "net.length_required", "A body needs a Content-Length."));
        if (!view(message.target()).starts_with('/') || view(message.target()).contains('#'))
            return refuse(error_response(400, "net.target", "The target is not a path."));
        const std::string_view expect = view(message[http::field::expect]);
        if (!expect.empty() && lower(expect) != "100-continue")
            return refuse(error_response(417, "net.expectation", "This expectation is not met."));
        if (!parser.is_done())
            state = State::body;
    }
};

RequestParser::RequestParser(std::size_t header_bytes) : impl_(std::make_unique<Impl>()) {
    impl_->parser.header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(header_bytes, std::numeric_limits<std::uint32_t>::max())));
    impl_->parser.body_limit(boost::none); // the caller compares content_length() before it feeds the body
    impl_->parser.eager(false);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(Bytes bytes) {
    error_code error;
    std::size_t taken = 0;
    while (taken < bytes.size() && impl_->state != State::done && impl_->state != State::refused) {
        const std::size_t now = impl_->parser.put(buffer_of(bytes.subspan(taken)), error);
        taken += now;
        if (error && error != http::error::need_more) {
            impl_->refuse(response_for(error));
            break;
        }
        const bool header_came = impl_->state == State::header && impl_->parser.is_header_done();
        if (header_came)
            impl_->look_at_header();
        if (impl_->state != State::refused && impl_->parser.is_done())
            impl_->state = State::done;
        if (header_came || now == 0)
            break;
    }
    return taken;
}

RequestParser::State RequestParser::state() const {
    return impl_->state;
}

Method RequestParser::method() const {
    return impl_->method;
}

std::string_view RequestParser::target() const {
    return view(impl_->parser.get().target());
}

std::size_t RequestParser::content_length() const {
    const auto length = impl_->parser.content_length();
    return length ? static_cast<std::size_t>(*length) : 0;
}

bool RequestParser::expects_continue() const {
    return impl_->parser.get().count(http::field::expect) != 0;
}

Request RequestParser::take() {
    auto message = impl_->parser.release();
    Request request;
    request.method = impl_->method;
    request.target = std::string(view(message.target()));
    request.headers = headers_of(message);
    request.body = std::move(message.body());
    return request;
}

bool RequestParser::keep_alive() const {
    return impl_->parser.keep_alive();
}

Response RequestParser::refusal() const {
    return *impl_->refusal;
}

std::string encode_response(const Response& response, bool with_body, bool keep_alive) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.append(reason_phrase(response.status)).append("\r\n");
    for (const Header& header : response.headers)
        out.append(header.name).append(": ").append(header.value).append("\r\n");
    if (response.status != 204) {
        if (!response.body.empty())
            out.append("Content-Type: ").append(response.content_type).append("\r\n");
        out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    }
    out.append("Cache-Control: no-store\r\n");
    if (!keep_alive)
        out.append("Connection: close\r\n");
    out.append("\r\n");
    if (with_body && response.status != 204)
        out.append(response.body);
    return out;
}

struct ResponseParser::Impl {
    http::response_parser<Body> parser{};
};

ResponseParser::ResponseParser(Method asked, std::size_t body_bytes) : impl_(std::make_unique<Impl>()) {
    impl_->parser.header_limit(64 * 1024);
    impl_->parser.body_limit(body_bytes);
    impl_->parser.eager(false); // so that feed sees the header before Beast reads on
    impl_->parser.skip(asked == Method::head);
}

ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::feed(Bytes bytes) {
    error_code error;
    const std::size_t taken = impl_->parser.put(buffer_of(bytes), error);
    if (error == http::error::body_limit || error == http::error::header_limit)
        return fail(Errc::too_large, "net.response", "the server's answer is too large");
    if (error && error != http::error::need_more)
        return fail(Errc::malformed, "net.response", "the server's answer is not HTTP");
    // Our servers never send chunks, and Beast 1.81 asserts on a chunk cut off in the wrong place.
    if (impl_->parser.is_header_done() && impl_->parser.get().count(http::field::transfer_encoding) != 0)
        return fail(Errc::unsupported, "net.response", "the server's answer comes in chunks");
    return taken;
}

Result<void> ResponseParser::feed_end() {
    error_code error;
    if (impl_->parser.got_some())
        impl_->parser.put_eof(error);
    if (error || !impl_->parser.is_done())
        return fail(Errc::unavailable, "net.connection", "the server closed the connection");
    return {};
}

bool ResponseParser::done() const {
    return impl_->parser.is_done();
}

ParsedResponse ResponseParser::take() {
    const bool keep_alive = impl_->parser.keep_alive();
    auto message = impl_->parser.release();
    ParsedResponse out{.response = {.status = static_cast<int>(message.result_int())},
                       .keep_alive = keep_alive};
    out.response.headers = headers_of(message);
    out.response.body = std::move(message.body());
    return out;
}

Result<int> connect_status(Bytes header) {
    http::response_parser<Body> parser;
    parser.header_limit(static_cast<std::uint32_t>(header.size()) + 1);
    parser.skip(true);
    error_code error;
    while (!header.empty() && !parser.is_done() && !error)
        header = header.subspan(parser.put(buffer_of(header), error));
    if (error || !parser.is_done() || !header.empty())
        return fail(Errc::malformed, "net.proxy", "its answer is not HTTP");
    return static_cast<int>(parser.get().result_int());
}

} // namespace vouchsafe::net
