#include "attestation/service.h"

#include "attestation/kept_evidence.h"
#include "attestation/log_position.h"
#include "attestation/proof.h"
#include "attestation/verdict.h"
#include "audit/record.h"
#include "crypto/digest.h"
#include "protocol/statement.h"
#include "tpm/credential.h"
#include "tpm/keys.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vouchsafe::attestation {

namespace {

using inventory::EnrolmentState;

constexpr std::size_t process_key_size = 32;
constexpr std::size_t credential_secret_size = 32;
constexpr std::uint32_t asked_pcrs = 0xFFFF; // 0 to 15

// A failure of this authority host's own parts, whatever its code: never the host's fault.
template <class T> Result<T> ours(Result<T> result) {
    if (!result)
        return fail(Errc::unavailable, result.error().where, result.error().detail);
    return result;
}

bool has_bank(const tpm::PcrSelectionList& selection, crypto::HashAlg bank) {
    return std::ranges::find(selection, bank, &tpm::PcrSelection::bank) != selection.end();
}

// A stranger hears one word; only our own inability is told as what it is.
template <class Message> Reply<Message> reply_to(Result<Message> result) {
    if (result)
        return {.answer = std::move(result), .cause = std::nullopt};
    const Error cause = std::move(result).error();
    if (cause.code == Errc::unavailable || cause.code == Errc::internal)
        return {.answer = fail(Errc::unavailable, "attestation.unavailable", "try again later"),
                .cause = cause};
    return {.answer = fail(Errc::denied, "refused"), .cause = cause};
}

Result<tpm::PcrSelectionList> selection_of(const std::vector<std::string>& banks) {
    tpm::PcrSelectionList out;
    for (const std::string& name : banks) {
        VS_TRY(const crypto::HashAlg bank, crypto::hash_alg_from_text(name));
        if (has_bank(out, bank))
            return fail(Errc::malformed, "challenge.banks", "a bank is named twice");
        out.push_back({.bank = bank, .bits = asked_pcrs});
    }
    if (out.empty())
        return fail(Errc::malformed, "challenge.banks", "a TPM without PCR banks");
    return out;
}

std::vector<protocol::BankSelection> to_protocol(const tpm::PcrSelectionList& selection) {
    std::vector<protocol::BankSelection> out;
    for (const tpm::PcrSelection& one : selection) {
        protocol::BankSelection bank{.bank = std::string(crypto::to_string(one.bank)), .pcrs = {}};
        for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
            if (one.has(pcr))
                bank.pcrs.push_back(pcr);
        out.push_back(std::move(bank));
    }
    return out;
}

Result<void> check_activation(const ChallengeState& challenge, const protocol::Evidence& evidence) {
    if (challenge.credential_secret.empty())
        return {};
    const auto proof = protocol::activation_proof(
        challenge.credential_secret, protocol::qualifying_data(challenge.nonce, evidence.statement));
    if (!evidence.activation || !crypto::equal(*evidence.activation, proof))
        return fail(Errc::untrusted, "activation", "the credential was not activated");
    return {};
}

Result<void> check_enabled(const inventory::AuthorityState& state) {
    if (state.cluster_state != inventory::ClusterState::enabled)
        return fail(Errc::unavailable, "attestation.disabled", "the trust authority cluster is disabled");
    return {};
}

// As many as there is room for in a challenge state, the EK's own first.
std::vector<Buffer> kept_certificates(const std::vector<Buffer>& sent) {
    std::vector<Buffer> out;
    std::size_t size = 0;
    for (const Buffer& der : sent) {
        size += der.size();
        if (size > max_kept_certificates)
            break;
        out.push_back(der);
    }
    return out;
}

bool is_enrolled_with(const inventory::Enrolment* enrolment, std::string_view ak_name) {
    return enrolment != nullptr && enrolment->state == EnrolmentState::approved &&
           enrolment->ak_name == ak_name;
}

} // namespace

// One host's evidence under judgement. The state is that of this moment: it moves on with our own changes.
struct AttestationService::Case {
    const ProvenHost& host;
    const protocol::Evidence& evidence;
    Bytes body;
    SysTime time;
    Authority::State state;
    std::optional<inventory::HostObservation> last = std::nullopt;

    const inventory::Enrolment* enrolment() const { return state->enrolment(host.challenge.host); }

    Judgement judgement(const References& references, const appraisal::WeakTpms& weak_tpms) const {
        return {.host = host,
                .evidence = evidence,
                .state = *state,
                .references = references,
                .weak_tpms = weak_tpms,
                .last = last,
                .received = time,
                .now = time};
    }
};

