#include "agent/trust.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vouchsafe::agent {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds shortest_retry{2};
constexpr seconds longest_retry_pending{15}; // an administrator may be approving this host just now
constexpr seconds longest_retry_refused{30};
constexpr seconds longest_retry_unreachable{30};
constexpr unsigned failures_counted = 16;

protocol::Reason reason(std::string code, std::string message, std::string hint) {
    return {.code = std::move(code),
            .message = std::move(message),
            .event = {},
            .expected = {},
            .hint = std::move(hint)};
}

protocol::Reason no_services() {
    return reason("host.no_services",
                  "this host has no services information of its authority",
                  "import the services information into the host's cluster");
}

/// Whether a refusal says that this host's standing is no longer what its token says, or that this authority
/// host is gone: then a fresh attestation may help.
bool standing_moved(const Error& error) {
    static constexpr std::array<std::string_view, 12> codes{"gate.lease",
                                                            "gate.session",
                                                            "gate.token",
                                                            "gate.binding",
                                                            "gate.epoch",
                                                            "gate.revision",
                                                            "gate.enrolment",
                                                            "gate.identity",
                                                            "gate.image",
                                                            "gate.revoked",
                                                            "gate.moved",
                                                            "release.session"};
    return std::ranges::find(codes, error.where) != codes.end() || error.where.starts_with("token.") ||
           error.where.starts_with("freshness.") || error.where.starts_with("net.") ||
           error.where == "peer.status";
}

/// A moment between `least` and `most` thousandths of a duration.
milliseconds part_of(milliseconds whole, unsigned least, unsigned most, Random& random) {
    const Buffer bytes = random.bytes(2);
    const unsigned random16 = unsigned{bytes[0]} << 8U | bytes[1];
    const unsigned thousandths = least + (random16 * (most - least) >> 16U);
    return whole * thousandths / 1000;
}

Standing standing_of(protocol::Outcome outcome) {
    switch (outcome) {
    case protocol::Outcome::trusted:
        return Standing::trusted;
    case protocol::Outcome::pending:
        return Standing::pending;
    case protocol::Outcome::refused:
        return Standing::refused;
    }
    std::unreachable();
}

} // namespace

std::string_view to_string(Standing standing) {
    switch (standing) {
    case Standing::unknown:
        return "unknown";
    case Standing::trusted:
        return "trusted";
    case Standing::pending:
        return "pending";
    case Standing::refused:
        return "refused";
    }
    std::unreachable();
}

/// A live result: the token, the key that it names, and where it was got.
struct Trust::Held {
    std::string token;
    crypto::EcPrivateKey release_key;
    SysTime expires;
    token::ServiceHost host;
    KeyClient client;
};

Trust::Trust(std::string anchor, Parts parts) : anchor_(std::move(anchor)), parts_(parts) {}

Trust::~Trust() = default;

Result<void> Trust::restore() {
    const std::scoped_lock lock(work_);
    VS_TRY(stored_, parts_.state.services());
    if (!stored_.document.is_null()) {
        auto verified = token::verify_services({.document = stored_.document,
                                                .anchor = anchor_,
                                                .least_version = stored_.least_version,
                                                .now = parts_.clock.now()});
        if (verified)
            services_ = std::move(*verified);
    }
    settle(Standing::unknown, services_ ? std::vector<protocol::Reason>{} : std::vector{no_services()});
    show_versions();
    return {};
}

Result<void> Trust::configure(const json::Value& services, std::int64_t applied_version) {
    const std::scoped_lock lock(work_);
    StoredServices next{
        .least_version = stored_.least_version, .applied_version = applied_version, .document = services};
    std::optional<token::VerifiedServices> verified;
    if (!services.is_null()) {
        VS_TRY(verified,
               token::verify_services({.document = services,
                                       .anchor = anchor_,
                                       .least_version = stored_.least_version,
                                       .now = parts_.clock.now()}));
        next.least_version = verified->information().version;
    }
    const bool same = services == stored_.document;
    VS_TRY_VOID(parts_.state.save_services(next));
    stored_ = std::move(next);
    services_ = std::move(verified);
    show_versions();
    if (same)
        return {};
    held_.reset();
    failures_ = 0;
    settle(Standing::unknown, services_ ? std::vector<protocol::Reason>{} : std::vector{no_services()});
    const std::scoped_lock shown(mutex_);
    next_due_ = parts_.clock.now();
    return {};
}

Result<void> Trust::attest() {
    const std::scoped_lock lock(work_);
    return attest_locked();
}

SysTime Trust::next_due() const {
    const std::scoped_lock lock(mutex_);
    return next_due_;
}

TrustReport Trust::report() const {
    const std::scoped_lock lock(mutex_);
    TrustReport shown = report_;
    if (shown.standing == Standing::trusted && result_expires_ <= parts_.clock.now()) {
        shown.standing = Standing::unknown;
        shown.reasons = {reason("host.result_expired",
                                "the last attestation result has expired and no authority host gave another",
                                "see whether the authority hosts can be reached from this host")};
    }
    return shown;
}

Result<protocol::OperationResult> Trust::release(const protocol::Operation& operation) {
    const std::scoped_lock lock(work_);
    if (!holds_a_live_result())
        (void)attest_locked(); // what came of it is seen below
    auto released = release_locked(operation);
    if (released || released.error().where == "host.not_trusted" || !standing_moved(released.error()))
        return released;
    if (!attest_locked())
        return released;
    // What it was refused for says more than that it is not trusted now.
    if (released.error().where.starts_with("freshness.") && !holds_a_live_result())
        return released;
    return release_locked(operation);
}

