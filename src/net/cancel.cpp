#include "net/cancel.h"

#include "base/result.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace vouchsafe::net {

Cancellation::Cancellation() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    VS_CHECK(fd_ >= 0);
}

Cancellation::~Cancellation() {
    ::close(fd_);
}

void Cancellation::cancel() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(fd_, &one, sizeof one); // fails only when the counter is full, and then it is readable
}

bool Cancellation::cancelled() const noexcept {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

} // namespace vouchsafe::net
