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

const protocol::Context& context_of(const protocol::Operation& operation) {
    return std::visit([](const auto& any) -> const protocol::Context& { return any.context; }, operation);
}

const KeyProviderId& provider_of(const protocol::Operation& operation) {
    return std::visit([](const auto& any) -> const KeyProviderId& { return any.provider; }, operation);
}

/// Digest of the blob that was opened, or was made.
std::string blob_of(const protocol::Operation& operation, const protocol::OperationResult& result) {
    if (const auto* const decrypt = std::get_if<protocol::DecryptKey>(&operation))
        return blob_digest(decrypt->ciphertext);
    const auto* const made = std::get_if<protocol::ReleasedKey>(&result);
    return made != nullptr && made->ciphertext ? blob_digest(*made->ciphertext) : std::string();
}

Result<protocol::ReleasedKey> use_grant(const ReleaseGrant& grant,
                                        const Secret& primary_key,
                                        const protocol::Operation& operation,
                                        Random& random) {
    const auto* const decrypt = std::get_if<protocol::DecryptKey>(&operation);
    if (decrypt != nullptr) {
        VS_TRY(Secret key, unwrap(grant, primary_key, decrypt->ciphertext));
        return protocol::ReleasedKey{.ciphertext = {}, .key = std::move(key)};
    }
    NewVmKey made = generate_key(grant, primary_key, random);
    return protocol::ReleasedKey{.ciphertext = std::move(made.blob), .key = std::move(made.key)};
}

} // namespace

/// What came of one operation.
struct ReleaseService::Decision {
    const protocol::Operation& operation;
    std::optional<ReleaseGrant> grant; ///< while the result is a key
    protocol::OperationResult result;
    std::string blob;          ///< digest of the blob that was opened or made; empty when there is none
    std::int64_t recorded = 0; ///< sequence of the record of the release; 0 before there is one

    bool releases() const { return std::holds_alternative<protocol::ReleasedKey>(result); }

    void refuse(const Error& error) {
        grant.reset();
        result = refusal(error); // wipes the key
    }
};

/// One request on its way through.
struct ReleaseService::Work {
    std::shared_ptr<const inventory::AuthorityState> state; ///< as it was when the request began
    SessionFacts session;
    token::VerifiedKeyAccess token;
    protocol::OpenedRequest opened;
    protocol::ReleaseRequest request;
    std::vector<Decision> decisions;

    Standing standing(Lease lease, SysTime now) const {
        return {.state = *state, .lease = lease, .session = session, .token = token, .now = now};
    }

    json::Object audit_fields(const Decision& decision) const {
        const protocol::Context& context = context_of(decision.operation);
        return {{"host", token->host.text},
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
    const std::scoped_lock lock(mutex_);
    VS_TRY_VOID(sessions_.add({.session = std::move(opened.session), .token = token, .facts = facts}, now));
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
    return Work{.state = std::move(state),
                .session = session->facts,
                .token = session->token,
                .opened = std::move(opened),
                .request = std::move(request),
                .decisions = {}};
}

/// What fails between us and a key server is never the host's fault, and attesting again would not mend it.
Result<PrimaryKey> ReleaseService::primary_key(const Target& about) {
    auto key = parts_.keys.obtain(*about.provider, about.generation);
    if (!key && key.error().code != Errc::conflict)
        return fail(Errc::unavailable, key.error().where, key.error().detail);
    return key;
}

ReleaseService::Decision ReleaseService::decide(const Work& work, const protocol::Operation& operation) {
    Decision decision{
        .operation = operation, .grant = {}, .result = protocol::ReleaseRefusal{}, .blob = {}, .recorded = 0};
    const auto release = [&]() -> Result<protocol::ReleasedKey> {
        // Nobody but a host in good standing makes us ask a key server.
        VS_TRY_VOID(check_standing(work.standing(lease(), parts_.clock.now())));
        VS_TRY(const Target about, target(*work.state, operation));
        VS_TRY(const PrimaryKey primary, primary_key(about));
        VS_TRY(decision.grant,
               authorize_release({.standing = work.standing(lease(), parts_.clock.now()),
                                  .operation = operation,
                                  .primary_key = primary.facts}));
        return use_grant(*decision.grant, *primary.key, operation, parts_.random);
    };
    auto released = release();
    if (released)
        decision.result = std::move(*released);
    else
        decision.refuse(released.error());
    decision.blob = blob_of(operation, decision.result);
    return decision;
}

void ReleaseService::record(const Work& work, Decision& decision) {
    json::Object fields = work.audit_fields(decision);
    if (!decision.releases()) {
        fields.emplace("reason", std::get<protocol::ReleaseRefusal>(decision.result).code);
        std::ignore = parts_.audit.append(audit::kind::refused, std::move(fields)); // refused either way
        return;
    }
    const auto receipt = parts_.audit.append(audit::kind::release, std::move(fields));
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
    protocol::ReleaseAnswer answer;
    for (Decision& decision : work.decisions)
        answer.results.push_back(std::move(decision.result));
    const Secret plain = answer.encode();
    const std::scoped_lock lock(mutex_);
    OpenSession* const session = sessions_.find(work.session.id, work.state->epoch, parts_.clock.now());
    if (session == nullptr)
        return fail(Errc::not_found, "release.session", "the release session ended meanwhile: open another");
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
    if (!sealed)
        for (Decision& decision : work.decisions)
            if (decision.grant)
                withhold(work, decision, sealed.error());
    return sealed;
}

} // namespace vouchsafe::keyprovider