Result<protocol::OperationResult> Trust::release_locked(const protocol::Operation& operation) {
    if (!services_ || !holds_a_live_result())
        return fail(Errc::denied,
                    "host.not_trusted",
                    "this host has no live attestation result: " + std::string(to_string(report().standing)));
    return held_->client.release({.key_access_token = held_->token,
                                  .release_key = held_->release_key,
                                  .group = services_->information().group,
                                  .authority_host = held_->host.id,
                                  .session_keys = services_->keys(token::KeyUse::session, held_->host.id)},
                                 operation);
}

Result<void> Trust::attest_locked() {
    if (!services_) {
        settle(Standing::unknown, {no_services()});
        retry_within(longest_retry_unreachable);
        return fail(Errc::unavailable, "host.no_services", "no authority is configured");
    }
    // The one that answered last comes first.
    std::vector<token::ServiceHost> hosts = services_->hosts();
    std::ranges::stable_partition(hosts, [this](const auto& host) { return host.id.text == last_host_; });
    Error last{
        .code = Errc::unavailable, .where = "host.no_services", .detail = "the authority has no hosts"};
    for (const token::ServiceHost& host : hosts) {
        const auto attested = attest_at(host);
        if (attested)
            return {};
        last = attested.error();
        if (!is_unreachable(last))
            break;
    }
    // An answer that is no appraisal ends the standing; none at all leaves a live result alone.
    if (!is_unreachable(last) || !holds_a_live_result()) {
        held_.reset();
        const bool refused = last.code == Errc::denied || last.code == Errc::unauthenticated;
        settle(refused ? Standing::refused : Standing::unknown,
               {reason(last.where, last.detail, "see the authority's audit for this host")});
    }
    retry_within(longest_retry_unreachable);
    return std::unexpected(std::move(last));
}

Result<void> Trust::attest_at(const token::ServiceHost& host) {
    VS_TRY(auto peer, parts_.dialer.dial(host, services_->root()));
    VS_TRY(Attested attested, parts_.attester.attest(*peer));
    accept(host, std::move(peer), std::move(attested));
    return {};
}

void Trust::accept(const token::ServiceHost& host, std::unique_ptr<Peer> peer, Attested attested) {
    held_.reset();
    last_host_ = host.id.text;
    protocol::EvidenceAnswer& answer = attested.answer;
    const SysTime now = parts_.clock.now();
    settle(standing_of(answer.outcome), std::move(answer.reasons));
    {
        const std::scoped_lock shown(mutex_);
        report_.reporting_token = std::move(answer.reporting_token);
    }
    if (answer.outcome != protocol::Outcome::trusted || !answer.key_access_token || !answer.expires ||
        *answer.expires <= now) {
        retry_within(answer.outcome == protocol::Outcome::pending ? longest_retry_pending
                                                                  : longest_retry_refused);
        return;
    }
    failures_ = 0;
    held_ = std::make_unique<Held>(Held{.token = std::move(*answer.key_access_token),
                                        .release_key = std::move(attested.release_key),
                                        .expires = *answer.expires,
                                        .host = host,
                                        .client = KeyClient(std::move(peer),
                                                            {.attester = parts_.attester,
                                                             .strict = strict_,
                                                             .clock = parts_.clock,
                                                             .random = parts_.random})});
    const std::scoped_lock shown(mutex_);
    result_expires_ = *answer.expires;
    next_due_ = now + part_of(*answer.expires - now, 500, 750, parts_.random);
}

void Trust::settle(Standing standing, std::vector<protocol::Reason> reasons) {
    const std::scoped_lock lock(mutex_);
    report_.standing = standing;
    report_.reasons = std::move(reasons);
    report_.reporting_token.reset();
}

void Trust::show_versions() {
    const std::scoped_lock lock(mutex_);
    report_.services_version = services_ ? services_->information().version : 0;
    report_.applied_version = stored_.applied_version;
}

void Trust::retry_within(seconds longest) {
    const seconds wait = std::min(longest, shortest_retry * (1U << std::min(failures_, failures_counted)));
    failures_ = std::min(failures_ + 1, failures_counted);
    const SysTime due = parts_.clock.now() + part_of(wait, 750, 1250, parts_.random);
    const std::scoped_lock lock(mutex_);
    next_due_ = due;
}

bool Trust::holds_a_live_result() const {
    return held_ && parts_.clock.now() < held_->expires;
}

// Whoever answers is not believed to have answered with what was asked for.
template <class Wanted> static Result<Wanted> wanted(Result<protocol::OperationResult> result) {
    VS_TRY(protocol::OperationResult got, std::move(result));
    if (auto* const found = std::get_if<Wanted>(&got))
        return std::move(*found);
    return fail(Errc::malformed, "release.results", "an answer to another operation");
}

Result<protocol::ReleasedKey> generate_key(KeySource& keys, const protocol::GenerateKey& operation) {
    return wanted<protocol::ReleasedKey>(keys.release(operation));
}

Result<protocol::ReleasedKey> decrypt_key(KeySource& keys, const protocol::DecryptKey& operation) {
    return wanted<protocol::ReleasedKey>(keys.release(operation));
}

Result<protocol::RewrappedKey> rewrap_key(KeySource& keys, const protocol::RewrapKey& operation) {
    return wanted<protocol::RewrappedKey>(keys.release(operation));
}

} // namespace vouchsafe::agent
