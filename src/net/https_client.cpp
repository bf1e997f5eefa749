#include "net/https_client.h"

#include "net/http_parser.h"
#include "net/tls_stream.h"

#include <algorithm>
#include <mutex>

namespace vouchsafe::net {

namespace {

bool is_idempotent(Method method) {
    return method != Method::post && method != Method::patch;
}

bool is_header_text(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<std::string> encode_request(const ClientRequest& request, const Endpoint& server) {
    std::string out(to_string(request.method));
    out.append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ").append(to_text(server));
    out.append("\r\n");
    for (const Header& header : request.headers) {
        if (!is_header_text(header.name) || !is_header_text(header.value))
            return fail(Errc::malformed, "net.request", "a line end in a header");
        out.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    if (!request.target.starts_with('/') || request.target.contains(' ') || !is_header_text(request.target))
        return fail(Errc::malformed, "net.request", "the target is not a path");
    if (!request.body.empty())
        out.append("Content-Type: ").append(request.content_type).append("\r\n");
    if (!request.body.empty() || !is_idempotent(request.method) || request.method == Method::put)
        out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    out.append("\r\n").append(request.body);
    return out;
}

} // namespace

std::string_view ClientResponse::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &Header::name);
    return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

struct HttpsClient::Impl {
    struct Idle {
        TlsStream stream;
        Deadline since;
    };

    static constexpr std::size_t most_idle = 8;

    ClientConfig config;
    ClientTls tls;
    std::mutex mutex{};
    std::vector<Idle> idle{};

    std::optional<TlsStream> take_idle() {
        const std::scoped_lock lock(mutex);
        while (!idle.empty()) {
            Idle candidate = std::move(idle.back());
            idle.pop_back();
            if (Deadline::clock::now() - candidate.since < config.idle_limit && candidate.stream.is_quiet())
                return std::move(candidate.stream);
        }
        return std::nullopt;
    }

    void keep(TlsStream stream) {
        const std::scoped_lock lock(mutex);
        if (idle.size() < most_idle)
            idle.push_back({.stream = std::move(stream), .since = Deadline::clock::now()});
    }

    Result<TlsStream> connect(Deadline deadline) const {
        return TlsStream::connect(
            tls,
            {.server = config.server,
             .resolve = config.resolve,
             .deadline = std::min(deadline, Deadline::clock::now() + config.connect_limit),
             .cancellation = config.cancellation});
    }

    struct Failure {
        Error error;
        bool answer_began;
    };

    // One exchange on one connection, which is kept if it can be used again.
    std::expected<ClientResponse, Failure>
    exchange(TlsStream stream, Method method, std::string_view request, Deadline deadline) {
        ResponseParser parser(method, config.response_bytes);
        // A server may refuse early, answer and close: so a write that fails still looks for an answer.
        const auto written = stream.write_all(as_bytes(request), deadline);
        if (!written && written.error().code != Errc::unavailable)
            return std::unexpected(Failure{written.error(), false});
        Buffer buffer(16 * 1024);
        std::size_t held = 0;
        bool began = false;
        while (!parser.done()) {
            if (held == buffer.size())
                buffer.resize(buffer.size() * 2); // a header that did not fit; the parser's limit bounds it
            const auto got = stream.read_some(std::span(buffer).subspan(held), deadline);
            if (!got)
                return std::unexpected(Failure{written ? got.error() : written.error(), began});
            if (*got == 0) {
                if (const auto end = parser.feed_end(); !end)
                    return std::unexpected(Failure{end.error(), began});
                break;
            }
            began = true;
            held += *got;
            if (auto fed = feed(parser, buffer, held); !fed)
                return std::unexpected(Failure{fed.error(), true});
        }
        ParsedResponse parsed = parser.take();
        if (parsed.keep_alive && written && held == 0)
            keep(std::move(stream));
        return std::move(parsed.response);
    }

    static Result<void> feed(ResponseParser& parser, Buffer& buffer, std::size_t& held) {
        std::size_t taken = 0;
        while (taken < held && !parser.done()) {
            VS_TRY(const std::size_t now, parser.feed(Bytes(buffer).subspan(taken, held - taken)));
            if (now == 0)
                break;
            taken += now;
        }
        buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(taken));
        buffer.resize(std::max<std::size_t>(buffer.size() + taken, 16 * 1024));
        held -= taken;
        return {};
    }
};

HttpsClient::HttpsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;
HttpsClient& HttpsClient::operator=(HttpsClient&&) noexcept = default;
HttpsClient::~HttpsClient() = default;

Result<HttpsClient> HttpsClient::create(ClientConfig config) {
    VS_TRY(ClientTls tls, ClientTls::create(TlsVersions::only_1_3, &config.trust, config.identity));
    return HttpsClient(std::unique_ptr<Impl>(new Impl{.config = std::move(config), .tls = std::move(tls)}));
}

Result<ClientResponse> HttpsClient::send(const ClientRequest& request, std::chrono::milliseconds limit) {
    const Deadline deadline = Deadline::clock::now() + limit;
    VS_TRY(std::string text, encode_request(request, impl_->config.server));
    if (auto used = impl_->take_idle()) {
        auto answer = impl_->exchange(*std::move(used), request.method, text, deadline);
        if (answer)
            return *std::move(answer);
        const bool stale = answer.error().error.where == "net.connection" && !answer.error().answer_began;
        if (!stale || !is_idempotent(request.method))
            return std::unexpected(std::move(answer).error().error);
    }
    VS_TRY(TlsStream fresh, impl_->connect(deadline));
    auto answer = impl_->exchange(std::move(fresh), request.method, text, deadline);
    if (!answer)
        return std::unexpected(std::move(answer).error().error);
    return *std::move(answer);
}

void HttpsClient::disconnect() {
    const std::scoped_lock lock(impl_->mutex);
    impl_->idle.clear();
}

const Endpoint& HttpsClient::server() const {
    return impl_->config.server;
}

} // namespace vouchsafe::net
