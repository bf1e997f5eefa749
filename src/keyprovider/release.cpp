#include "keyprovider/release.h"

#include "audit/record.h"
#include "keyprovider/blob_format.h"
#include "keyprovider/release_work.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

/// What a request may have, or its session may have under way, to be decided without taking turns.
constexpr std::size_t few_operations = 8;
constexpr std::size_t few_under_way = 16;

/// An answer that nobody waits for: what the record is of does not happen either way.
void not_waited_for(const Result<audit::AuditReceipt>& /*receipt*/) {}

} // namespace

const HostId& OpenRelease::host() const {
    return work_->token().host;
}

bool OpenRelease::takes_turns() const {
    return work_->takes_turns;
}

ReleaseService::ReleaseService(ReleaseConfig config, ReleaseParts parts)
    : config_(std::move(config)), parts_(parts), sessions_(config_.limits) {}

Lease ReleaseService::lease() const {
    return parts_.authority.lease_valid(parts_.clock.boot_now()) ? Lease::valid : Lease::lapsed;
}

std::optional<std::int64_t> ReleaseService::oldest_revision_under_way() const {
    return under_way_.oldest();
}

std::optional<HostId> ReleaseService::claimed_host(std::string_view message) const {
    const auto id = protocol::claimed_session(message);
    const std::scoped_lock lock(mutex_);
    const HostId* const host = id ? sessions_.host_of(*id) : nullptr;
    return host != nullptr ? std::optional(*host) : std::nullopt;
}

Result<protocol::SessionAnswer> ReleaseService::open_session(const protocol::SessionRequest& request) {
    const auto state = parts_.authority.state();
    const auto token_keys = parts_.authority.token_keys();
    const SysTime now = parts_.clock.now();
    VS_TRY(const token::VerifiedKeyAccess token,
           token::verify_key_access(request.token, state->group, *token_keys, now));
    SessionFacts facts{.id = {},
                       .release_key = request.release_key.thumbprint(),
                       .epoch = state->epoch,
                       .expires = std::min(now + config_.session_life, token->times.expires)};
    VS_TRY_VOID(
        check_standing({.state = *state, .lease = lease(), .session = facts, .token = token, .now = now}));
    VS_TRY(auto opened,
           protocol::AuthoritySession::open({.token = token,
                                             .request = request,
                                             .group = state->group,
                                             .authority_host = config_.self,
                                             .session_key = config_.session_key,
                                             .expires = facts.expires},
                                            parts_.random));
    facts.id = opened.session.id();
    facts.expires = opened.session.expires();
    GivenNonce nonce(opened.session.first_nonce(), parts_.clock.boot_now());
    auto owner = std::make_shared<const SessionOwner>(token, std::move(facts));
    const std::scoped_lock lock(mutex_);
    VS_TRY_VOID(sessions_.add(
        {.session = std::move(opened.session), .owner = std::move(owner), .nonce = std::move(nonce)}, now));
    return std::move(opened.answer);
}

UnderWay::Request ReleaseService::begin() {
    return under_way_.begin([this] { return parts_.authority.state(); });
}

Result<OpenRelease> ReleaseService::open(std::string_view text) {
    VS_TRY(const auto message, protocol::SealedMessage::parse(text));
    auto under_way = begin();
    const SysTime now = parts_.clock.now();
    std::unique_lock lock(mutex_);
    OpenSession* const session = sessions_.find(message.session(), under_way.state()->epoch, now);
    if (session == nullptr)
        return fail(Errc::not_found, "release.session", "no such release session: open another");
    VS_TRY(protocol::OpenedRequest opened, session->session.open_request(message, now));
    VS_TRY(protocol::ReleaseRequest request,
           opened.plain.expose([](Bytes plain) { return protocol::ReleaseRequest::parse(as_text(plain)); }));
    auto nonce = request.quote ? session->nonce.take(parts_.clock.boot_now()) : std::nullopt;
    const bool many = session->under_way() >= few_under_way || request.operations.size() > few_operations;
    // NOLINTNEXTLINE(modernize-make-shared): an aggregate that cannot be moved
    auto work = std::shared_ptr<ReleaseWork>(new ReleaseWork{.under_way = std::move(under_way),
                                                             .owner = session->owner,
                                                             .opened = std::move(opened),
                                                             .request = std::move(request),
                                                             .nonce = std::move(nonce),
                                                             .takes_turns = many});
    lock.unlock();
    if (!many) {
        prepare(*work);
        work->takes_turns = work->waits_for_others();
    }
    if (work->takes_turns) { // the state will be another when its turn comes
        work->decisions.clear();
        work->under_way.reset();
    }
    return OpenRelease(std::move(work));
}

