// The release service: sessions in, sealed answers out; on record first.
#pragma once

#include "audit/sink.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "inventory/state.h"
#include "keyprovider/freshness.h"
#include "keyprovider/primary_key.h"
#include "keyprovider/quotas.h"
#include "keyprovider/sessions.h"
#include "keyprovider/uses.h"
#include "protocol/release.h"
#include "protocol/session.h"
#include "token/keys.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::keyprovider {

/// What the authority host knows and may do at this moment. Called by several threads, and under the
/// service's lock: do not call the service while holding a lock that these take.
class AuthorityView {
public:
    AuthorityView() = default;
    AuthorityView(const AuthorityView&) = delete;
    AuthorityView& operator=(const AuthorityView&) = delete;
    virtual ~AuthorityView() = default;

    /// Shared: a request keeps the state it began with while a change replaces it. Never nullptr.
    virtual std::shared_ptr<const inventory::AuthorityState> state() const = 0;
    /// The token keys of all authority hosts, certified under the root. Never nullptr.
    virtual std::shared_ptr<const token::KeySet> token_keys() const = 0;
    /// Whether the last heartbeat still allows releases.
    virtual bool lease_valid(BootTime now) const = 0;
};

struct ReleaseConfig {
    AuthorityHostId self;
    crypto::EcPrivateKey session_key; ///< certified for use "session"
    SessionLimits limits{};
    std::chrono::minutes session_life{60}; ///< at most; never beyond the token's
};

/// The parts that the service works with; they outlive it.
struct ReleaseParts {
    const AuthorityView& authority;
    PrimaryKeyCache& keys;
    GenerationUses& uses;
    Quotas& quotas;
    QuoteVerifier& quotes;
    audit::AuditSink& audit;
    const Clock& clock;
    Random& random; ///< safe for several threads
};

/// Safe for several threads: the lock inside guards the sessions, and is never held while a key server is
/// asked or a record is written.
class ReleaseService {
public:
    ReleaseService(ReleaseConfig config, ReleaseParts parts);

    /// Fails as verify_key_access, check_standing and AuthoritySession::open do.
    Result<protocol::SessionAnswer> open_session(const protocol::SessionRequest& request);

    /// A sealed request (JWE) in, a sealed answer out; every operation has its own result inside. Fails as a
    /// whole only where no answer can be sealed: `not_found` at "release.session" (open another), an
    /// unauthentic or repeated message, a request that breaks its form.
    Result<std::string> answer(std::string_view message);

    /// Whose session a message says to be of, not proven yet; nothing where there is no such session.
    std::optional<HostId> claimed_host(std::string_view message) const;

    /// The lowest revision that a request under way began with; nullopt when there is none. A change is
    /// confirmed only when no older request is left.
    std::optional<std::int64_t> oldest_revision_under_way() const;

private:
    struct Decision;
    struct Work;
    class UnderWay;

    Result<Work> open(std::string_view message, std::shared_ptr<const inventory::AuthorityState> state);
    Result<PrimaryKey> primary_key(const inventory::Provider& provider,
                                   const inventory::Generation& generation);
    Result<void> within_quota(const Work& work, Decision& decision);
    const Result<void>& quote_of(Work& work);
    Decision decide(Work& work, const protocol::Operation& operation);
    void record(const Work& work, Decision& decision);
    void withhold(const Work& work, Decision& decision, const Error& why);
    void confirm(Work& work);
    Result<std::string> seal(Work& work);
    Lease lease() const;

    ReleaseConfig config_;
    ReleaseParts parts_;
    mutable std::mutex mutex_;
    SessionTable sessions_;
    std::multiset<std::int64_t> under_way_;
};

} // namespace vouchsafe::keyprovider
