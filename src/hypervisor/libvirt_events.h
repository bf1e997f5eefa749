// libvirt's event loop in a thread of its own, and what it has told about domains. Private to this library.
#pragma once

#include "hypervisor/libvirt_table.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace vouchsafe::hypervisor {

/// Runs libvirt's default event implementation, of which a process has one: so there is one loop, shared by
/// every connection, which ends with the last of them.
class EventLoop {
public:
    static Result<std::shared_ptr<EventLoop>> get(const LibvirtTable& libvirt);

    EventLoop(const LibvirtTable& libvirt, int timer);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

private:
    const LibvirtTable& libvirt_;
    int timer_; ///< wakes the loop, which otherwise waits for ever
    std::jthread thread_;
};

/// Counts of what happened to each domain, so that nobody waits for an event that came already.
class DomainEvents {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Seen {
        std::uint64_t started = 0;
        std::uint64_t stopped = 0;
        Time last_start{};
    };

    void on_event(const std::string& uuid, int event);
    Seen seen(const std::string& uuid) const;

    /// What was seen when `enough(seen)` held, or at the deadline.
    template <class Enough> Seen wait(const std::string& uuid, Time deadline, Enough&& enough) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, deadline, [&] { return enough(seen_[uuid]); });
        return seen_[uuid];
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Seen> seen_;
};

/// Tells `events` what happens on this connection, until the connection closes. -1 when libvirt refuses.
int subscribe(const LibvirtTable& libvirt, virConnectPtr connection, std::shared_ptr<DomainEvents> events);

} // namespace vouchsafe::hypervisor
