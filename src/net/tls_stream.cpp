#include "net/tls_stream.h"

#include "net/socket_wait.h"
#include "net/tunnel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

namespace vouchsafe::net {

namespace {

// libssl writes to sockets with write(2): without this a peer that went away would end the process.
void ignore_sigpipe() {
    static const bool once = ::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
    VS_CHECK(once);
}

struct FreeAddress {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// Of the server, or of the proxy.
Result<Socket>
open_socket(const std::string& address, const Endpoint& dialled, const ConnectRequest& request) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), std::to_string(dialled.port).c_str(), &hints, &found) != 0)
        return fail(Errc::malformed, "net.connect", "not an address");
    const std::unique_ptr<addrinfo, FreeAddress> list(found);

    const int fd = ::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(Errc::unavailable, "net.connect", "no socket: " + to_text(dialled));
    Socket socket(fd);
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
        if (errno != EINPROGRESS)
            return fail(Errc::unavailable, "net.connect", "nothing answers at " + to_text(dialled));
        VS_TRY_VOID(
            wait_for(fd, POLLOUT, {.deadline = request.deadline, .cancellation = request.cancellation}));
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
            return fail(Errc::unavailable, "net.connect", "nothing answers at " + to_text(dialled));
    }
    return socket;
}

Result<Socket> dial(const Endpoint& dialled, const ConnectRequest& request) {
    VS_TRY(const auto addresses, resolve(dialled.host, request.resolve, request.deadline));
    Result<Socket> socket = fail(Errc::unavailable, "net.resolve", "no address for " + dialled.host);
    for (const std::string& address : addresses) {
        socket = open_socket(address, dialled, request);
        if (socket || socket.error().code == Errc::timed_out || socket.error().where == "net.cancelled")
            break;
    }
    return socket;
}

Result<Socket> dial_through(const Endpoint& proxy, const ConnectRequest& request) {
    auto socket = dial(proxy, request);
    if (!socket && socket.error().where != "net.cancelled")
        return std::unexpected(at_proxy(std::move(socket).error(), proxy));
    if (!socket)
        return socket;
    Endpoint server = request.server; // a name is resolved by the proxy, unless we were told where it is
    if (const auto mapped = request.resolve.find(server.host); mapped != request.resolve.end())
        server.host = mapped->second;
    VS_TRY_VOID(open_tunnel(socket->fd(),
                            {.proxy = proxy,
                             .server = server,
                             .wait = {.deadline = request.deadline, .cancellation = request.cancellation}}));
    return socket;
}

int clamp_to_int(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, 1U << 20U));
}

} // namespace

Socket::~Socket() {
    if (fd_ >= 0)
        ::close(fd_);
}

Result<TlsStream> TlsStream::open(const ClientTls& tls, const ConnectRequest& request) {
    ignore_sigpipe();
    VS_TRY(Socket socket,
           request.proxy != nullptr ? dial_through(*request.proxy, request) : dial(request.server, request));
    VS_TRY(Ssl ssl, tls.connection(request.server.host));
    VS_CHECK(SSL_set_fd(ssl.get(), socket.fd()) == 1);
    return TlsStream(std::move(socket), std::move(ssl), request.cancellation);
}

Result<TlsStream> TlsStream::connect(const ClientTls& tls, const ConnectRequest& request) {
    VS_TRY(TlsStream stream, open(tls, request));
    VS_TRY_VOID(stream.handshake(request.deadline));
    return stream;
}

Result<X509Certificate> TlsStream::look(const ClientTls& tls, const ConnectRequest& request) {
    VS_TRY(TlsStream stream, open(tls, request));
    const auto done = stream.handshake(request.deadline);
    X509Certificate certificate = stream.peer_certificate();
    if (!certificate && !done)
        return std::unexpected(done.error());
    return certificate;
}

Result<void> TlsStream::handshake(Deadline deadline) {
    while (true) {
        ERR_clear_error();
        const int outcome = SSL_connect(ssl_.get());
        if (outcome == 1)
            return {};
        const bool waiting = SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ ||
                             SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_WRITE;
        const long verdict = SSL_get_verify_result(ssl_.get());
        if (!waiting && verdict != X509_V_OK) {
            ERR_clear_error();
            return fail(Errc::untrusted,
                        "net.tls_identity",
                        std::string("the server is not who it should be: ") +
                            X509_verify_cert_error_string(verdict));
        }
        VS_TRY_VOID(wait_after(outcome, deadline));
    }
}

Result<void> TlsStream::wait_after(int outcome, Deadline deadline) {
    switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(socket_.fd(), POLLIN, {.deadline = deadline, .cancellation = cancellation_});
    case SSL_ERROR_WANT_WRITE:
        return wait_for(socket_.fd(), POLLOUT, {.deadline = deadline, .cancellation = cancellation_});
    default:
        return fail(Errc::unavailable, "net.connection", take_tls_error());
    }
}

Result<void> TlsStream::write_all(Bytes bytes, Deadline deadline) {
    while (!bytes.empty()) {
        ERR_clear_error();
        const int written = SSL_write(ssl_.get(), bytes.data(), clamp_to_int(bytes.size()));
        if (written > 0)
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        else
            VS_TRY_VOID(wait_after(written, deadline));
    }
    return {};
}

Result<std::size_t> TlsStream::read_some(std::span<std::uint8_t> into, Deadline deadline) {
    while (true) {
        ERR_clear_error();
        const int got = SSL_read(ssl_.get(), into.data(), clamp_to_int(into.size()));
        if (got > 0)
            return static_cast<std::size_t>(got);
        if (SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN)
            return std::size_t{0};
        VS_TRY_VOID(wait_after(got, deadline));
    }
}

bool TlsStream::is_quiet() {
    std::uint8_t byte = 0;
    ERR_clear_error();
    const int got = SSL_peek(ssl_.get(), &byte, 1);
    const bool quiet = got <= 0 && SSL_get_error(ssl_.get(), got) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return quiet;
}

X509Certificate TlsStream::peer_certificate() const {
    return X509Certificate(SSL_get1_peer_certificate(ssl_.get()));
}

} // namespace vouchsafe::net
