// The release sessions of one authority host: bounded, expiring, gone when the trust epoch moves.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "keyprovider/freshness.h"
#include "keyprovider/gate.h"
#include "protocol/release_session.h"
#include "token/results.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::keyprovider {

/// Whose session it is, and how it stands to the gate.
struct SessionOwner {
    token::VerifiedKeyAccess token;
    SessionFacts facts;
};

struct OpenSession {
    protocol::AuthoritySession session;
    std::shared_ptr<const SessionOwner> owner; ///< shared with the session's requests under way
    GivenNonce nonce;                          ///< for a quote with the next request
    std::uint64_t order = 0;                   ///< of opening

    /// How many of its requests are under way, as far as they hold its owner.
    std::size_t under_way() const { return static_cast<std::size_t>(owner.use_count() - 1); }
};

struct SessionLimits {
    std::size_t sessions = 8192;
    std::size_t per_host = 4; ///< a further one ends the host's oldest: opening another is cheap
};

class SessionTable {
public:
    explicit SessionTable(SessionLimits limits) : limits_(limits) {}

    /// `unavailable` at "release.sessions" when the table is full of live sessions.
    Result<void> add(OpenSession session, SysTime now);

    /// nullptr when there is none, or it has expired, or it is of another epoch: such sessions end here.
    OpenSession* find(std::string_view id, std::int64_t epoch, SysTime now);

    /// Whose session it is, live or not; nullptr when there is none.
    const HostId* host_of(std::string_view id) const;

    std::size_t size() const { return sessions_.size(); }

private:
    using Sessions = std::map<std::string, OpenSession, std::less<>>;

    void drop_ended(std::int64_t epoch, SysTime now);
    void make_room_for(const HostId& host);

    SessionLimits limits_;
    Sessions sessions_;
    std::uint64_t opened_ = 0;
};

} // namespace vouchsafe::keyprovider
