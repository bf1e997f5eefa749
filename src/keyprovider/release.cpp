#include "keyprovider/release.h"

#include "audit/record.h"
#include "keyprovider/blob.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

/// The API's words for a refusal inside an answer.
std::string_view error_type(Errc code) {
    switch (code) {
    case Errc::malformed:
    case Errc::too_large:
        return "INVALID_ARGUMENT";
    case Errc::untrusted:
    case Errc::denied:
        return "UNAUTHORIZED";
    case Errc::unauthenticated:
    case Errc::expired:
        return "UNAUTHENTICATED";
    case Errc::not_found:
        return "NOT_FOUND";
    case Errc::exists:
    case Errc::conflict:
        return "NOT_ALLOWED_IN_CURRENT_STATE";
    case Errc::busy:
        return "RESOURCE_BUSY";
    case Errc::unavailable:
        return "SERVICE_UNAVAILABLE";
    case Errc::timed_out:
        return "TIMED_OUT";
    case Errc::unsupported:
        return "UNSUPPORTED";
    case Errc::internal:
        return "INTERNAL_SERVER_ERROR";
    }
    std::unreachable();
}

protocol::ReleaseRefusal refusal(const Error& error) {
    return {.error_type = std::string(error_type(error.code)), .code = error.where, .message = error.detail};
}

/// Digest of the blob that was opened, or was made.
std::string blob_about(const protocol::Operation& operation, const protocol::OperationResult& result) {
    if (const Buffer* const opened = blob_of(operation))
        return blob_digest(*opened);
    const auto* const made = std::get_if<protocol::ReleasedKey>(&result);
    return made != nullptr && made->ciphertext ? blob_digest(*made->ciphertext) : std::string();
}

/// The primary keys that an operation uses: the second is of rewrap.
struct KeysInUse {
    PrimaryKey primary;
    std::optional<PrimaryKey> newest;
};

Result<protocol::OperationResult> use_grant(const ReleaseGrant& grant,
                                            const KeysInUse& keys,
                                            const protocol::Operation& operation,
                                            Random& random) {
    switch (grant.use()) {
    case GrantedUse::generate: {
        VS_TRY(NewVmKey made, generate_key(grant, keys.primary.use(), random));
        return protocol::ReleasedKey{.ciphertext = std::move(made.blob), .key = std::move(made.key)};
    }
    case GrantedUse::decrypt: {
        VS_TRY(Secret key, unwrap(grant, keys.primary.use(), *blob_of(operation)));
        return protocol::ReleasedKey{.ciphertext = {}, .key = std::move(key)};
    }
    case GrantedUse::rewrap: {
        VS_CHECK(keys.newest.has_value()); // the gate saw it
        VS_TRY(Buffer blob,
               rewrap(grant,
                      {.primary_key = keys.primary.use(), .newest_key = keys.newest->use()},
                      *blob_of(operation),
                      random));
        return protocol::RewrappedKey{.ciphertext = std::move(blob)};
    }
    }
    std::unreachable();
}

} // namespace

/// What came of one operation.
struct ReleaseService::Decision {
    const protocol::Operation& operation;
    std::optional<Target> about;   ///< once the operation named one
    std::optional<OverQuota> over; ///< where a quota says to wait
    std::optional<kmip::State> key_state;
    std::optional<ReleaseGrant> grant; ///< while the result is none of a refusal
    protocol::OperationResult result;
    std::string blob;          ///< digest of the blob that was opened or made; empty when there is none
    std::string new_blob;      ///< of rewrap: digest of what was made
    std::int64_t recorded = 0; ///< sequence of the record of the release; 0 before there is one

    bool refused() const { return std::holds_alternative<protocol::ReleaseRefusal>(result); }

    void refuse(const Error& error) {
        grant.reset();
        protocol::ReleaseRefusal why = refusal(error);
        if (over)
            why.retry_after = over->retry_after.count();
        result = std::move(why); // wipes the key
    }
};

/// One request on its way through.
struct ReleaseService::Work {
    std::shared_ptr<const inventory::AuthorityState> state; ///< as it was when the request began
    SessionFacts session;
    token::VerifiedKeyAccess token;
    protocol::OpenedRequest opened;
    protocol::ReleaseRequest request;
    std::optional<Buffer> nonce;       ///< for the request's quote
    std::optional<Result<void>> quote; ///< once somebody asked for it
    std::vector<Decision> decisions;

    Standing standing(Lease lease, SysTime now) const {
        return {.state = *state, .lease = lease, .session = session, .token = token, .now = now};
    }

