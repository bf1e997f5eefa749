// Where messages of release sessions come in: which are answered at once, and which take turns.
#pragma once

#include "audit/sink.h"
#include "keyprovider/release.h"
#include "net/https_server.h"
#include "net/workers.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::authority {

/// The parts outlive it and its jobs; their results go to whoever waits for the replies.
class ReleaseDoor : public std::enable_shared_from_this<ReleaseDoor> {
public:
    ReleaseDoor(keyprovider::ReleaseService& release, audit::AuditSink& audit, net::WorkerPool& pool);

    /// In the server's thread. A short message waits for the end of the round; a long one takes its turn in
    /// the pool, by what it says of itself.
    void take(net::Request request, net::Reply reply);

    /// In the server's thread: opens the messages of the round, then decides and records them, so that the
    /// code of a step is at hand for all of them and their records go to the disk together. Those that have
    /// to wait for somebody take their turns in the pool, by host.
    void end_round();

    /// Whose turn a message takes that is not opened: of the host it says to be from, or of its address.
    std::string turn_of(const net::Request& request) const;

private:
    struct Opened {
        keyprovider::OpenRelease request;
        net::Reply reply;
    };

    void take_turn(Opened opened);
    void release_in_turn(Opened opened);
    void release(Opened opened);

    keyprovider::ReleaseService& release_;
    audit::AuditSink& audit_;
    net::WorkerPool& pool_;
    std::vector<std::pair<net::Request, net::Reply>> round_; ///< of the server's thread
};

/// Where a request comes from, without its port.
std::string address_of(const net::Request& request);

} // namespace vouchsafe::authority