AttestationService::AttestationService(AttestationConfig config, AttestationParts parts)
    : config_(std::move(config)), parts_(parts), process_key_(parts.random.secret(process_key_size)) {}

std::shared_ptr<const References> AttestationService::references(const inventory::AuthorityState& state) {
    std::shared_ptr<const References> before;
    {
        const std::scoped_lock lock(mutex_);
        before = references_;
    }
    if (before && before->revision == state.revision)
        return before;
    auto made = std::make_shared<const References>(References::of(state, before.get()));
    const std::scoped_lock lock(mutex_);
    if (!references_ || references_->revision < made->revision)
        references_ = made;
    return made;
}

ChallengeReply AttestationService::challenge(const protocol::ChallengeRequest& request) {
    return reply_to(make_challenge(request));
}

Result<protocol::Challenge> AttestationService::make_challenge(const protocol::ChallengeRequest& request) {
    const Authority::State state = parts_.authority.state();
    VS_TRY_VOID(check_enabled(*state));
    VS_TRY(const KnownTpms::Known tpm, presented(request, *state));

    ChallengeState challenge;
    challenge.ek_digest = tpm->ek_digest;
    challenge.host = tpm->host;
    const inventory::Enrolment* const enrolment = state->enrolment(challenge.host);
    const bool enrolled = is_enrolled_with(enrolment, to_hex(tpm->ak.name()));
    if (enrolment != nullptr && enrolment->state == EnrolmentState::approved) {
        VS_TRY(challenge.policy_bank, crypto::hash_alg_from_text(enrolment->bank));
    }
    VS_TRY(challenge.selection, selection_of(request.banks));

    challenge.endorsement = judge_endorsement({.certification = tpm->certification,
                                               .ek_digest = challenge.ek_digest,
                                               .settings = state->settings,
                                               .references = *references(*state),
                                               .now = parts_.clock.now()});
    if (challenge.endorsement.failure && !enrolled)
        return fail(Errc::untrusted, *challenge.endorsement.failure, "the EK is not endorsed");

    if (enrolled) {
        VS_TRY(challenge.ima_start, known_position(request, *enrolment, *state));
    }

    parts_.random.fill(challenge.id);
    challenge.authority_host = config_.self;
    challenge.nonce = parts_.random.bytes(protocol::nonce_size);
    challenge.ek_public = request.ek_public;
    challenge.ek_certificates = kept_certificates(request.ek_certificates);
    challenge.ak_public = request.ak_public;
    challenge.label = request.label;
    challenge.revision = state->revision;
    challenge.epoch = state->epoch;
    challenge.expires = parts_.clock.boot_now() + config_.challenge_life;

    protocol::Challenge out;
    if (enrolled) {
        const std::scoped_lock lock(mutex_);
        known_.add(request.ak_public, tpm);
    } else {
        VS_TRY(const tpm::EndorsementKey ek, read_ek(request.ek_public));
        challenge.credential_secret = parts_.random.secret(credential_secret_size);
        VS_TRY(tpm::Credential credential,
               tpm::make_credential(ek, tpm->ak.name(), challenge.credential_secret, parts_.random));
        out.credential = protocol::CredentialChallenge{.blob = std::move(credential.blob),
                                                       .secret = std::move(credential.secret)};
    }
    out.state = seal(challenge, process_key_, parts_.random);
    out.nonce = challenge.nonce;
    out.selection = to_protocol(challenge.selection);
    out.ima_from = challenge.ima_start ? challenge.ima_start->count : 0;
    out.expires_in = config_.challenge_life.count();
    return out;
}

// From what was known, or worked out anew; to be remembered once the host turns out to be an approved one.
Result<KnownTpms::Known> AttestationService::presented(const protocol::ChallengeRequest& request,
                                                       const inventory::AuthorityState& state) {
    const std::shared_ptr<const TrustedCas> cas = references(state)->cas;
    const crypto::Sha256Digest presentation = presentation_of(request);
    const SysTime now = parts_.clock.now();
    {
        const std::scoped_lock lock(mutex_);
        if (auto known = known_.find(presentation, request.ak_public, cas, now))
            return known;
    }
    VS_TRY(const tpm::EndorsementKey ek, read_ek(request.ek_public));
    VS_TRY(tpm::AttestationKey ak, read_ak(request.ak_public));
    std::string ek_digest = to_hex(crypto::sha256(crypto::spki_der(ek.key())));
    VS_TRY(HostId host, inventory::host_id_from_ek(ek_digest));
    return std::make_shared<const PresentedTpm>(PresentedTpm{
        .ek_digest = std::move(ek_digest),
        .host = std::move(host),
        .ak = std::move(ak),
        .certification = certify(
            {.ek = ek, .certificates = request.ek_certificates, .cas = *cas, .state = state, .now = now}),
        .cas = cas,
        .presentation = presentation});
}

