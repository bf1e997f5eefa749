// A network that is slow: what stands between a client and a real server, and can be told how fast to be.
#pragma once

#include "net/endpoint.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace vouchsafe::test {

class SlowProxy {
public:
    /// Listens on loopback and forwards to that port.
    explicit SlowProxy(std::uint16_t to);
    SlowProxy(const SlowProxy&) = delete;
    SlowProxy& operator=(const SlowProxy&) = delete;
    ~SlowProxy();

    std::uint16_t port() const { return port_; }

    /// From now on one byte of the server's answers in each such time; zero: as fast as they come.
    void pace(std::chrono::milliseconds byte) { pace_ = byte; }

    /// Ends every connection in the middle of what it is doing.
    void cut() { ++cuts_; }

private:
    void serve(const std::stop_token& stop);

    std::uint16_t to_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<std::chrono::milliseconds> pace_{};
    std::atomic<int> cuts_ = 0;
    std::jthread thread_;
};

} // namespace vouchsafe::test
