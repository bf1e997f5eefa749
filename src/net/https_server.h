// The one HTTPS server: TLS 1.3, HTTP/1.1, every size and time bounded.
//
// Promises: a request reaches the handler only when it was read whole and within its limits; anything else is
// answered here with a typed error (400, 408, 411, 413, 414, 417, 431, 501, 503, 505) or, where the peer does
// not speak TLS, by closing. A slow or silent peer costs one socket until its deadline and nothing more.
// Not promised: that the peer has read an answer; who the peer is (see PeerIdentity).
#pragma once

#include "base/result.h"
#include "net/http.h"
#include "net/tls_identity.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::net {

/// The promise of one answer. It may be kept later and from any thread (long poll), also after the peer or
/// the server has gone; then the answer is dropped. One that ends without an answer answers 500.
class Reply {
public:
    struct State;

    /// What makes an answer; it must not block.
    using Make = std::move_only_function<Response()>;

    explicit Reply(std::shared_ptr<State> state);
    /// One that goes to `deliver`, once: for handlers that are called without a server.
    explicit Reply(std::function<void(Response)> deliver);
    Reply(Reply&&) noexcept = default;
    Reply& operator=(Reply&& other) noexcept;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply();

    /// The first call of either counts; later ones do nothing.
    void send(Response response);

    /// The answer is made in the server's thread, if anybody still waits for it.
    void send_made(Make make);

private:
    std::shared_ptr<State> state_; // shared with the connection: either may end first
};

/// Runs in the server's thread and must not block; see workers.h for handlers that do.
using Handler = std::function<void(Request, Reply)>;

enum class ClientCertificates : std::uint8_t { ignored, requested };

struct ServerLimits {
    std::chrono::milliseconds handshake{10'000};
    std::chrono::milliseconds header{10'000};
    std::chrono::milliseconds body{30'000};
    std::chrono::milliseconds idle{60'000};  ///< between two requests
    std::chrono::milliseconds write{30'000}; ///< a peer that does not read its answer
    std::chrono::milliseconds stop{3'000};   ///< how long stop() waits for answers that are pending
    std::size_t header_bytes = 16 * 1024;
    std::size_t connections = 1024; ///< further ones wait in the kernel's queue
};

struct ServerConfig {
    std::string address = "127.0.0.1"; ///< numeric
    std::uint16_t port = 0;            ///< 0 = one that is free
    TlsIdentity identity;
    ClientCertificates client_certificates = ClientCertificates::ignored;
    ServerLimits limits{};
    /// Called in the server's thread after each round of events: what handlers put together may go.
    std::function<void()> after_round{};
    /// The largest body taken for a request; 64 KiB where it is not given.
    std::function<std::size_t(Method, std::string_view target)> body_limit{};
};

class HttpsServer {
public:
    /// Listens and serves at once, in a thread of its own.
    static Result<std::unique_ptr<HttpsServer>> listen(ServerConfig config, Handler handler);

    HttpsServer(const HttpsServer&) = delete;
    HttpsServer& operator=(const HttpsServer&) = delete;
    ~HttpsServer(); ///< stop()

    std::uint16_t port() const;

    /// Takes no more connections, closes idle ones, lets pending answers out for `limits.stop`, then answers
    /// 503 for the rest. Returns when all is closed.
    void stop();

private:
    struct Impl;
    explicit HttpsServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::net