Result<std::shared_ptr<const tpm::AttestationKey>> AttestationService::attestation_key(Bytes ak_public) {
    {
        const std::scoped_lock lock(mutex_);
        if (auto known = known_.attestation_key(ak_public))
            return known;
    }
    VS_TRY(tpm::AttestationKey read, read_ak(ak_public));
    return std::make_shared<const tpm::AttestationKey>(std::move(read));
}

Result<std::optional<inventory::LogPosition>>
AttestationService::known_position(const protocol::ChallengeRequest& request,
                                   const inventory::Enrolment& enrolment,
                                   const inventory::AuthorityState& state) {
    const auto claimed = request.log_positions.find("ima");
    if (claimed == request.log_positions.end())
        return std::nullopt;
    VS_TRY(const auto last, ours(parts_.records.observation(enrolment.host)));
    return agreed_position({.claimed = claimed->second,
                            .last = last,
                            .enrolment = enrolment,
                            .epoch = state.epoch,
                            .references = *references(state),
                            .now = parts_.clock.now()});
}

Result<ChallengeState> AttestationService::take_challenge(Bytes sealed, std::int64_t epoch) {
    VS_TRY(ChallengeState challenge, open_challenge(sealed, process_key_));
    {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(used_.use(challenge.id, challenge.expires, parts_.clock.boot_now()));
    }
    if (challenge.authority_host != config_.self)
        return fail(Errc::untrusted, "challenge.authority_host", "made by another authority host");
    if (challenge.epoch != epoch)
        return fail(Errc::expired, "challenge.epoch", "the trust epoch has moved since");
    return challenge;
}

Result<ProvenHost> AttestationService::prove(const protocol::Evidence& evidence,
                                             Bytes body,
                                             const inventory::AuthorityState& state) {
    VS_TRY(ChallengeState challenge, take_challenge(evidence.state, state.epoch));
    VS_TRY(const std::shared_ptr<const tpm::AttestationKey> ak, attestation_key(challenge.ak_public));
    VS_TRY(tpm::VerifiedQuote quote, verify_challenged_quote(challenge, *ak, evidence));
    VS_TRY_VOID(check_activation(challenge, evidence));
    return proven_host({.challenge = std::move(challenge),
                        .ak = *ak,
                        .quote = std::move(quote),
                        .statement = evidence.statement,
                        .body = body});
}

EvidenceReply AttestationService::evidence(const protocol::Evidence& evidence, Bytes body) {
    return reply_to(answer(evidence, body));
}

Result<protocol::EvidenceAnswer> AttestationService::answer(const protocol::Evidence& evidence, Bytes body) {
    const Authority::State state = parts_.authority.state();
    VS_TRY_VOID(check_enabled(*state));
    VS_TRY(const ProvenHost host, prove(evidence, body, *state));
    Case now{.host = host, .evidence = evidence, .body = body, .time = parts_.clock.now(), .state = state};

    Reasons reasons = check_claims(host, evidence, *state);
    const inventory::Enrolment* const enrolment = now.enrolment();
    if (!reasons.empty()) {
        if (!is_enrolled_with(enrolment, host.ak_name))
            return fail(Errc::untrusted, reasons.front().code, reasons.front().message);
        VS_TRY(now.last, ours(parts_.records.observation(host.challenge.host)));
        return conclude(
            now,
            refuse(now.judgement(*references(*state), *config_.weak_tpms), *enrolment, std::move(reasons)));
    }
    VS_TRY_VOID(enrol(now));
    VS_TRY(now.last, ours(parts_.records.observation(host.challenge.host)));
    VS_TRY_VOID(check_continuity(now));
    const auto trusted = references(*now.state);
    return conclude(now, judge(now.judgement(*trusted, *config_.weak_tpms), *now.enrolment()));
}

Result<void> AttestationService::release_quote(const ReleaseQuoteQuestion& question) {
    const inventory::Enrolment* const enrolment = question.state.enrolment(question.token.host);
    if (enrolment == nullptr || !enrolment->ak_public)
        return fail(Errc::denied, "freshness.attested", "the host is not enrolled with an attestation key");
    VS_TRY(const auto ak, attestation_key(*enrolment->ak_public));
    VS_TRY(const auto last, ours(parts_.records.observation(enrolment->host)));
    const auto trusted = references(question.state);
    return check_release_quote(question,
                               {.enrolment = *enrolment, .ak = *ak, .last = last, .references = *trusted});
}

