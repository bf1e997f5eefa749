#include "protocol/evidence.h"

#include "crypto/mac.h"
#include "json/members.h"
#include "protocol/parts.h"
#include "protocol/statement.h"
#include "token/keys.h"

#include <charconv>

namespace vouchsafe::protocol {

namespace {

constexpr Bounds state_bounds{1, std::size_t{48} << 10U}; // with the EK's certificates in it
constexpr Bounds proof_bounds{32, 32};
constexpr Bounds attest_bounds{1, max_attest_bytes};
constexpr std::size_t max_pcr_bytes = 64;
constexpr TextLimits fact_limits{.items = 32, .bytes = 1024};

/// "0" to "23", in its one form.
Result<std::uint32_t> pcr_from_text(std::string_view text, const std::string& where) {
    std::uint32_t pcr = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pcr);
    if (error != std::errc{} || end != text.data() + text.size() || pcr > max_pcr ||
        std::to_string(pcr) != text)
        return fail(Errc::malformed, where, "no number of a PCR");
    return pcr;
}

Result<Outcome> outcome_from_text(std::string_view text) {
    for (const Outcome outcome : {Outcome::trusted, Outcome::pending, Outcome::refused})
        if (to_string(outcome) == text)
            return outcome;
    return fail(Errc::malformed, "evidence_answer.outcome", "not one of its words");
}

} // namespace

json::Value PcrBank::to_json() const {
    json::Object out;
    for (const auto& [pcr, value] : values)
        out.emplace(std::to_string(pcr), to_hex(value));
    return json::object({{"bank", bank}, {"values", json::Value(std::move(out))}});
}

Result<PcrBank> PcrBank::from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    PcrBank out;
    VS_TRY(out.bank, word(m, "bank"));
    VS_TRY(const json::Value* const members, m.value("values"));
    VS_TRY_VOID(m.finish());
    if (!members->is_object())
        return fail(Errc::malformed, where + ".values", "not an object");
    json::Members each(*members, where + ".values");
    for (const auto& [name, item] : members->as_object()) {
        VS_TRY(const std::uint32_t pcr, pcr_from_text(name, where + ".values"));
        VS_TRY(Buffer pcr_value, each.hex(name));
        if (pcr_value.empty() || pcr_value.size() > max_pcr_bytes)
            return fail(Errc::malformed, where + ".values", "no value of a PCR");
        out.values.emplace(pcr, std::move(pcr_value));
    }
    return out;
}

crypto::Sha256Digest activation_proof(const Secret& credential_secret, Bytes qualifying_data) {
    return crypto::hmac_sha256(credential_secret, {as_bytes("vouchsafe/activation/1"), qualifying_data});
}

json::Value Evidence::to_json() const {
    return json::object({{"version", 1},
                         {"state", to_base64(state)},
                         {"activation", base64_or_null(activation)},
                         {"attest", to_base64(attest)},
                         {"signature", to_base64(signature)},
                         {"pcrs", json::array_of(pcrs, [](const PcrBank& bank) { return bank.to_json(); })},
                         {"statement", to_base64(as_bytes(statement))},
                         {"release_key", token::jwk(release_key)},
                         {"firmware_log", base64_or_null(firmware_log)},
                         {"ima_log", base64_or_null(ima_log)},
                         {"userspace_log", base64_or_null(userspace_log)},
                         {"facts", texts_to_json(facts)}});
}

Result<Evidence> Evidence::from_json(const json::Value& value) {
    json::Members m(value, "evidence");
    VS_TRY_VOID(m.version(1));
    VS_TRY(Buffer state, bytes(m, "state", state_bounds));
    VS_TRY(auto activation, optional_bytes(m, "activation", proof_bounds));
    VS_TRY(Buffer attest, bytes(m, "attest", attest_bounds));
    VS_TRY(Buffer signature, bytes(m, "signature", attest_bounds));
    VS_TRY(auto pcrs, m.list<PcrBank>("pcrs", max_banks, PcrBank::from_json));
    VS_TRY(const Buffer statement, bytes(m, "statement", {1, max_statement_bytes}));
    VS_TRY(const json::Value* const key_value, m.value("release_key"));
    VS_TRY(auto firmware_log, optional_bytes(m, "firmware_log", {0, max_firmware_log_bytes}));
    VS_TRY(auto ima_log, optional_bytes(m, "ima_log", {0, max_ima_log_bytes}));
    VS_TRY(auto userspace_log, optional_bytes(m, "userspace_log", {0, max_userspace_log_bytes}));
    VS_TRY(const json::Value* const facts_value, m.value("facts"));
    VS_TRY_VOID(m.finish());
    VS_TRY(auto release_key, token::key_from_jwk(*key_value, at(m, "release_key")));
    VS_TRY(auto facts, texts_from_json(*facts_value, at(m, "facts"), fact_limits));
    return Evidence{.state = std::move(state),
                    .activation = std::move(activation),
                    .attest = std::move(attest),
                    .signature = std::move(signature),
                    .pcrs = std::move(pcrs),
                    .statement = std::string(as_text(statement)),
                    .release_key = std::move(release_key),
                    .firmware_log = std::move(firmware_log),
                    .ima_log = std::move(ima_log),
                    .userspace_log = std::move(userspace_log),
                    .facts = std::move(facts)};
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
    case Outcome::trusted:
        return "trusted";
    case Outcome::pending:
        return "pending";
    case Outcome::refused:
        return "refused";
    }
    std::unreachable();
}

json::Value EvidenceAnswer::to_json() const {
    return json::object({{"version", 2},
                         {"outcome", to_string(outcome)},
                         {"reasons", json::Value(reasons_to_json(reasons))},
                         {"key_access_token", key_access_token},
                         {"reporting_token", reporting_token},
                         {"expires", expires ? json::Value(to_text(*expires)) : json::Value()},
                         {"epoch", epoch},
                         {"log_positions", positions_to_json(log_positions)}});
}

Result<EvidenceAnswer> EvidenceAnswer::from_json(const json::Value& value) {
    json::Members m(value, "evidence_answer");
    EvidenceAnswer out;
    VS_TRY_VOID(m.version(2));
    VS_TRY(const auto outcome_text, m.string("outcome"));
    VS_TRY(out.outcome, outcome_from_text(outcome_text));
    VS_TRY(const json::Array* const reasons_array, m.array("reasons"));
    VS_TRY(out.reasons, reasons_from_json(*reasons_array, at(m, "reasons")));
    VS_TRY(out.key_access_token, optional_text(m, "key_access_token", max_token_bytes));
    VS_TRY(out.reporting_token, optional_text(m, "reporting_token", max_token_bytes));
    VS_TRY(out.expires, m.optional_time("expires"));
    VS_TRY(out.epoch, m.integer("epoch", {.least = 0}));
    VS_TRY(out.log_positions, positions_from_json(m, "log_positions"));
    VS_TRY_VOID(m.finish());
    if (out.key_access_token && out.outcome != Outcome::trusted)
        return fail(Errc::malformed, at(m, "key_access_token"), "only trusted hosts get one");
    return out;
}

} // namespace vouchsafe::protocol