    json::Object audit_fields(const Decision& decision) const {
        const protocol::Context& context = context_of(decision.operation);
        json::Object out{{"host", token->host.text},
                         {"operation", protocol::operation_name(decision.operation)},
                         {"provider", provider_of(decision.operation).text},
                         {"key_id", context.key_id},
                         {"vm", context.vm.text},
                         {"blob", decision.blob},
                         {"image", token->base_image.text},
                         {"epoch", state->epoch},
                         {"revision", state->revision},
                         {"token", token->id},
                         {"evidence_digest", token->evidence_digest},
                         {"session", session.id}};
        if (decision.about)
            out.emplace("generation", decision.about->generation.number);
        if (decision.grant)
            out.emplace("freshness", inventory::to_string(decision.grant->freshness()));
        if (decision.key_state && *decision.key_state != kmip::State::active)
            out.emplace("primary_key", kmip::to_string(*decision.key_state)); // to be replaced
        if (!decision.new_blob.empty()) {
            out.emplace("new_blob", decision.new_blob);
            out.emplace("new_generation", decision.about->newest->number);
        }
        return out;
    }
};

/// Counts a request as under way with the revision that it works on, from reading the state to its end.
class ReleaseService::UnderWay {
public:
    explicit UnderWay(ReleaseService& service) : service_(service) {
        const std::scoped_lock lock(service_.mutex_);
        state_ = service_.parts_.authority.state();
        service_.under_way_.insert(state_->revision);
    }

    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

    ~UnderWay() {
        const std::scoped_lock lock(service_.mutex_);
        service_.under_way_.erase(service_.under_way_.find(state_->revision));
    }

    const std::shared_ptr<const inventory::AuthorityState>& state() const { return state_; }

private:
    ReleaseService& service_;
    std::shared_ptr<const inventory::AuthorityState> state_;
};

ReleaseService::ReleaseService(ReleaseConfig config, ReleaseParts parts)
    : config_(std::move(config)), parts_(parts), sessions_(config_.limits) {}

Lease ReleaseService::lease() const {
    return parts_.authority.lease_valid(parts_.clock.boot_now()) ? Lease::valid : Lease::lapsed;
}

std::optional<std::int64_t> ReleaseService::oldest_revision_under_way() const {
    const std::scoped_lock lock(mutex_);
    return under_way_.empty() ? std::nullopt : std::optional(*under_way_.begin());
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
    const std::scoped_lock lock(mutex_);
    VS_TRY_VOID(sessions_.add(
        {.session = std::move(opened.session), .token = token, .facts = facts, .nonce = std::move(nonce)},
        now));
    return std::move(opened.answer);
}

Result<ReleaseService::Work> ReleaseService::open(std::string_view message,
                                                  std::shared_ptr<const inventory::AuthorityState> state) {
    VS_TRY(const std::string id, protocol::claimed_session(message));
    const SysTime now = parts_.clock.now();
    const std::scoped_lock lock(mutex_);
    OpenSession* const session = sessions_.find(id, state->epoch, now);
    if (session == nullptr)
        return fail(Errc::not_found, "release.session", "no such release session: open another");
    VS_TRY(protocol::OpenedRequest opened, session->session.open_request(message, now));
    VS_TRY(protocol::ReleaseRequest request,
           opened.plain.expose([](Bytes plain) { return protocol::ReleaseRequest::parse(as_text(plain)); }));
    auto nonce = request.quote ? session->nonce.take(parts_.clock.boot_now()) : std::nullopt;
    return Work{.state = std::move(state),
                .session = session->facts,
                .token = session->token,
                .opened = std::move(opened),
                .request = std::move(request),
                .nonce = std::move(nonce),
                .quote = {},
                .decisions = {}};
}

/// What fails between us and a key server is never the host's fault, and attesting again would not mend it.
Result<PrimaryKey> ReleaseService::primary_key(const inventory::Provider& provider,
                                               const inventory::Generation& generation) {
    auto key = parts_.keys.obtain(provider, generation);
    if (!key && key.error().code != Errc::conflict)
        return fail(Errc::unavailable, key.error().where, key.error().detail);
    return key;
}

/// What has to wait is no record of its own, or a flood would fill the disk that every release needs: the
/// alarms count it.
Result<void> ReleaseService::within_quota(const Work& work, Decision& decision) {
    const inventory::Provider& provider = *decision.about->provider;
    decision.over = parts_.quotas.take(provider, work.token->host, parts_.clock.boot_now());
    if (!decision.over)
        return {};
    const bool all = decision.over->quota == QuotaOf::all;
    const std::string_view where = all ? "release.quota" : "release.quota_host";
    if (decision.over->alarm)
        std::ignore = parts_.audit.append(audit::kind::alarm, // it waits either way
                                          {{"reason", where},
                                           {"provider", provider.name},
                                           {"host", work.token->host.text},
                                           {"waiting", *decision.over->alarm},
                                           {"revision", work.state->revision}});
    return fail(Errc::unavailable,
                where,
                std::string("the quota of releases ") + (all ? "to all hosts" : "to this host") + " by " +
                    provider.name + " is used up: try again in " +
                    std::to_string(decision.over->retry_after.count()) + " s");
}