// Makes an enrolment where there is none: pending, unless an administrator registered this EK beforehand. A
// removed host comes back only once its EK is registered anew, and then to be approved.
Result<void> AttestationService::enrol(Case& now) {
    const ChallengeState& challenge = now.host.challenge;
    const inventory::Enrolment* const before = now.enrolment();
    const bool removed = before != nullptr && before->state == EnrolmentState::removed;
    const bool registered = now.state->endorsement_key_by_digest(challenge.ek_digest) != nullptr;
    if (removed && !registered)
        return fail(Errc::denied, "enrolment.removed", "an administrator removed this host");
    if (before != nullptr && !removed)
        return {};

    const std::optional<inventory::FirmwarePin> quoted = firmware_of(now.host, {}); // none: no policy bank
    const bool approved =
        before == nullptr && quoted && (registered || now.state->settings.unsafe_auto_enrol);
    inventory::Enrolment made{.host = challenge.host,
                              .label = challenge.label,
                              .ek_digest = challenge.ek_digest,
                              .ek_public = challenge.ek_public,
                              .ek_certificate = challenge.endorsement.certificate,
                              .ca = challenge.endorsement.ca,
                              .lab = challenge.endorsement.lab,
                              .ak_name = now.host.ak_name,
                              .ak_public = challenge.ak_public,
                              .tpm = challenge.endorsement.tpm,
                              .bank = std::string(crypto::to_string(challenge.policy_bank)),
                              .firmware = std::nullopt,
                              .counters = counters_of(now.host),
                              .state = approved ? EnrolmentState::approved : EnrolmentState::pending,
                              .groups = {},
                              .created = now.time,
                              .changed = now.time};
    if (approved) { // what is seen now is what is pinned
        const auto seen = appraise_boot({.host = now.host,
                                         .evidence = now.evidence,
                                         .references = *references(*now.state),
                                         .settings = now.state->settings,
                                         .enrolment = made,
                                         .now = now.time});
        made.firmware = firmware_of(now.host, seen.firmware.version);
        if (!registered) {
            VS_TRY_VOID(record(audit::kind::unsafe,
                               {{"ek_digest", challenge.ek_digest},
                                {"host", challenge.host.text},
                                {"rule", "unsafe_auto_enrol"}}));
        }
    }
    return commit(now, inventory::EnrolmentCreate{.enrolment = std::move(made)});
}

// Another AK, or counters that went back, are another machine until somebody says otherwise.
Result<void> AttestationService::check_continuity(Case& now) {
    const std::string_view cause = broken_continuity(now.host, *now.enrolment(), now.last);
    if (cause.empty())
        return {};
    return commit(now,
                  inventory::EnrolmentObserve{.host = now.host.challenge.host, .cause = std::string(cause)});
}

Result<void> AttestationService::commit(Case& now, inventory::Change change) {
    // where another request was faster, the host asks again, and meets what that one made
    VS_TRY(now.state, ours(parts_.authority.commit(std::move(change))));
    VS_CHECK(now.enrolment() != nullptr);
    return {};
}

Result<void> AttestationService::record(std::string_view kind, json::Object fields) {
    VS_TRY(const audit::AuditReceipt receipt, ours(parts_.audit.append(kind, std::move(fields))));
    static_cast<void>(receipt);
    return {};
}

Result<protocol::EvidenceAnswer> AttestationService::conclude(const Case& now, const Verdict& verdict) {
    VS_TRY(protocol::EvidenceAnswer out,
           issue_answer(now.host,
                        verdict,
                        *now.state,
                        {.token_key = config_.token_key,
                         .report_key = config_.report_key,
                         .reporting_life = config_.reporting_life,
                         .random = parts_.random,
                         .now = now.time}));
    VS_TRY_VOID(record(audit::kind::attestation, audit_fields(now.host, verdict, now.last, *now.state)));
    VS_TRY_VOID(ours(parts_.records.save_observation(observe(now.host, verdict, now.last, out, now.time))));
    if (now.host.challenge.ima_start) // what is kept can be judged by itself
        return out;
    const KeptEvidence kept =
        keep({.host = now.host, .anchor = now.state->anchor, .last = now.last, .received = now.time},
             verdict,
             now.body);
    VS_TRY_VOID(ours(parts_.records.save_evidence(now.host.challenge.host, encode(kept))));
    return out;
}

} // namespace vouchsafe::attestation
