#include "tests/support/slow_proxy.h"

#include "base/result.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <list>

namespace vouchsafe::test {

namespace {

using Steady = std::chrono::steady_clock;

constexpr int tick_ms = 5;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
}

struct Pair {
    int client;
    int server;
    Steady::time_point next; ///< byte of an answer

    void close() const {
        ::close(client);
        ::close(server);
    }
};

bool is_readable(int fd) {
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, 0) == 1;
}

// False once either end has closed.
bool forward(int from, int to, std::size_t most) {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(from, buffer.data(), std::min(most, buffer.size()), 0);
    return got > 0 && ::send(to, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

bool step(Pair& pair, std::chrono::milliseconds pace) {
    if (is_readable(pair.client) && !forward(pair.client, pair.server, 4096))
        return false;
    if (Steady::now() < pair.next || !is_readable(pair.server))
        return true;
    pair.next = Steady::now() + pace;
    return forward(pair.server, pair.client, pace.count() == 0 ? 4096 : 1);
}

} // namespace

SlowProxy::SlowProxy(std::uint16_t to)
    : to_(to), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    VS_CHECK(::bind(listener_, any, size) == 0 && ::listen(listener_, 64) == 0);
    VS_CHECK(::getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

SlowProxy::~SlowProxy() {
    thread_.request_stop();
    thread_.join();
    ::close(listener_);
}

void SlowProxy::serve(const std::stop_token& stop) {
    std::list<Pair> pairs;
    int cuts = cuts_;
    while (!stop.stop_requested()) {
        pollfd waited{.fd = listener_, .events = POLLIN, .revents = 0};
        if (::poll(&waited, 1, tick_ms) == 1) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const sockaddr_in address = loopback(to_);
            const bool connected =
                ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
            pairs.push_back({.client = client, .server = server, .next = {}});
            if (!connected) {
                pairs.back().close();
                pairs.pop_back();
            }
        }
        const bool cut = cuts != cuts_;
        cuts = cuts_;
        for (auto pair = pairs.begin(); pair != pairs.end();) {
            const bool open = !cut && step(*pair, pace_);
            if (!open)
                pair->close();
            pair = open ? std::next(pair) : pairs.erase(pair);
        }
    }
    for (const Pair& pair : pairs)
        pair.close();
}

} // namespace vouchsafe::test
