#include "inventory/state.h"

#include "inventory/json_parts.h"
#include "json/members.h"
#include "json/write.h"

#include <algorithm>

namespace vouchsafe::inventory {

namespace {

constexpr std::int64_t least_token_life = 60;
constexpr std::int64_t most_token_life = std::int64_t{8} * 3600;
constexpr std::size_t max_revocation_bytes = 512;
constexpr std::size_t max_host_keys = 64;
constexpr std::size_t max_token_bytes = 8192;

constexpr std::initializer_list<RevocationKind> revocation_kinds{RevocationKind::host,
                                                                 RevocationKind::ek,
                                                                 RevocationKind::ak,
                                                                 RevocationKind::ca,
                                                                 RevocationKind::image,
                                                                 RevocationKind::file,
                                                                 RevocationKind::firmware,
                                                                 RevocationKind::tpm_model,
                                                                 RevocationKind::authority_key,
                                                                 RevocationKind::generation,
                                                                 RevocationKind::key,
                                                                 RevocationKind::blob};

template <class Map> auto* find_in(const Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

} // namespace

json::Value Settings::to_json() const {
    return json::object({{"require_endorsement_keys", require_endorsement_keys},
                         {"require_certificate_validation", require_certificate_validation},
                         {"unsafe_auto_enrol", unsafe_auto_enrol},
                         {"unsafe_ignore_firmware", unsafe_ignore_firmware},
                         {"unsafe_accept_weak_tpms", unsafe_accept_weak_tpms},
                         {"key_access_life", key_access_life.count()}});
}

Result<Settings> Settings::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Settings out;
    VS_TRY(out.require_endorsement_keys, m.boolean("require_endorsement_keys"));
    VS_TRY(out.require_certificate_validation, m.boolean("require_certificate_validation"));
    VS_TRY(out.unsafe_auto_enrol, m.boolean("unsafe_auto_enrol"));
    VS_TRY(out.unsafe_ignore_firmware, m.boolean("unsafe_ignore_firmware"));
    VS_TRY(out.unsafe_accept_weak_tpms, m.boolean("unsafe_accept_weak_tpms"));
    VS_TRY(const auto life,
           m.integer("key_access_life", {.least = least_token_life, .most = most_token_life}));
    VS_TRY_VOID(m.finish());
    out.key_access_life = std::chrono::seconds(life);
    return out;
}

json::Value CaCertificate::to_json() const {
    return json::object({{"name", name}, {"chain", json::array_of(chain)}, {"lab", lab}});
}

Result<CaCertificate> CaCertificate::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    CaCertificate out;
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.chain, pems(m, "chain", max_ca_certificates));
    VS_TRY(out.lab, m.boolean("lab"));
    VS_TRY_VOID(m.finish());
    if (out.chain.empty())
        return fail(Errc::malformed, m.where() + ".chain", "no certificate");
    return out;
}

json::Value EndorsementKey::to_json() const {
    return json::object(
        {{"name", name}, {"ek_digest", ek_digest}, {"public_key", public_key}, {"certificate", certificate}});
}

Result<EndorsementKey> EndorsementKey::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    EndorsementKey out;
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.ek_digest, sha256_text(m, "ek_digest"));
    VS_TRY(out.public_key, optional_pem(m, "public_key"));
    VS_TRY(out.certificate, optional_pem(m, "certificate"));
    VS_TRY_VOID(m.finish());
    return out;
}

Result<BaseImage> BaseImage::from_document(json::Value document) {
    const json::Value* const format = document.find("format");
    const json::Value* const version_number = document.find("version");
    const json::Value* const image = document.find("image");
    if (format == nullptr || *format != json::Value("vouchsafe-base-image") || version_number == nullptr ||
        *version_number != json::Value(3) || image == nullptr)
        return fail(Errc::malformed, "image.format", "not a base image document of version 3");
    const json::Value* const version = image->find("version");
    const json::Value* const shown = image->find("display_name");
    if (version == nullptr || !version->is_string() || !is_name(version->as_string()))
        return fail(Errc::malformed, "image.version", "has no version that is a name");
    BaseImage out;
    out.version.text = version->as_string();
    if (shown != nullptr && shown->is_string())
        out.display_name = shown->as_string();
    out.digest = to_hex(crypto::sha256(as_bytes(json::canonical(document))));
    out.document = std::make_shared<const json::Value>(std::move(document));
    return out;
}

json::Value FirmwareSet::to_json() const {
    return json::object(
        {{"name", name},
         {"note", note},
         {"bank", bank},
         {"firmware", json::array_of(firmware, [](const FirmwarePin& one) { return one.to_json(); })}});
}

Result<FirmwareSet> FirmwareSet::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    FirmwareSet out;
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.note, short_text(m, "note"));
    VS_TRY(out.bank, m.string("bank"));
    VS_TRY(out.firmware, m.list<FirmwarePin>("firmware", max_set_firmware, FirmwarePin::from_json));
    VS_TRY_VOID(m.finish());
    const auto bank = crypto::hash_alg_from_text(out.bank);
    if (!bank)
        return fail(Errc::malformed, m.where() + ".bank", "no bank known here");
    if (out.firmware.empty())
        return fail(Errc::malformed, m.where() + ".firmware", "no firmware");
    const std::size_t digits = 2 * crypto::digest_size(*bank);
    for (auto one = out.firmware.begin(); one != out.firmware.end(); ++one) {
        if (one->pcr0.size() != digits || one->pcr2.size() != digits)
            return fail(Errc::malformed, m.where() + ".firmware", "a PCR value is not of bank " + out.bank);
        const auto same = [&one](const FirmwarePin& other) {
            return other.pcr0 == one->pcr0 && other.pcr2 == one->pcr2;
        };
        if (std::any_of(out.firmware.begin(), one, same))
            return fail(Errc::malformed, m.where() + ".firmware", "the same firmware twice");
    }
    return out;
}

