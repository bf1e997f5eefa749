#include "authority/core.h"

#include "audit/record.h"

#include <algorithm>

namespace vouchsafe::authority {

namespace {

constexpr std::chrono::seconds longest_request{15};

json::Object fields_of(const inventory::ChangeRecord& record) {
    return {{"change", std::string(inventory::change_type(record.change))},
            {"revision", record.revision},
            {"epoch", record.epoch},
            {"issuer", record.author.issuer},
            {"subject", record.author.subject}};
}

bool is_unsafe(const inventory::Change& change) {
    if (const auto* update = std::get_if<inventory::SettingsUpdate>(&change))
        return update->unsafe_no_endorsement || update->settings.unsafe_auto_enrol ||
               update->settings.unsafe_ignore_firmware || update->settings.unsafe_accept_weak_tpms;
    if (const auto* update = std::get_if<inventory::ProviderUpdate>(&change))
        return update->provider.policy.unsafe_boot_only || update->provider.policy.unsafe_compromised_key;
    return false;
}

} // namespace

// Not of kind `unsafe`: that record is made before its change, which may then not come about.
std::int64_t audited_revision(const audit::AuditRecord& record) {
    if (record.kind != audit::kind::change && record.kind != audit::kind::start &&
        record.kind != audit::kind::stop)
        return 0;
    const auto found = record.fields.find("revision");
    return found != record.fields.end() && found->second.is_integer() ? found->second.as_integer() : 0;
}

Result<std::unique_ptr<Core>> Core::open(Parts parts) {
    auto core = std::unique_ptr<Core>(new Core(parts));
    core->change_keys_.add(parts.keys.key(token::KeyUse::change).public_key());
    token::KeySet token_keys;
    token_keys.add(parts.keys.key(token::KeyUse::token).public_key());
    core->token_keys_ = std::make_shared<const token::KeySet>(std::move(token_keys));

    VS_TRY(const std::vector<inventory::StoredChange> records, parts.changes.load());
    VS_TRY(auto state, inventory::fold(records, core->change_keys_, parts.keys.identity().anchor));
    if (state.revision < parts.audited_revision)
        return fail(Errc::untrusted,
                    "core.older_than_audit",
                    "the state is of revision " + std::to_string(state.revision) +
                        ", but the audit file tells of revision " + std::to_string(parts.audited_revision) +
                        ": an older state was put in its place");
    core->state_ = std::make_shared<const inventory::AuthorityState>(std::move(state));
    return core;
}

Result<void> Core::complete_audit() {
    const std::scoped_lock lock(committing_);
    VS_TRY(const std::vector<inventory::StoredChange> records, parts_.changes.load());
    for (const inventory::StoredChange& stored : records) {
        VS_TRY(const inventory::VerifiedChange verified, inventory::verify_record(stored, change_keys_));
        if (verified.record().revision <= parts_.audited_revision)
            continue;
        unrecorded_ = fields_of(verified.record());
        VS_TRY_VOID(record_pending());
    }
    return {};
}

Result<void> Core::record_pending() {
    if (!unrecorded_)
        return {};
    VS_TRY([[maybe_unused]] const auto receipt, parts_.audit.append(audit::kind::change, *unrecorded_));
    unrecorded_.reset();
    return {};
}

Result<void> Core::initialise(Parts parts, inventory::AuthorityInit init) {
    VS_TRY(const std::vector<inventory::StoredChange> records, parts.changes.load());
    if (!records.empty())
        return fail(
            Errc::conflict, "core.exists", "this state directory belongs to an authority host already");
    VS_TRY(const inventory::ChangeRecord record,
           inventory::next_record({},
                                  std::move(init),
                                  {.author = {.issuer = {}, .subject = "console"},
                                   .approvers = {},
                                   .authority_host = parts.keys.config().host,
                                   .time = parts.clock.now()}));
    VS_TRY_VOID(
        parts.changes.append(inventory::sign_record(record, parts.keys.key(token::KeyUse::change)), 0));
    VS_TRY([[maybe_unused]] const auto receipt, parts.audit.append(audit::kind::change, fields_of(record)));
    return {};
}

std::shared_ptr<const inventory::AuthorityState> Core::state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

std::shared_ptr<const token::KeySet> Core::token_keys() const {
    return token_keys_;
}

bool Core::lease_valid(BootTime now) const {
    return now.count() < release_until_.load();
}

void Core::watch_requests(std::function<std::optional<std::int64_t>()> oldest) {
    oldest_ = std::move(oldest);
}

Result<std::shared_ptr<const inventory::AuthorityState>> Core::commit(inventory::Change change,
                                                                      inventory::Author author) {
    const std::scoped_lock one_at_a_time(committing_);
    VS_TRY_VOID(record_pending());
    const auto before = state();
    const bool relaxes = is_unsafe(change);
    VS_TRY(const inventory::ChangeRecord record,
           inventory::next_record(*before,
                                  std::move(change),
                                  {.author = std::move(author),
                                   .approvers = {},
                                   .authority_host = parts_.keys.config().host,
                                   .time = parts_.clock.now()}));
    const inventory::StoredChange stored =
        inventory::sign_record(record, parts_.keys.key(token::KeyUse::change));
    VS_TRY(const inventory::VerifiedChange verified, inventory::verify_record(stored, change_keys_));
    VS_TRY(inventory::AuthorityState after, inventory::apply(*before, verified));
    if (relaxes) {
        VS_TRY([[maybe_unused]] const auto receipt,
               parts_.audit.append(audit::kind::unsafe, fields_of(record)));
    }
    VS_TRY_VOID(parts_.changes.append(stored, before->revision));
    unrecorded_ = fields_of(record);
    const auto next = std::make_shared<const inventory::AuthorityState>(std::move(after));
    {
        const std::scoped_lock lock(mutex_);
        state_ = next;
    }
    VS_TRY_VOID(record_pending());
    if (next->epoch != before->epoch) {
        VS_TRY_VOID(wait_for_older_requests(next->revision));
    }
    return next;
}

// Requests last microseconds, or as long as a key server takes; polling keeps the release path free of one
// more lock.
Result<void> Core::wait_for_older_requests(std::int64_t revision) {
    const auto until = std::chrono::steady_clock::now() + longest_request;
    while (oldest_) {
        const auto oldest = oldest_();
        if (!oldest || *oldest >= revision)
            break;
        if (std::chrono::steady_clock::now() > until)
            return fail(Errc::unavailable,
                        "core.under_way",
                        "the change is stored, but an older request has not ended");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {};
}

Result<void> Core::heartbeat() {
    const BootTime sent = parts_.clock.boot_now();
    VS_TRY(const std::int64_t revision, parts_.changes.heartbeat(parts_.keys.config().host, sent));
    if (revision != state()->revision)
        return fail(Errc::conflict,
                    "core.revision",
                    "the store is at revision " + std::to_string(revision) +
                        ", this copy is not; releases stop");
    release_until_.store(BootTime(sent + release_right).count());
    return {};
}

Heartbeat::Heartbeat(Core& core, Report report, std::function<void()> after_each)
    : thread_([&core, report = std::move(report), after_each = std::move(after_each)](
                  const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any tick;
          std::unique_lock lock(mutex);
          bool failing = false;
          while (!stop.stop_requested()) {
              const auto sent = core.heartbeat();
              if (!sent)
                  report(&sent.error());
              else if (failing)
                  report(nullptr);
              failing = !sent;
              after_each();
              tick.wait_for(lock, stop, heartbeat_interval, [] { return false; });
          }
      }) {}

} // namespace vouchsafe::authority