/// Finds what the operations are about, and the keys that are at hand.
void ReleaseService::prepare(ReleaseWork& work) const {
    work.decisions.reserve(work.request.operations.size());
    for (const protocol::Operation& operation : work.request.operations) {
        Decision& decision = work.decisions.emplace_back(operation, target(work.state(), operation));
        if (!decision.about)
            continue;
        const Target& about = *decision.about;
        auto primary = parts_.keys.at_hand(*about.provider, *about.generation);
        auto newest =
            about.newest != nullptr ? parts_.keys.at_hand(*about.provider, *about.newest) : std::nullopt;
        if (primary && (newest || about.newest == nullptr))
            decision.at_hand = KeysInUse{.primary = *std::move(primary), .newest = std::move(newest)};
    }
}

/// What fails between us and a key server is never the host's fault, and attesting again would not mend it.
Result<PrimaryKey> ReleaseService::primary_key(const inventory::Provider& provider,
                                               const inventory::Generation& generation) {
    auto key = parts_.keys.obtain(provider, generation);
    if (!key && key.error().code != Errc::conflict)
        return fail(Errc::unavailable, key.error().where, key.error().detail);
    return key;
}

/// The keys that were at hand, or those that have to be asked for.
Result<KeysInUse> ReleaseService::keys_of(Decision& decision) {
    if (auto at_hand = std::exchange(decision.at_hand, std::nullopt))
        return *std::move(at_hand);
    const Target& about = *decision.about;
    KeysInUse keys;
    VS_TRY(keys.primary, primary_key(*about.provider, *about.generation));
    if (about.newest != nullptr) {
        VS_TRY(keys.newest, primary_key(*about.provider, *about.newest));
    }
    return keys;
}

/// What has to wait is no record of its own, or a flood would fill the disk that every release needs: the
/// alarms count it.
Result<void> ReleaseService::within_quota(const ReleaseWork& work, Decision& decision) {
    const inventory::Provider& provider = *decision.about->provider;
    decision.over = parts_.quotas.take(provider, work.token().host, parts_.clock.boot_now());
    if (!decision.over)
        return {};
    const bool all = decision.over->quota == QuotaOf::all;
    const std::string_view where = all ? "release.quota" : "release.quota_host";
    if (decision.over->alarm)
        parts_.audit.submit(audit::kind::alarm,
                            {{"reason", where},
                             {"provider", provider.name},
                             {"host", work.token().host.text},
                             {"waiting", *decision.over->alarm},
                             {"revision", work.state().revision}},
                            not_waited_for);
    return fail(Errc::unavailable,
                where,
                std::string("the quota of releases ") + (all ? "to all hosts" : "to this host") + " by " +
                    provider.name + " is used up: try again in " +
                    std::to_string(decision.over->retry_after.count()) + " s");
}

/// Judged once for all operations of a request, and only where a provider asks for it.
const Result<void>& ReleaseService::quote_of(ReleaseWork& work) {
    if (work.quote)
        return *work.quote;
    if (!work.request.quote)
        return work.quote.emplace(no_quote());
    if (!work.nonce)
        return work.quote.emplace(fail(Errc::denied,
                                       "freshness.nonce",
                                       "the nonce for the quote was used, or is too old: use this answer's"));
    const protocol::ReleasePart about{.request = work.request.digest(), .session = work.owner->facts.id};
    return work.quote.emplace(parts_.quotes.verify({.quote = *work.request.quote,
                                                    .nonce = *work.nonce,
                                                    .about = about,
                                                    .token = work.token(),
                                                    .state = work.state(),
                                                    .now = parts_.clock.now()}));
}

Result<protocol::OperationResult> ReleaseService::release(ReleaseWork& work, Decision& decision) {
    // Nobody but a host in good standing makes us ask a key server.
    VS_TRY_VOID(check_standing(work.standing(lease(), parts_.clock.now())));
    if (!decision.about)
        return std::unexpected(decision.about.error());
    VS_TRY_VOID(within_quota(work, decision));
    const Result<void> quote = decision.wants_quote() ? quote_of(work) : no_quote();
    VS_TRY(const KeysInUse keys, keys_of(decision));
    decision.key_state = keys.primary.facts.state;
    VS_TRY(decision.grant,
           authorize_release({.standing = work.standing(lease(), parts_.clock.now()),
                              .operation = decision.operation,
                              .primary_key = keys.primary.facts,
                              .newest_key = keys.newest ? std::optional(keys.newest->facts) : std::nullopt,
                              .quote = quote}));
    return use_grant(*decision.grant, keys, decision.operation, parts_.random);
}

