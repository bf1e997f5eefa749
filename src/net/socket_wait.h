// Within net: waiting for a socket, not for ever.
#pragma once

#include "base/result.h"
#include "net/cancel.h"
#include "net/endpoint.h"

namespace vouchsafe::net {

struct SocketWait {
    Deadline deadline;
    const Cancellation* cancellation = nullptr;
};

/// Until poll(2) reports one of `events`, or the socket's end. `timed_out` at "net.deadline", `unavailable`
/// at "net.cancelled".
Result<void> wait_for(int fd, short events, const SocketWait& wait);

} // namespace vouchsafe::net
