// The state of one authority host: the verified fold of its change records, the right to release, and the one
// door through which changes come.
#pragma once

#include "attestation/service.h"
#include "audit/record.h"
#include "audit/sink.h"
#include "authority/keyring.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/fold.h"
#include "inventory/ports.h"
#include "inventory/state.h"
#include "keyprovider/release.h"
#include "token/keys.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace vouchsafe::authority {

/// T: how long after the sending of its last heartbeat an authority host may release, less 10 % for clocks
/// that drift.
inline constexpr std::chrono::milliseconds release_right{9'000};
inline constexpr std::chrono::milliseconds heartbeat_interval{2'000};

/// The revision that an audit record says was in force; 0 when it says none.
std::int64_t audited_revision(const audit::AuditRecord& record);

/// Safe for several threads.
class Core final : public keyprovider::AuthorityView, public attestation::Authority {
public:
    struct Parts {
        const Keyring& keys;
        inventory::ChangeLog& changes;
        audit::AuditSink& audit;
        const Clock& clock;
        std::int64_t audited_revision = 0; ///< the highest that the audit file tells of
    };

    /// Folds the records; `untrusted` when one does not verify, and at "core.older_than_audit" for a state
    /// that this host's own audit has seen beyond: it was put back.
    static Result<std::unique_ptr<Core>> open(Parts parts);

    /// Puts the changes on record that are stored beyond the audited revision: the process ended between the
    /// two. To be called before anything is served.
    Result<void> complete_audit();

    /// The first record of a new cluster.
    static Result<void> initialise(Parts parts, inventory::AuthorityInit init);

    std::shared_ptr<const inventory::AuthorityState> state() const override;
    std::shared_ptr<const token::KeySet> token_keys() const override;
    bool lease_valid(BootTime now) const override;

    /// Signs and stores the change, puts it on record, and makes it the state. It returns when the change is
    /// in force: no request that began under an older state is under way any more. `unavailable` at
    /// "core.under_way" when one does not end in time; the change is then in force all the same for every
    /// later request, and for that one by its second check. A change whose audit record failed is not
    /// acknowledged but in force; its record comes before any further change.
    Result<std::shared_ptr<const inventory::AuthorityState>> commit(inventory::Change change,
                                                                    inventory::Author author);

    /// A change that this authority host makes by itself.
    Result<State> commit(inventory::Change change) override {
        return commit(std::move(change), {.issuer = {}, .subject = parts_.keys.config().host.text});
    }

    /// One heartbeat: renews the right to release when this copy has reached the revision that the store has.
    Result<void> heartbeat();

    /// Tells the lowest revision that a request under way began with
    /// (ReleaseService::oldest_revision_under_way).
    void watch_requests(std::function<std::optional<std::int64_t>()> oldest);

private:
    explicit Core(Parts parts) : parts_(parts) {}

    Result<void> record_pending();
    Result<void> wait_for_older_requests(std::int64_t revision);

    Parts parts_;
    std::mutex committing_;                  ///< one change after the other; guards:
    std::optional<json::Object> unrecorded_; ///< fields of a stored change that the audit has not yet
    mutable std::mutex mutex_;
    std::shared_ptr<const inventory::AuthorityState> state_;
    std::shared_ptr<const token::KeySet> token_keys_;
    token::KeySet change_keys_;
    std::function<std::optional<std::int64_t>()> oldest_;
    std::atomic<std::int64_t> release_until_{0}; ///< boot time, milliseconds
};

/// Sends heartbeats until it ends; says to `report` when one fails and when they work again, and calls
/// `after_each` after every one.
class Heartbeat {
public:
    using Report = std::function<void(const Error*)>;

    Heartbeat(Core& core, Report report, std::function<void()> after_each = [] {});

private:
    std::jthread thread_;
};

} // namespace vouchsafe::authority
