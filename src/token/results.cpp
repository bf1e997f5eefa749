#include "token/results.h"

#include "base/version.h"
#include "json/members.h"

#include <array>
#include <limits>
#include <utility>

namespace vouchsafe::token {

namespace {

constexpr std::size_t digest_digits = 64;
constexpr std::size_t max_reasons = 256;
constexpr std::size_t max_label_bytes = 64;
constexpr int pcr_count = 24;
constexpr json::IntegerRange counter_range{.least = 0, .most = std::numeric_limits<std::uint32_t>::max()};

struct VectorField {
    std::string_view name;
    std::int8_t TrustVector::* member;
};

constexpr std::array vector_fields{
    VectorField{"configuration", &TrustVector::configuration},
    VectorField{"executables", &TrustVector::executables},
    VectorField{"file-system", &TrustVector::file_system},
    VectorField{"hardware", &TrustVector::hardware},
    VectorField{"instance-identity", &TrustVector::instance_identity},
    VectorField{"runtime-opaque", &TrustVector::runtime_opaque},
    VectorField{"sourced-data", &TrustVector::sourced_data},
    VectorField{"storage-opaque", &TrustVector::storage_opaque},
};

json::Value vector_to_json(const TrustVector& vector) {
    json::Object out;
    for (const VectorField& field : vector_fields)
        out.emplace(field.name, static_cast<int>(vector.*field.member));
    return json::Value(std::move(out));
}

Result<TrustVector> vector_from_json(json::Members& m) {
    TrustVector out;
    for (const VectorField& field : vector_fields) {
        VS_TRY(const auto value, m.integer(field.name, {.least = -128, .most = 127}));
        out.*field.member = static_cast<std::int8_t>(value);
    }
    VS_TRY_VOID(m.finish());
    return out;
}

bool may_release(const KeyAccess& token) {
    const bool tolerable = token.executables == Executables::boot_only || token.weak_tpm;
    return token.tier == Tier::affirming || (token.tier == Tier::warning && tolerable);
}

/// What makes a result an EAR: eat_profile, ear.verifier-id, and submods with one attester,
/// {"host": {"ear.status": .., "ear.trustworthiness-vector": {..}}}.
void add_ear(json::Object& own, Tier tier, const TrustVector& vector) {
    own.emplace("eat_profile", ear_profile);
    own.emplace(
        "ear.verifier-id",
        json::object({{"developer", "Vouchsafe"}, {"build", "vouchsafe " + std::string(program_version)}}));
    own.emplace("submods",
                json::object({{"host",
                               json::object({{"ear.status", to_string(tier)},
                                             {"ear.trustworthiness-vector", vector_to_json(vector)}})}}));
}

struct Ear {
    Tier tier = Tier::none;
    TrustVector vector;
};

Result<Ear> read_ear(json::Members& m) {
    VS_TRY(const auto profile, m.string("eat_profile"));
    VS_TRY(auto verifier, m.object("ear.verifier-id"));
    VS_TRY(auto submods, m.object("submods"));
    if (profile != ear_profile)
        return fail(Errc::malformed, m.where() + ".eat_profile", "another profile");
    VS_TRY_VOID(verifier.string("developer")); // for people: which program of which version it was
    VS_TRY_VOID(verifier.string("build"));
    VS_TRY_VOID(verifier.finish());
    VS_TRY(auto host, submods.object("host"));
    VS_TRY_VOID(submods.finish());
    VS_TRY(const auto status, host.string("ear.status"));
    VS_TRY(auto vector, host.object("ear.trustworthiness-vector"));
    VS_TRY_VOID(host.finish());
    Ear out;
    VS_TRY(out.tier, tier_from_text(status));
    VS_TRY(out.vector, vector_from_json(vector));
    return out;
}

json::Value facts_to_json(const KeyAccess& token) {
    return json::object({{"version", 2},
                         {"tier", to_string(token.tier)},
                         {"base_image", token.base_image.text},
                         {"ek_digest", token.ek_digest},
                         {"ak_name", token.ak_name},
                         {"reset_count", token.reset_count},
                         {"restart_count", token.restart_count},
                         {"epoch", token.epoch},
                         {"revision", token.revision},
                         {"evidence_digest", token.evidence_digest},
                         {"executables", to_string(token.executables)},
                         {"weak_tpm", token.weak_tpm},
                         {"lab", token.lab}});
}

Result<std::string> read_digest(json::Members& m, std::string_view name) {
    VS_TRY(const Buffer digest, m.hex(name));
    if (digest.size() * 2 != digest_digits)
        return fail(Errc::malformed, m.where() + "." + std::string(name), "not a SHA-256");
    return to_hex(digest);
}

Result<void> read_facts(json::Members& m, KeyAccess& out) {
    VS_TRY_VOID(m.version(2));
    VS_TRY(const auto tier, m.string("tier"));
    VS_TRY(out.base_image.text, m.string("base_image"));
    VS_TRY(out.ek_digest, read_digest(m, "ek_digest"));
    VS_TRY(const Buffer ak_name, m.hex("ak_name"));
    VS_TRY(const auto reset_count, m.integer("reset_count", counter_range));
    VS_TRY(const auto restart_count, m.integer("restart_count", counter_range));
    VS_TRY(out.epoch, m.integer("epoch", {.least = 0}));
    VS_TRY(out.revision, m.integer("revision", {.least = 0}));
    VS_TRY(out.evidence_digest, read_digest(m, "evidence_digest"));
    VS_TRY(const auto executables, m.string("executables"));
    VS_TRY(out.executables, executables_from_text(executables));
    VS_TRY(out.weak_tpm, m.boolean("weak_tpm"));
    VS_TRY(out.lab, m.boolean("lab"));
    VS_TRY_VOID(m.finish());
    out.ak_name = to_hex(ak_name);
    out.reset_count = static_cast<std::uint32_t>(reset_count);
    out.restart_count = static_cast<std::uint32_t>(restart_count);
    if (tier != to_string(out.tier))
        return fail(Errc::untrusted, "key_access.tier", "says two tiers");
    return {};
}

/// Words of an enum, by its number.
template <class Enum, std::size_t n>
Result<Enum>
from_words(const std::array<std::string_view, n>& words, std::string_view text, std::string_view where) {
    for (std::size_t i = 0; i < n; ++i)
        if (words.at(i) == text)
            return static_cast<Enum>(i);
    return fail(Errc::malformed, where, "not one of its words");
}

constexpr std::array<std::string_view, 4> tier_words{"none", "affirming", "warning", "contraindicated"};
constexpr std::array<std::string_view, 4> executables_words{"boot-image", "dm-verity", "ima", "boot-only"};
constexpr std::array<std::string_view, 3> state_words{"trusted", "pending", "refused"};

} // namespace

std::string_view to_string(Tier tier) {
    return tier_words.at(std::to_underlying(tier));
}

Result<Tier> tier_from_text(std::string_view text) {
    return from_words<Tier>(tier_words, text, "token.tier");
}

std::string_view to_string(Executables executables) {
    return executables_words.at(std::to_underlying(executables));
}

Result<Executables> executables_from_text(std::string_view text) {
    return from_words<Executables>(executables_words, text, "token.executables");
}

std::string_view to_string(HostState state) {
    return state_words.at(std::to_underlying(state));
}

Result<HostState> host_state_from_text(std::string_view text) {
    return from_words<HostState>(state_words, text, "token.state");
}

Result<std::string> issue_key_access(const crypto::EcPrivateKey& token_key, const KeyAccess& token) {
    if (!may_release(token))
        return fail(Errc::conflict, "key_access.tier", "no such tier gets keys");
    if (token.times.expires - token.times.issued > max_key_access_life)
        return fail(Errc::conflict, "key_access.life", "over 8 hours");
    const Registered claims{.issuer = group_issuer(token.group),
                            .audience = group_audience("release", token.group),
                            .subject = token.host.text,
                            .id = token.id,
                            .times = token.times};
    json::Object own;
    own.emplace("cnf", json::object({{"jkt", token.release_key}}));
    add_ear(own, token.tier, token.vector);
    own.emplace("vouchsafe", facts_to_json(token));
    return issue_jwt(token_key, key_access_typ, claims, std::move(own));
}

Result<VerifiedKeyAccess>
verify_key_access(std::string_view text, std::string_view group, const KeySet& token_keys, SysTime now) {
    const std::string issuer = group_issuer(group);
    const std::string audience = group_audience("release", group);
    const JwtRules rules{
        .typ = key_access_typ, .issuer = issuer, .audience = audience, .max_life = max_key_access_life};
    VS_TRY(const VerifiedJwt jwt, verify_jwt(text, rules, token_keys, now));
    const Registered& registered = jwt.registered();
    KeyAccess out;
    out.group = group;
    out.host.text = registered.subject;
    out.id = registered.id;
    out.times = registered.times;

    json::Members m(jwt.own(), "key_access");
    VS_TRY(auto confirmation, m.object("cnf"));
    VS_TRY(const Ear ear, read_ear(m));
    VS_TRY(auto facts, m.object("vouchsafe"));
    VS_TRY_VOID(m.finish());
    out.tier = ear.tier;
    out.vector = ear.vector;
    VS_TRY(out.release_key, confirmation.string("jkt"));
    VS_TRY_VOID(confirmation.finish());
    VS_TRY_VOID(read_facts(facts, out));
    if (out.host.text.empty())
        return fail(Errc::malformed, "key_access.sub", "absent");
    if (!may_release(out))
        return fail(Errc::untrusted, "key_access.tier", "no such tier gets keys");
    return VerifiedKeyAccess(std::move(out), jwt.kid());
}

namespace {

json::Value reporting_facts(const Reporting& token) {
    return json::object(
        {{"version", 2},
         {"state", to_string(token.state)},
         {"tier", to_string(token.tier)},
         {"base_image", token.base_image ? json::Value(token.base_image->text) : json::Value()},
         {"executables", token.executables ? json::Value(to_string(*token.executables)) : json::Value()},
         {"reasons", json::Value(token.reasons)},
         {"label", token.label},
         {"ek_digest", token.ek_digest},
         {"ak_name", token.ak_name},
         {"not_assessed", json::array_of(token.not_assessed)},
         {"epoch", token.epoch},
         {"lab", token.lab}});
}

Result<void> read_reporting(json::Members& m, Reporting& out) {
    VS_TRY_VOID(m.version(2));
    VS_TRY(const auto state, m.string("state"));
    VS_TRY(out.state, host_state_from_text(state));
    VS_TRY(const auto tier, m.string("tier"));
    if (tier != to_string(out.tier))
        return fail(Errc::untrusted, "reporting.tier", "says two tiers");
    VS_TRY(auto image, m.optional_string("base_image"));
    if (image)
        out.base_image = ImageVersion{*std::move(image)};
    VS_TRY(const auto executables, m.optional_string("executables"));
    if (executables) {
        VS_TRY(out.executables, executables_from_text(*executables));
    }
    VS_TRY(const json::Array* const reasons, m.array("reasons"));
    if (reasons->size() > max_reasons)
        return fail(Errc::too_large, "reporting.reasons", "too many");
    out.reasons = *reasons;
    VS_TRY(out.label, m.string("label"));
    if (out.label.size() > max_label_bytes)
        return fail(Errc::too_large, "reporting.label", "too long");
    VS_TRY(out.ek_digest, read_digest(m, "ek_digest"));
    VS_TRY(out.ak_name, m.optional_string("ak_name"));
    VS_TRY(out.not_assessed, m.list<int>("not_assessed", pcr_count, [](const auto& item, const auto& where) {
        auto pcr = json::to_integer(item, where, {.least = 0, .most = pcr_count - 1});
        return pcr ? Result<int>(static_cast<int>(*pcr)) : Result<int>(std::unexpected(pcr.error()));
    }));
    VS_TRY(out.epoch, m.integer("epoch", {.least = 0}));
    VS_TRY(out.lab, m.boolean("lab"));
    return m.finish();
}

} // namespace

Result<std::string> issue_reporting(const crypto::EcPrivateKey& report_key, const Reporting& token) {
    if (token.times.expires - token.times.issued > max_reporting_life)
        return fail(Errc::conflict, "reporting.life", "over a day");
    const Registered claims{.issuer = group_issuer(token.group),
                            .audience = group_audience("reporting", token.group),
                            .subject = token.host.text,
                            .id = token.id,
                            .times = token.times};
    json::Object own;
    add_ear(own, token.tier, token.vector);
    own.emplace("vouchsafe", reporting_facts(token));
    return issue_jwt(report_key, reporting_typ, claims, std::move(own));
}

Result<VerifiedReporting>
verify_reporting(std::string_view text, std::string_view group, const KeySet& report_keys, SysTime now) {
    const std::string issuer = group_issuer(group);
    const std::string audience = group_audience("reporting", group);
    const JwtRules rules{
        .typ = reporting_typ, .issuer = issuer, .audience = audience, .max_life = max_reporting_life};
    VS_TRY(const VerifiedJwt jwt, verify_jwt(text, rules, report_keys, now));
    Reporting out;
    out.group = group;
    out.host.text = jwt.registered().subject;
    out.id = jwt.registered().id;
    out.times = jwt.registered().times;
    json::Members m(jwt.own(), "reporting");
    VS_TRY(const Ear ear, read_ear(m));
    VS_TRY(auto facts, m.object("vouchsafe"));
    VS_TRY_VOID(m.finish());
    out.tier = ear.tier;
    out.vector = ear.vector;
    VS_TRY_VOID(read_reporting(facts, out));
    if (out.host.text.empty())
        return fail(Errc::malformed, "reporting.sub", "absent");
    return VerifiedReporting(std::move(out));
}

} // namespace vouchsafe::token
