// A blocking HTTPS client: one deadline over the whole request, the server's identity always checked.
#pragma once

#include "base/result.h"
#include "net/cancel.h"
#include "net/endpoint.h"
#include "net/http.h"
#include "net/tls_identity.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::net {

struct ClientConfig {
    Endpoint server;
    ServerTrust trust;
    std::optional<TlsIdentity> identity{}; ///< client certificate
    ResolveMap resolve{};
    std::chrono::milliseconds connect_limit{5'000}; ///< a part of each request's deadline
    std::chrono::milliseconds idle_limit{30'000};   ///< an idle connection is not used after this
    std::size_t response_bytes = 16U << 20U;        ///< largest body
    Cancellation* cancellation = nullptr;           ///< outlives the client
};

struct ClientRequest {
    Method method = Method::get;
    std::string target = "/";
    std::string content_type = "application/json"; ///< sent when there is a body
    std::string body{};
    std::vector<Header> headers{};
};

struct ClientResponse {
    int status = 0;
    std::vector<Header> headers{}; ///< names in lower case
    Buffer body{};

    std::string_view header(std::string_view name) const;
};

/// One server, some connections to it. Safe to use from several threads: each request has a connection to
/// itself. A connection is used again; if the server had closed it meanwhile, an idempotent request is tried
/// once more on a fresh one.
/// Errors: `timed_out` ("net.deadline"), `unavailable` ("net.connect", "net.resolve", "net.connection",
/// "net.cancelled"), `untrusted` ("net.tls_identity"), `malformed` ("net.response"), `too_large`.
/// Any status is an answer, not an error.
class HttpsClient {
public:
    static Result<HttpsClient> create(ClientConfig config);
    HttpsClient(HttpsClient&&) noexcept;
    HttpsClient& operator=(HttpsClient&&) noexcept;
    HttpsClient(const HttpsClient&) = delete;
    HttpsClient& operator=(const HttpsClient&) = delete;
    ~HttpsClient();

    Result<ClientResponse> send(const ClientRequest& request, std::chrono::milliseconds limit);

    /// Closes idle connections: the next request makes a new one, which may resume a TLS session.
    void disconnect();

    const Endpoint& server() const;

private:
    struct Impl;
    explicit HttpsClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::net
