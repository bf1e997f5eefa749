// What every program of ours does first, and what it waits for at the end.
#pragma once

#include "base/result.h"

#include <csignal>
#include <cstdint>
#include <string>

namespace vouchsafe::net {

/// No core dumps, not traceable by others of the same user, files for the owner alone, and a write to a
/// closed socket is an error instead of a death. Before any thread and any secret.
Result<void> harden_process();

/// One heap arena for each processor. glibc makes up to eight of them, each keeps what its busiest moment
/// needed, and a server whose requests are as large as evidence holds several times what it uses. Before any
/// thread.
void limit_heap_arenas();

/// SIGTERM and SIGINT, taken as a value. Make it before any thread starts: it blocks the two signals.
class StopSignal {
public:
    StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    /// Returns when one of them has come.
    void wait();

private:
    sigset_t signals_{};
};

/// Writes the port as text, whole or not at all, so that a reader never sees half of it.
Result<void> write_port_file(const std::string& path, std::uint16_t port);

} // namespace vouchsafe::net
