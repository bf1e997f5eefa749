// Keys from an authority host, through a release session.
#pragma once

#include "agent/attester.h"
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
#include <set>
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

/// Providers that asked for a quote: they get one with each request from then on.
using StrictProviders = std::set<KeyProviderId>;

/// One authority host's release sessions, opened when needed. Used by one thread at a time.
class KeyClient {
public:
    /// They outlive it.
    struct Parts {
        Attester& attester;
        StrictProviders& strict;
        const Clock& clock;
        Random& random;
    };

    KeyClient(std::unique_ptr<Peer> authority, Parts parts)
        : authority_(std::move(authority)), parts_(parts) {}

    /// One operation. A session that the authority no longer knows is opened anew, once; where the provider
    /// asks for a quote, or for one over a newer nonce, the request goes again with one, once. A refusal is
    /// an error whose `where` is its code ("gate.epoch") and whose detail is its message.
    Result<protocol::OperationResult> release(const ReleaseStanding& standing,
                                              const protocol::Operation& operation);

private:
    Result<protocol::OperationResult> try_once(const ReleaseStanding& standing,
                                               const protocol::Operation& operation);
    Result<void> open(const ReleaseStanding& standing);
    Result<protocol::OperationResult> ask(const ReleaseStanding& standing,
                                          const protocol::Operation& operation);
    bool is_usable(bool for_quote) const;

    std::unique_ptr<Peer> authority_;
    Parts parts_;
    std::optional<protocol::HostSession> session_;
    Buffer nonce_;           ///< for a quote with the session's next request
    BootTime nonce_since_{}; ///< when it came
};

} // namespace vouchsafe::agent
