// A switch that wakes every blocking call of net that was given it, from another thread.
#pragma once

namespace vouchsafe::net {

/// Once thrown it stays so: calls that wait return `unavailable` at "net.cancelled", as do later ones.
class Cancellation {
public:
    Cancellation();
    Cancellation(const Cancellation&) = delete;
    Cancellation& operator=(const Cancellation&) = delete;
    ~Cancellation();

    void cancel() noexcept; ///< safe from any thread
    bool cancelled() const noexcept;

    /// For poll(2): readable once cancelled.
    int fd() const { return fd_; }

private:
    int fd_;
};

} // namespace vouchsafe::net