/// Judged once for all operations of a request, and only where a provider asks for it.
const Result<void>& ReleaseService::quote_of(Work& work) {
    if (work.quote)
        return *work.quote;
    if (!work.request.quote)
        return work.quote.emplace(no_quote());
    if (!work.nonce)
        return work.quote.emplace(fail(Errc::denied,
                                       "freshness.nonce",
                                       "the nonce for the quote was used, or is too old: use this answer's"));
    const protocol::ReleasePart about{.request = work.request.digest(), .session = work.session.id};
    return work.quote.emplace(parts_.quotes.verify({.quote = *work.request.quote,
                                                    .nonce = *work.nonce,
                                                    .about = about,
                                                    .token = work.token.claims(),
                                                    .state = *work.state,
                                                    .now = parts_.clock.now()}));
}

ReleaseService::Decision ReleaseService::decide(Work& work, const protocol::Operation& operation) {
    Decision decision{.operation = operation,
                      .about = {},
                      .over = {},
                      .key_state = {},
                      .grant = {},
                      .result = protocol::ReleaseRefusal{},
                      .blob = {},
                      .new_blob = {},
                      .recorded = 0};
    const auto release = [&]() -> Result<protocol::OperationResult> {
        // Nobody but a host in good standing makes us ask a key server.
        VS_TRY_VOID(check_standing(work.standing(lease(), parts_.clock.now())));
        VS_TRY(decision.about, target(*work.state, operation));
        VS_TRY_VOID(within_quota(work, decision));
        const Target& about = *decision.about;
        const bool strict = about.provider->policy.freshness == inventory::Freshness::strict;
        const Result<void> quote = strict ? quote_of(work) : no_quote();
        KeysInUse keys;
        VS_TRY(keys.primary, primary_key(*about.provider, about.generation));
        decision.key_state = keys.primary.facts.state;
        if (about.newest) {
            VS_TRY(keys.newest, primary_key(*about.provider, *about.newest));
        }
        VS_TRY(
            decision.grant,
            authorize_release({.standing = work.standing(lease(), parts_.clock.now()),
                               .operation = operation,
                               .primary_key = keys.primary.facts,
                               .newest_key = keys.newest ? std::optional(keys.newest->facts) : std::nullopt,
                               .quote = quote}));
        return use_grant(*decision.grant, keys, operation, parts_.random);
    };
    auto released = release();
    if (released)
        decision.result = std::move(*released);
    else
        decision.refuse(released.error());
    decision.blob = blob_about(operation, decision.result);
    if (const auto* const rewrapped = std::get_if<protocol::RewrappedKey>(&decision.result))
        decision.new_blob = blob_digest(rewrapped->ciphertext);
    return decision;
}

void ReleaseService::record(const Work& work, Decision& decision) {
    if (decision.over)
        return;
    json::Object fields = work.audit_fields(decision);
    if (decision.refused()) {
        fields.emplace("reason", std::get<protocol::ReleaseRefusal>(decision.result).code);
        std::ignore = parts_.audit.append(audit::kind::refused, std::move(fields)); // refused either way
        return;
    }
    const bool leaves = decision.grant->use() != GrantedUse::rewrap;
    const auto receipt =
        parts_.audit.append(leaves ? audit::kind::release : audit::kind::rewrap, std::move(fields));
    if (receipt)
        decision.recorded = receipt->sequence;
    else
        decision.refuse({.code = Errc::unavailable,
                         .where = "release.audit",
                         .detail = "the release could not be put on record"});
}

void ReleaseService::withhold(const Work& work, Decision& decision, const Error& why) {
    json::Object fields = work.audit_fields(decision);
    fields.emplace("reason", why.where);
    fields.emplace("release", decision.recorded);
    decision.refuse(why);
    std::ignore = parts_.audit.append(audit::kind::withheld, std::move(fields)); // withheld either way
}

void ReleaseService::confirm(Work& work) {
    const std::int64_t epoch = parts_.authority.state()->epoch;
    const Lease now = lease();
    for (Decision& decision : work.decisions)
        if (decision.grant)
            if (const auto unmoved = confirm_unmoved(*decision.grant, epoch, now); !unmoved)
                withhold(work, decision, unmoved.error());
}

Result<std::string> ReleaseService::seal(Work& work) {
    protocol::ReleaseAnswer answer{.results = {}, .nonce = parts_.random.bytes(protocol::nonce_size)};
    for (Decision& decision : work.decisions)
        answer.results.push_back(std::move(decision.result));
    const Secret plain = answer.encode();
    const std::scoped_lock lock(mutex_);
    OpenSession* const session = sessions_.find(work.session.id, work.state->epoch, parts_.clock.now());
    if (session == nullptr)
        return fail(Errc::not_found, "release.session", "the release session ended meanwhile: open another");
    session->nonce = GivenNonce(answer.nonce, parts_.clock.boot_now());
    return session->session.seal_answer(work.opened, parts_.random, plain);
}

Result<std::string> ReleaseService::answer(std::string_view message) {
    const UnderWay under_way(*this);
    VS_TRY(Work work, open(message, under_way.state()));
    for (const protocol::Operation& operation : work.request.operations)
        work.decisions.push_back(decide(work, operation));
    for (Decision& decision : work.decisions)
        record(work, decision);
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
