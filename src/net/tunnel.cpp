#include "net/tunnel.h"

#include "net/http_parser.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace vouchsafe::net {

namespace {

constexpr std::string_view http_begins = "HTTP/1.";
constexpr std::string_view blank_line = "\r\n\r\n";

bool may_be_http(std::string_view head) {
    return head.starts_with(http_begins.substr(0, std::min(head.size(), http_begins.size())));
}

Result<void> send_all(int fd, Bytes bytes, const SocketWait& wait) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0)
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN)
            VS_TRY_VOID(wait_for(fd, POLLOUT, wait));
        else if (errno != EINTR)
            return fail(Errc::unavailable, "net.connection", "it closed the connection");
    }
    return {};
}

Result<std::size_t> receive_some(int fd, std::span<std::uint8_t> into, const SocketWait& wait) {
    while (true) {
        VS_TRY_VOID(wait_for(fd, POLLIN, wait));
        const ssize_t got = ::recv(fd, into.data(), into.size(), 0);
        if (got > 0)
            return static_cast<std::size_t>(got);
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            return fail(Errc::unavailable, "net.connection", "it closed the connection");
    }
}

Result<void> ask(int fd, const Tunnel& tunnel) {
    const std::string target = to_text(tunnel.server);
    VS_TRY_VOID(parse_endpoint(target, tunnel.server.port)); // it goes into a line of its own
    VS_TRY_VOID(send_all(
        fd, as_bytes("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n"), tunnel.wait));
    ConnectAnswer answer;
    std::array<std::uint8_t, 1024> buffer{};
    while (true) {
        VS_TRY(const std::size_t got, receive_some(fd, buffer, tunnel.wait));
        VS_TRY(const bool whole, answer.feed(Bytes(buffer).first(got)));
        if (whole)
            return {};
    }
}

} // namespace

Result<bool> ConnectAnswer::feed(Bytes bytes) {
    head_ += as_text(bytes);
    if (!may_be_http(head_))
        return fail(Errc::malformed, "net.proxy", "its answer is not HTTP");
    const std::size_t end = head_.find(blank_line);
    if (std::min(end, head_.size()) > most_bytes)
        return fail(Errc::too_large, "net.proxy", "its answer is too large");
    if (end == std::string::npos)
        return false;
    const std::size_t size = end + blank_line.size();
    VS_TRY(const int status, connect_status(as_bytes(head_).first(size)));
    constexpr int good = 2; // hundred
    if (status / 100 != good)
        return fail(
            Errc::unavailable, "net.proxy", "it answers CONNECT with status " + std::to_string(status));
    if (head_.size() > size)
        return fail(Errc::malformed, "net.proxy", "it sends more than its answer");
    return true;
}

Error at_proxy(Error error, const Endpoint& proxy) {
    error.where = "net.proxy";
    error.detail = "the proxy " + to_text(proxy) + ": " + error.detail;
    return error;
}

Result<void> open_tunnel(int fd, const Tunnel& tunnel) {
    auto done = ask(fd, tunnel);
    if (!done && done.error().where != "net.cancelled")
        return std::unexpected(at_proxy(std::move(done).error(), tunnel.proxy));
    return done;
}

} // namespace vouchsafe::net
