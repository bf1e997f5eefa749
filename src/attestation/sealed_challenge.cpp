#include "attestation/sealed_challenge.h"

#include "base/reader.h"
#include "crypto/aead.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace vouchsafe::attestation {

namespace {

constexpr std::string_view purpose_of_seal = "vouchsafe/challenge/1";
constexpr std::size_t secret_size = 32;
constexpr std::size_t most_certificates = 8; // as many as a challenge request has

json::Value to_json(const Endorsement& endorsement) {
    return json::object(
        {{"ca", endorsement.ca},
         {"certificate",
          endorsement.certificate ? json::Value(to_base64(*endorsement.certificate)) : json::Value()},
         {"failure", endorsement.failure},
         {"lab", endorsement.lab},
         {"registered", endorsement.registered},
         {"tpm_firmware", endorsement.tpm.firmware_version},
         {"tpm_manufacturer", endorsement.tpm.manufacturer},
         {"tpm_model", endorsement.tpm.model}});
}

Result<Endorsement> endorsement_from(json::Members m) {
    Endorsement out;
    VS_TRY(out.ca, m.optional_string("ca"));
    VS_TRY(out.certificate, m.optional_base64("certificate"));
    VS_TRY(out.failure, m.optional_string("failure"));
    VS_TRY(out.lab, m.boolean("lab"));
    VS_TRY(out.registered, m.boolean("registered"));
    VS_TRY(out.tpm.firmware_version, m.string("tpm_firmware"));
    VS_TRY(out.tpm.manufacturer, m.string("tpm_manufacturer"));
    VS_TRY(out.tpm.model, m.string("tpm_model"));
    VS_TRY_VOID(m.finish());
    return out;
}

Result<Buffer> certificate(const json::Value& value, std::string_view where) {
    VS_TRY(const std::string text, json::to_string(value, where));
    return from_base64(text);
}

json::Value to_json(const ChallengeState& state) {
    return json::object({{"ak_public", to_base64(state.ak_public)},
                         {"authority_host", state.authority_host.text},
                         {"ek_certificates",
                          json::array_of(state.ek_certificates,
                                         [](const Buffer& der) { return json::Value(to_base64(der)); })},
                         {"ek_digest", state.ek_digest},
                         {"ek_public", to_base64(state.ek_public)},
                         {"endorsement", to_json(state.endorsement)},
                         {"epoch", state.epoch},
                         {"expires", state.expires.count()},
                         {"host", state.host.text},
                         {"id", to_hex(state.id)},
                         {"ima_start", state.ima_start ? state.ima_start->to_json() : json::Value()},
                         {"label", state.label},
                         {"nonce", to_hex(state.nonce)},
                         {"policy_bank", crypto::to_string(state.policy_bank)},
                         {"purpose", protocol::to_string(state.purpose)},
                         {"revision", state.revision},
                         {"selection", to_hex(tpm::encode(state.selection))}});
}

Result<ChallengeState> state_from(const json::Value& value) {
    json::Members m(value, "challenge");
    ChallengeState out;
    VS_TRY(out.ak_public, m.base64("ak_public"));
    VS_TRY(out.authority_host.text, m.string("authority_host"));
    VS_TRY(out.ek_certificates, m.list<Buffer>("ek_certificates", most_certificates, certificate));
    VS_TRY(out.ek_digest, m.string("ek_digest"));
    VS_TRY(out.ek_public, m.base64("ek_public"));
    VS_TRY(json::Members endorsement, m.object("endorsement"));
    VS_TRY(out.endorsement, endorsement_from(std::move(endorsement)));
    VS_TRY(out.epoch, m.integer("epoch"));
    VS_TRY(const std::int64_t expires, m.integer("expires"));
    out.expires = BootTime(expires);
    VS_TRY(out.host.text, m.string("host"));
    VS_TRY(const Buffer id, m.hex("id"));
    if (id.size() != out.id.size())
        return fail(Errc::malformed, "challenge.id");
    std::ranges::copy(id, out.id.begin());
    VS_TRY(const json::Value* const ima_start, m.optional_value("ima_start"));
    if (ima_start != nullptr) {
        VS_TRY(out.ima_start, inventory::LogPosition::from_json(*ima_start));
    }
    VS_TRY(out.label, m.string("label"));
    VS_TRY(out.nonce, m.hex("nonce"));
    VS_TRY(const std::string bank, m.string("policy_bank"));
    VS_TRY(out.policy_bank, crypto::hash_alg_from_text(bank));
    VS_TRY(const std::string purpose, m.string("purpose"));
    if (purpose != protocol::to_string(out.purpose)) // `attest`, the one that is asked for here
        return fail(Errc::untrusted, "challenge.purpose");
    VS_TRY(out.revision, m.integer("revision"));
    VS_TRY(const Buffer selection, m.hex("selection"));
    Reader reader(selection);
    VS_TRY(out.selection, tpm::read_selection(reader));
    VS_TRY_VOID(m.finish());
    return out;
}

// u32be size ‖ JSON ‖ credential secret: the secret never becomes text.
Secret encode(const ChallengeState& state) {
    const std::string document = json::canonical(to_json(state));
    const Buffer head = Writer().big(static_cast<std::uint32_t>(document.size())).text(document).done();
    Secret plain(head.size() + state.credential_secret.size());
    plain.fill([&](std::span<std::uint8_t> out) {
        std::ranges::copy(head, out.begin());
        state.credential_secret.expose(
            [&](Bytes secret) { std::ranges::copy(secret, out.subspan(head.size()).begin()); });
    });
    return plain;
}

Result<ChallengeState> decode(Bytes plain) {
    Reader reader(plain);
    VS_TRY(const auto size, reader.big<std::uint32_t>("challenge"));
    VS_TRY(const Bytes document, reader.take(size, "challenge"));
    VS_TRY(const json::Value value, json::parse(as_text(document)));
    VS_TRY(ChallengeState state, state_from(value));
    if (!reader.empty() && reader.remaining() != secret_size)
        return fail(Errc::malformed, "challenge.secret");
    state.credential_secret = Secret(reader.rest());
    return state;
}

} // namespace

Buffer seal(const ChallengeState& state, const Secret& process_key, Random& random) {
    const Buffer nonce = random.bytes(crypto::gcm_nonce_size);
    return Writer()
        .bytes(nonce)
        .bytes(crypto::aes256_gcm_seal(process_key, nonce, as_bytes(purpose_of_seal), encode(state)))
        .done();
}

Result<ChallengeState> open_challenge(Bytes sealed, const Secret& process_key) {
    Reader reader(sealed);
    const auto nonce = reader.take(crypto::gcm_nonce_size, "challenge.foreign");
    if (!nonce)
        return fail(Errc::untrusted, "challenge.foreign", "too short to be a challenge state");
    const auto plain = crypto::aes256_gcm_open(process_key, *nonce, as_bytes(purpose_of_seal), reader.rest());
    if (!plain)
        return fail(Errc::untrusted, "challenge.foreign", "not a challenge state of this process");
    return plain->expose([](Bytes bytes) { return decode(bytes); });
}

} // namespace vouchsafe::attestation
