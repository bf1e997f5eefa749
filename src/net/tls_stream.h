// Within net: a blocking TLS connection whose every wait has a deadline and can be cancelled.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/cancel.h"
#include "net/endpoint.h"
#include "net/tls_context.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace vouchsafe::net {

/// A socket that is open; closes itself.
class Socket {
public:
    explicit Socket(int fd) : fd_(fd) {}

    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    int fd() const { return fd_; }

private:
    int fd_;
};

struct ConnectRequest {
    const Endpoint& server;
    const ResolveMap& resolve;
    Deadline deadline;
    const Cancellation* cancellation = nullptr;
    const Endpoint* proxy =
        nullptr; ///< the connection goes through it, if any; TLS is the server's all the same
};

class TlsStream {
public:
    /// Tries the server's addresses in order, or those of the proxy. Errors as HttpsClient has them, and as
    /// open_tunnel does.
    static Result<TlsStream> connect(const ClientTls& tls, const ConnectRequest& request);

    /// The certificate that the server shows, also where it then ends the handshake because it wants ours.
    static Result<X509Certificate> look(const ClientTls& tls, const ConnectRequest& request);

    Result<void> write_all(Bytes bytes, Deadline deadline);
    /// At least one byte; 0 when the peer has closed.
    Result<std::size_t> read_some(std::span<std::uint8_t> into, Deadline deadline);

    /// Whether the peer has neither closed nor sent anything unasked; does not wait.
    bool is_quiet();

    X509Certificate peer_certificate() const;

    /// To wait for several of them at a time.
    int fd() const { return socket_.fd(); }

    /// Whether the handshake resumed a session.
    bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

private:
    /// As after a goodbye: OpenSSL forgets the session of a connection that ends without one, and whether an
    /// answer is whole is for HTTP and KMIP to tell, by its length.
    struct Close {
        void operator()(SSL* ssl) const {
            SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
            SSL_free(ssl);
        }
    };

    using ClosingSsl = std::unique_ptr<SSL, Close>;

    TlsStream(Socket socket, Ssl ssl, const Cancellation* cancellation)
        : socket_(std::move(socket)), ssl_(ssl.release()), cancellation_(cancellation) {}

    static Result<TlsStream> open(const ClientTls& tls, const ConnectRequest& request);
    Result<void> handshake(Deadline deadline);
    /// After a call on ssl_ that returned `outcome`: waits for what it wants, or says why it failed.
    Result<void> wait_after(int outcome, Deadline deadline);

    Socket socket_;
    ClosingSsl ssl_;
    const Cancellation* cancellation_;
};

} // namespace vouchsafe::net
