// Keys from an authority host, through a release session.
#pragma once

#include "agent/peer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "protocol/release.h"
#include "protocol/release_session.h"
#include "token/keys.h"

#include <memory>
#include <optional>
#include <string>

namespace vouchsafe::agent {

/// What a session is opened with: a live result, and the authority host to open it at.
struct ReleaseStanding {
    std::string key_access_token;
    const crypto::EcPrivateKey& release_key;
    std::string group;
    AuthorityHostId authority_host;
    token::KeySet session_keys; ///< of that authority host
};

/// One authority host's release sessions, opened when needed. Used by one thread at a time.
class KeyClient {
public:
    KeyClient(std::unique_ptr<Peer> authority, const Clock& clock, Random& random)
        : authority_(std::move(authority)), clock_(clock), random_(random) {}

    /// One operation. A session that the authority no longer knows is opened anew, once. A refusal is an
    /// error whose `where` is its code ("gate.epoch") and whose detail is its message.
    Result<protocol::OperationResult> release(const ReleaseStanding& standing,
                                              const protocol::Operation& operation);

private:
    Result<void> open(const ReleaseStanding& standing);
    Result<protocol::OperationResult> ask(const protocol::Operation& operation);

    std::unique_ptr<Peer> authority_;
    const Clock& clock_;
    Random& random_;
    std::optional<protocol::HostSession> session_;
};

} // namespace vouchsafe::agent
