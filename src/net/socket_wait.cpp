#include "net/socket_wait.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>

namespace vouchsafe::net {

namespace {

int milliseconds_left(Deadline deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Deadline::clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

} // namespace

Result<void> wait_for(int fd, short events, const SocketWait& wait) {
    std::array<pollfd, 2> entries{pollfd{.fd = fd, .events = events, .revents = 0},
                                  pollfd{.fd = wait.cancellation == nullptr ? -1 : wait.cancellation->fd(),
                                         .events = POLLIN,
                                         .revents = 0}};
    while (true) {
        const int ready = ::poll(entries.data(), entries.size(), milliseconds_left(wait.deadline));
        if (ready < 0 && errno == EINTR)
            continue;
        if (entries[1].revents != 0)
            return fail(Errc::unavailable, "net.cancelled", "stopping");
        if (ready > 0)
            return {};
        if (ready < 0)
            return fail(Errc::internal, "net.poll");
        if (Deadline::clock::now() >= wait.deadline)
            return fail(Errc::timed_out, "net.deadline", "no answer in time");
    }
}

} // namespace vouchsafe::net
