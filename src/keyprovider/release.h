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
#include "keyprovider/under_way.h"
#include "keyprovider/uses.h"
#include "protocol/release.h"
#include "protocol/session.h"
#include "token/keys.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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

struct ReleaseWork;
struct Decision;
struct KeysInUse;

/// A request that was opened: to be decided, then recorded.
class OpenRelease {
public:
    explicit OpenRelease(std::shared_ptr<ReleaseWork> work) : work_(std::move(work)) {}

    /// Whose request it is, proven.
    const HostId& host() const;

    /// Whether it is to take its turn with those of other hosts, in a thread that may wait: a key server has
    /// to be asked or a quote judged for it, it has many operations, or its session has many under way. Else
    /// it is to be answered at once.
    bool takes_turns() const;

private:
    friend class ReleaseService;
    std::shared_ptr<ReleaseWork> work_;
};

/// A request whose decisions are on record: to be answered. Only ReleaseService::record makes one.
class RecordedRelease {
private:
    friend class ReleaseService;

    explicit RecordedRelease(std::shared_ptr<ReleaseWork> work) : work_(std::move(work)) {}

    std::shared_ptr<ReleaseWork> work_;
};

/// Safe for several threads: the lock inside guards the sessions, and is never held while a key server is
/// asked or a record is written.
class ReleaseService {
public:
    /// What is to be done with a request that is on record: answer it.
    using OnRecord = std::move_only_function<void(RecordedRelease)>;

    ReleaseService(ReleaseConfig config, ReleaseParts parts);

    /// Fails as verify_key_access, check_standing and AuthoritySession::open do.
    Result<protocol::SessionAnswer> open_session(const protocol::SessionRequest& request);

    /// A sealed request (JWE) in. Asks nobody and writes nothing. `not_found` at "release.session" (open
    /// another); an unauthentic or repeated message; a request that breaks its form.
    Result<OpenRelease> open(std::string_view text);

    /// Decides each operation; one that fails is a refusal of its own.
    void decide(OpenRelease& request);

    /// Of a request that was decided. Calls `then` once all of it is on record, in this thread or in the one
    /// that writes the records, after the audit was flushed; perhaps when the service has gone.
    void record(OpenRelease request, OnRecord then);

    /// A sealed answer out; every operation has its own result inside. What moved meanwhile withholds a key.
    /// Fails as a whole only where no answer can be sealed: `not_found` at "release.session", when the
    /// session ended meanwhile.
    Result<std::string> answer(RecordedRelease request);

    /// Whose session a message says to be of, not proven yet; nothing where there is no such session.
    std::optional<HostId> claimed_host(std::string_view message) const;

    /// The lowest revision that a request under way began with; nullopt when there is none. A change is
    /// confirmed only when no older request is left.
    std::optional<std::int64_t> oldest_revision_under_way() const;

private:
    using Work = std::shared_ptr<ReleaseWork>;

    UnderWay::Request begin();
    void prepare(ReleaseWork& work) const;
    Result<PrimaryKey> primary_key(const inventory::Provider& provider,
                                   const inventory::Generation& generation);
    Result<KeysInUse> keys_of(Decision& decision);
    Result<void> within_quota(const ReleaseWork& work, Decision& decision);
    const Result<void>& quote_of(ReleaseWork& work);
    Result<protocol::OperationResult> release(ReleaseWork& work, Decision& decision);
    void decide(ReleaseWork& work, Decision& decision);
    void record(const Work& work, Decision& decision);
    static void recorded(const Work& work);
    void withhold(const ReleaseWork& work, Decision& decision, const Error& why);
    void confirm(ReleaseWork& work);
    Result<std::string> seal(ReleaseWork& work);
    Lease lease() const;

    ReleaseConfig config_;
    ReleaseParts parts_;
    mutable std::mutex mutex_;
    SessionTable sessions_;
    UnderWay under_way_;
};

} // namespace vouchsafe::keyprovider