void ReleaseService::decide(ReleaseWork& work, Decision& decision) {
    auto released = release(work, decision);
    if (released)
        decision.result = std::move(*released);
    else
        decision.refuse(released.error());
    decision.name_blobs();
}

void ReleaseService::record(const Work& work, Decision& decision) {
    if (decision.over)
        return recorded(work);
    json::Object fields = work->audit_fields(decision);
    if (decision.refused()) {
        fields.emplace("reason", std::get<protocol::ReleaseRefusal>(decision.result).code);
        return parts_.audit.submit(
            audit::kind::refused, std::move(fields), [work](const Result<audit::AuditReceipt>&) {
                recorded(work); // refused either way
            });
    }
    const bool leaves = decision.grant->use() != GrantedUse::rewrap;
    parts_.audit.submit(leaves ? audit::kind::release : audit::kind::rewrap,
                        std::move(fields),
                        [work, &decision](const Result<audit::AuditReceipt>& receipt) {
                            if (receipt)
                                decision.recorded = receipt->sequence;
                            else
                                decision.refuse({.code = Errc::unavailable,
                                                 .where = "release.audit",
                                                 .detail = "the release could not be put on record"});
                            recorded(work);
                        });
}

/// One record fewer is on the way.
void ReleaseService::recorded(const Work& work) {
    if (--work->unrecorded == 0)
        std::exchange(work->then, nullptr)(RecordedRelease(work));
}

void ReleaseService::withhold(const ReleaseWork& work, Decision& decision, const Error& why) {
    json::Object fields = work.audit_fields(decision);
    fields.emplace("reason", why.where);
    fields.emplace("release", decision.recorded);
    decision.refuse(why);
    parts_.audit.submit(audit::kind::withheld, std::move(fields), not_waited_for);
}

void ReleaseService::confirm(ReleaseWork& work) {
    const std::int64_t epoch = parts_.authority.state()->epoch;
    const Lease now = lease();
    for (Decision& decision : work.decisions)
        if (decision.grant)
            if (const auto unmoved = confirm_unmoved(*decision.grant, epoch, now); !unmoved)
                withhold(work, decision, unmoved.error());
}

Result<std::string> ReleaseService::seal(ReleaseWork& work) {
    protocol::ReleaseAnswer answer{.results = {}, .nonce = parts_.random.bytes(protocol::nonce_size)};
    for (Decision& decision : work.decisions)
        answer.results.push_back(std::move(decision.result));
    const Secret plain = answer.encode();
    const std::scoped_lock lock(mutex_);
    OpenSession* const session = sessions_.find(work.owner->facts.id, work.state().epoch, parts_.clock.now());
    if (session == nullptr)
        return fail(Errc::not_found, "release.session", "the release session ended meanwhile: open another");
    session->nonce = GivenNonce(answer.nonce, parts_.clock.boot_now());
    return session->session.seal_answer(work.opened, parts_.random, plain);
}

void ReleaseService::decide(OpenRelease& request) {
    ReleaseWork& work = *request.work_;
    if (!work.under_way) {
        work.under_way.emplace(begin());
        prepare(work);
    }
    for (Decision& decision : work.decisions)
        decide(work, decision);
}

void ReleaseService::record(OpenRelease request, OnRecord then) {
    const Work work = std::move(request.work_);
    work->then = std::move(then);
    work->unrecorded = work->decisions.size() + 1; // one is this call's
    for (Decision& decision : work->decisions)
        record(work, decision);
    recorded(work);
}

Result<std::string> ReleaseService::answer(RecordedRelease request) {
    const Work owned = std::move(request.work_);
    ReleaseWork& work = *owned;
    confirm(work);
    auto sealed = seal(work);
    for (Decision& decision : work.decisions) {
        if (!decision.grant)
            continue;
        if (!sealed)
            withhold(work, decision, sealed.error());
        else if (decision.grant->use() != GrantedUse::rewrap) // a rewrapped blob is one that is left behind
            parts_.uses.count(*decision.about, parts_.clock.now());
    }
    return sealed;
}

} // namespace vouchsafe::keyprovider
