// The workload manager: joining it, and the loop of polls that carries orders in and results out.
#pragma once

#include "agent/peer.h"
#include "agent/state.h"
#include "agent/trust.h"
#include "agent/vms.h"
#include "base/result.h"
#include "protocol/workload.h"

#include <chrono>
#include <deque>
#include <string>
#include <vector>

namespace vouchsafe::agent {

/// Presents the one-time token; the client certificate of the connection is what the manager knows us by
/// after.
Result<protocol::JoinAnswer> join(Peer& manager, const protocol::JoinRequest& request);

/// Carries out orders. Only one is under way at a time.
class ManagerLink {
public:
    struct Facts {
        std::string label;
        std::string agent_version;
        std::chrono::seconds wait; ///< that the manager may hold an answer back
    };

    struct Parts {
        Peer& manager;
        Trust& trust;
        Vms* vms; ///< nullptr on a host that runs none
    };

    ManagerLink(Facts facts, Parts parts);

    /// One poll: reports, takes results of earlier orders along, carries out what comes back. Results are
    /// kept until a poll that carried them was answered, and an order that comes twice is carried out once.
    Result<void> poll();

private:
    protocol::PollRequest request() const;
    protocol::OrderResult carry_out(const protocol::HostOrder& order);

    Facts facts_;
    Parts parts_;
    std::vector<protocol::OrderResult> results_; ///< not yet told
    std::deque<protocol::OrderResult> done_;     ///< the latest, oldest first
};

} // namespace vouchsafe::agent
