// Orders on their way to hosts, and polls that wait for them.
//
// A host polls; its poll is answered at once when there are orders for it, else when one comes or its time is
// up. An order is sent until its result comes back, so an agent that restarted hears of it again; agents
// answer an order that they have carried out with the result that they remember.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "net/https_server.h"
#include "protocol/workload.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace vouchsafe::manager {

/// Why an order failed, with every reason, in one line for people.
std::string text_of(const protocol::OrderProblem& problem);

/// Safe for several threads.
class OrderHub {
public:
    explicit OrderHub(Random& random);

    /// Queues the order and waits for its result; `timed_out` at "order.result" without one. The order is
    /// withdrawn then, though the host may have begun it. `not_found` at "order.host" once it is forgotten.
    Result<protocol::OrderResult>
    carry_out(const std::string& host, protocol::OrderData data, std::chrono::seconds limit);

    /// Queues an order that nobody waits for, unless the same waits already; an older one of its kind is
    /// replaced.
    void post(const std::string& host, protocol::OrderData data);

    /// Results that a poll brought.
    void take_results(const std::string& host, const std::vector<protocol::OrderResult>& results);

    /// Answers now or later. A host's earlier poll that still waits is answered with nothing.
    void answer_poll(const std::string& host, std::chrono::seconds wait, net::Reply reply);

    /// Drops what waits for a host that is removed.
    void forget(const std::string& host);

private:
    struct Waiting {
        net::Reply reply;
        std::chrono::steady_clock::time_point until;
    };

    struct Host {
        std::vector<protocol::HostOrder> orders;
        std::optional<Waiting> poll;
    };

    void flush(Host& host);
    void run(const std::stop_token& stop);

    Random& random_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, Host> hosts_;
    std::map<std::string, std::optional<protocol::OrderResult>>
        results_;             ///< of orders that somebody waits for
    std::uint64_t polls_ = 0; ///< that ever waited: wakes the timer for a nearer end
    std::jthread timer_;      ///< last: ends first
};

} // namespace vouchsafe::manager
