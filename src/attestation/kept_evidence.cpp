#include "attestation/kept_evidence.h"

#include "attestation/proof.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "inventory/json_parts.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <utility>

namespace vouchsafe::attestation {

namespace {

constexpr std::string_view magic = "VSEV";
constexpr std::uint8_t format_version = 1;
constexpr std::size_t max_certificates = 8;
constexpr json::Limits circumstances_limits{.bytes = max_circumstances_bytes, .depth = 12, .items = 4096};

json::Value challenge_to_json(const ChallengeState& challenge) {
    return json::object({{"ak_public", to_base64(challenge.ak_public)},
                         {"authority_host", challenge.authority_host.text},
                         {"ek_certificates",
                          json::array_of(challenge.ek_certificates,
                                         [](const Buffer& der) { return json::Value(to_base64(der)); })},
                         {"ek_public", to_base64(challenge.ek_public)},
                         {"epoch", challenge.epoch},
                         {"label", challenge.label},
                         {"nonce", to_hex(challenge.nonce)},
                         {"policy_bank", crypto::to_string(challenge.policy_bank)},
                         {"purpose", protocol::to_string(challenge.purpose)},
                         {"revision", challenge.revision},
                         {"selection", to_hex(tpm::encode(challenge.selection))}});
}

Result<Buffer> certificate(const json::Value& value, std::string_view where) {
    VS_TRY(const std::string text, json::to_string(value, where));
    return from_base64(text);
}

Result<ChallengeState> challenge_from(json::Members m) {
    ChallengeState out;
    VS_TRY(out.ak_public, m.base64("ak_public"));
    VS_TRY(out.authority_host.text, m.string("authority_host"));
    VS_TRY(out.ek_certificates, m.list<Buffer>("ek_certificates", max_certificates, certificate));
    VS_TRY(out.ek_public, m.base64("ek_public"));
    VS_TRY(out.epoch, m.integer("epoch"));
    VS_TRY(out.label, m.string("label"));
    VS_TRY(out.nonce, m.hex("nonce"));
    VS_TRY(const std::string bank, m.string("policy_bank"));
    VS_TRY(out.policy_bank, crypto::hash_alg_from_text(bank));
    VS_TRY(const std::string purpose, m.string("purpose"));
    if (purpose != protocol::to_string(out.purpose)) // `attest`, the one that is kept
        return fail(Errc::malformed, "kept_evidence.purpose", "this evidence was not made to attest");
    VS_TRY(out.revision, m.integer("revision"));
    VS_TRY(const Buffer selection, m.hex("selection"));
    Reader reader(selection);
    VS_TRY(out.selection, tpm::read_selection(reader));
    VS_TRY_VOID(reader.finish("kept_evidence.selection"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value circumstances(const KeptEvidence& evidence) {
    return json::object({{"activated", evidence.activated},
                         {"anchor", evidence.anchor},
                         {"challenge", challenge_to_json(evidence.challenge)},
                         {"enrolment", evidence.enrolment.to_json()},
                         {"last", evidence.last ? evidence.last->to_json() : json::Value()},
                         {"outcome", protocol::to_string(evidence.outcome)},
                         {"received", to_text(evidence.received)}});
}

Result<KeptEvidence> from_circumstances(const json::Value& value) {
    json::Members m(value, "kept_evidence");
    KeptEvidence out;
    VS_TRY(out.activated, m.boolean("activated"));
    VS_TRY(out.anchor, m.string("anchor"));
    VS_TRY(json::Members challenge, m.object("challenge"));
    VS_TRY(out.challenge, challenge_from(std::move(challenge)));
    VS_TRY(const json::Value* const enrolment, m.value("enrolment"));
    VS_TRY(out.enrolment, inventory::Enrolment::from_json(*enrolment, "kept_evidence.enrolment"));
    VS_TRY(const json::Value* const last, m.optional_value("last"));
    if (last != nullptr) {
        VS_TRY(out.last, inventory::HostObservation::from_json(*last, "kept_evidence.last"));
        if (out.last->host != out.enrolment.host)
            return fail(Errc::malformed, "kept_evidence.last", "it is of another host");
    }
    VS_TRY(const std::string outcome, m.string("outcome"));
    VS_TRY(out.outcome,
           inventory::enum_from_text(
               {protocol::Outcome::trusted, protocol::Outcome::pending, protocol::Outcome::refused},
               outcome,
               "kept_evidence.outcome"));
    VS_TRY(out.received, m.time("received"));
    VS_TRY_VOID(m.finish());
    return out;
}

// What a judgement needs of the challenge; the rest was for the exchange.
ChallengeState facts_of(const ChallengeState& from) {
    ChallengeState out;
    out.authority_host = from.authority_host;
    out.nonce = from.nonce;
    out.host = from.host;
    out.ek_digest = from.ek_digest;
    out.ek_public = from.ek_public;
    out.ek_certificates = from.ek_certificates;
    out.ak_public = from.ak_public;
    out.label = from.label;
    out.selection = from.selection;
    out.policy_bank = from.policy_bank;
    out.purpose = from.purpose;
    out.revision = from.revision;
    out.epoch = from.epoch;
    return out;
}

} // namespace

KeptEvidence keep(const Judged& from, const Verdict& verdict, Bytes message) {
    KeptEvidence out{.anchor = from.anchor,
                     .challenge = facts_of(from.host.challenge),
                     .activated = !from.host.challenge.credential_secret.empty(),
                     .received = from.received,
                     .outcome = verdict.outcome,
                     .enrolment = verdict.enrolment,
                     .last = from.last,
                     .message = to_buffer(message)};
    if (out.last) {
        out.last->accepted.reset();
        out.last->reasons.clear();
        out.last->reporting_token.reset();
    }
    return out;
}

Buffer encode(const KeptEvidence& evidence) {
    const std::string text = json::canonical(circumstances(evidence));
    return Writer()
        .text(magic)
        .big(format_version)
        .big(static_cast<std::uint32_t>(text.size()))
        .text(text)
        .bytes(evidence.message)
        .done();
}

Result<KeptEvidence> parse_kept_evidence(Bytes bytes) {
    Reader reader(bytes);
    const auto head = reader.take(magic.size(), "kept_evidence.magic");
    if (!head || as_text(*head) != magic)
        return fail(Errc::malformed, "kept_evidence.magic", "this is no evidence that was kept");
    VS_TRY(const auto version, reader.big<std::uint8_t>("kept_evidence.version"));
    if (version != format_version)
        return fail(Errc::malformed,
                    "kept_evidence.version",
                    "version " + std::to_string(version) + " is not one that this program reads");
    VS_TRY(const auto size, reader.big<std::uint32_t>("kept_evidence.size"));
    if (size > max_circumstances_bytes || reader.remaining() > size + protocol::max_evidence_bytes)
        return fail(Errc::too_large, "kept_evidence.size");
    VS_TRY(const Bytes text, reader.take(size, "kept_evidence.circumstances"));
    VS_TRY(const json::Value value, json::parse_canonical(text, circumstances_limits));
    VS_TRY(KeptEvidence out, from_circumstances(value));
    out.message = to_buffer(reader.rest());
    return out;
}

Result<Reproven> reprove(const KeptEvidence& kept) {
    VS_TRY(const json::Value value, json::parse(as_text(kept.message), protocol::evidence_limits));
    VS_TRY(protocol::Evidence evidence, protocol::Evidence::from_json(value));
    ChallengeState challenge = facts_of(kept.challenge);
    VS_TRY(const tpm::EndorsementKey ek, read_ek(challenge.ek_public));
    challenge.ek_digest = to_hex(crypto::sha256(crypto::spki_der(ek.key())));
    VS_TRY(challenge.host, inventory::host_id_from_ek(challenge.ek_digest));
    if (kept.enrolment.host != challenge.host || kept.enrolment.ek_digest != challenge.ek_digest)
        return fail(Errc::untrusted, "kept_evidence.enrolment", "the enrolment is another machine's");
    if (challenge.nonce.size() != protocol::nonce_size)
        return fail(Errc::untrusted, "kept_evidence.nonce", "the nonce has another size than ours");
    VS_TRY(const tpm::AttestationKey ak, read_ak(challenge.ak_public));
    VS_TRY(tpm::VerifiedQuote quote, verify_challenged_quote(challenge, ak, evidence));
    VS_TRY(ProvenHost host,
           proven_host({.challenge = std::move(challenge),
                        .ak = ak,
                        .quote = std::move(quote),
                        .statement = evidence.statement,
                        .body = kept.message}));
    return Reproven{.host = std::move(host), .evidence = std::move(evidence)};
}

} // namespace vouchsafe::attestation