std::string_view to_string(IssuerRole role) {
    return role == IssuerRole::administrator ? "administrator" : "consumer";
}

json::Value Issuer::to_json() const {
    return json::object({{"issuer", issuer},
                         {"role", to_string(role)},
                         {"alias", alias},
                         {"certificates", json::array_of(certificates)},
                         {"principal",
                          principal ? json::object({{"name", principal->name}, {"domain", principal->domain}})
                                    : json::Value()}});
}

Result<Issuer> Issuer::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Issuer out;
    VS_TRY(out.issuer, short_text(m, "issuer"));
    VS_TRY(const auto role_text, m.string("role"));
    VS_TRY(out.role,
           enum_from_text({IssuerRole::administrator, IssuerRole::consumer}, role_text, m.where() + ".role"));
    VS_TRY(out.alias, inventory::name(m, "alias"));
    VS_TRY(out.certificates, pems(m, "certificates", max_chain));
    VS_TRY(auto who, m.optional_object("principal"));
    VS_TRY_VOID(m.finish());
    if (out.issuer.empty() || out.certificates.empty())
        return fail(Errc::malformed, m.where() + ".issuer", "no name, or no certificate");
    if (who) {
        out.principal.emplace();
        VS_TRY(out.principal->name, inventory::name(*who, "name"));
        VS_TRY(out.principal->domain, inventory::name(*who, "domain"));
        VS_TRY_VOID(who->finish());
    }
    return out;
}

std::string_view to_string(RevocationKind kind) {
    switch (kind) {
    case RevocationKind::host:
        return "host";
    case RevocationKind::ek:
        return "ek";
    case RevocationKind::ak:
        return "ak";
    case RevocationKind::ca:
        return "ca";
    case RevocationKind::image:
        return "image";
    case RevocationKind::file:
        return "file";
    case RevocationKind::firmware:
        return "firmware";
    case RevocationKind::tpm_model:
        return "tpm_model";
    case RevocationKind::authority_key:
        return "authority_key";
    case RevocationKind::generation:
        return "generation";
    case RevocationKind::key:
        return "key";
    case RevocationKind::blob:
        return "blob";
    }
    std::unreachable();
}

json::Value Revocation::to_json() const {
    return json::object({{"kind", to_string(kind)}, {"value", value}, {"reason", reason}});
}

Result<Revocation> Revocation::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Revocation out;
    VS_TRY(const auto kind_text, m.string("kind"));
    VS_TRY(out.kind, enum_from_text(revocation_kinds, kind_text, m.where() + ".kind"));
    VS_TRY(out.value, m.string("value"));
    VS_TRY(out.reason, short_text(m, "reason"));
    VS_TRY_VOID(m.finish());
    if (out.value.empty() || out.value.size() > max_revocation_bytes)
        return fail(Errc::malformed, m.where() + ".value", "empty or too long");
    return out;
}

json::Value AuthorityHost::to_json() const {
    return json::object({{"id", id.text},
                         {"address", address.to_json()},
                         {"key_certificates", json::array_of(key_certificates)}});
}

Result<AuthorityHost> AuthorityHost::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    AuthorityHost out;
    VS_TRY(out.id.text, name(m, "id"));
    VS_TRY(const json::Value* const address_value, m.value("address"));
    VS_TRY(out.address, NetworkAddress::from_json(*address_value, m.where() + ".address"));
    VS_TRY(out.key_certificates, m.strings("key_certificates"));
    VS_TRY_VOID(m.finish());
    const auto fits = [](const std::string& token) { return token.size() <= max_token_bytes; };
    if (out.key_certificates.size() > max_host_keys || !std::ranges::all_of(out.key_certificates, fits))
        return fail(Errc::too_large, m.where() + ".key_certificates", "too many, or too long");
    return out;
}

std::string_view to_string(ClusterState state) {
    return state == ClusterState::enabled ? "ENABLE" : "DISABLE";
}

const Enrolment* AuthorityState::enrolment(const HostId& host) const {
    return find_in(enrolments, host.text);
}

const EndorsementKey* AuthorityState::endorsement_key_by_digest(std::string_view ek_digest) const {
    for (const auto& [name, key] : endorsement_keys)
        if (key.ek_digest == ek_digest)
            return &key;
    return nullptr;
}

const Provider* AuthorityState::provider(std::string_view name) const {
    return find_in(providers, name);
}

const Provider* AuthorityState::provider_by_uid(std::string_view uid) const {
    for (const auto& [name, provider] : providers)
        if (provider.uid == uid)
            return &provider;
    return nullptr;
}

bool AuthorityState::is_revoked(RevocationKind kind, std::string_view value) const {
    const auto found = revocations.find(kind);
    return found != revocations.end() && found->second.contains(value);
}

} // namespace vouchsafe::inventory
