// Cluster state, base images, TPM CAs, endorsement keys, settings and consumer principals.
#include "api/filter.h"
#include "appraisal/base_image.h"
#include "attestation/references.h"
#include "authority/administration.h"
#include "authority/health.h"
#include "crypto/x509.h"
#include "json/members.h"
#include "json/write.h"

#include <algorithm>
#include <array>

namespace vouchsafe::authority {

namespace {

using inventory::AuthorityState;

#define VS_TA "vcenter.trusted_infrastructure.trust_authority_clusters"
#define VS_ATT VS_TA ".attestation"

template <class Map>
Result<typename Map::const_iterator> named(const Map& map, const std::string& name, std::string_view what) {
    const auto found = map.find(name);
    if (found == map.end())
        return fail(Errc::not_found, what, "there is no " + std::string(what) + " " + name);
    return found;
}

json::Value pem_chain(const std::vector<std::string>& pems) {
    return json::object({{"cert_chain", json::array_of(pems)}});
}

// Each text may hold several certificates: what people have is bundles.
Result<std::vector<std::string>> split_chain(const json::Value& chain) {
    std::vector<std::string> out;
    for (const json::Value& text : chain.find("cert_chain")->as_array()) {
        VS_TRY(const auto certificates, crypto::certificates_from_pem(text.as_string()));
        for (const crypto::Certificate& certificate : certificates)
            out.push_back(certificate.pem());
    }
    if (out.empty())
        return fail(Errc::malformed, "cert_chain", "cert_chain: there is no certificate in it");
    return out;
}

// --- cluster

json::Value cluster_info(const AuthorityState& state) {
    return json::object({{"cluster", state.cluster}, {"state", inventory::to_string(state.cluster_state)}});
}

Result<json::Value> list_clusters(const Invocation& call) {
    json::Array out;
    if (api::wants(&call.input, "cluster", json::Value(call.state.cluster)) &&
        api::wants(&call.input, "state", json::Value(inventory::to_string(call.state.cluster_state))))
        out.push_back(cluster_info(call.state));
    return json::Value(std::move(out));
}

Result<json::Value> get_cluster(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return cluster_info(call.state);
}

Result<json::Value> update_cluster(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const json::Value* const wish = call.find("spec")->find("state");
    if (wish == nullptr || wish->is_null())
        return json::Value();
    return call.commit(inventory::ClusterUpdate{.cluster_name = call.state.cluster_name,
                                                .state = wish->as_string() == "ENABLE"
                                                             ? inventory::ClusterState::enabled
                                                             : inventory::ClusterState::disabled});
}

Result<json::Value> attestation_status(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return call.parts.core.lease_valid(call.parts.clock.boot_now())
               ? healthy()
               : unhealthy("attestation.lease", "this authority host has lost its right to release");
}

// --- base images

Result<json::Value> import_image(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    VS_TRY(const Buffer document, from_base64(call.text("imgdb")));
    VS_TRY(json::Value value, parse_document(document));
    // People look at documents, and what they looked at may be indented: only the canonical form is kept.
    VS_TRY(const appraisal::BaseImage image, appraisal::parse_base_image(as_bytes(json::canonical(value))));
    VS_TRY_VOID(call.commit(inventory::ImageImport{.document = std::move(value)}));
    return json::Value(image.version.text);
}

Result<json::Value> list_images(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    json::Array out;
    for (const auto& [version, image] : call.state.images)
        if (api::wants(&call.input, "version", json::Value(version)) &&
            api::wants(&call.input, "display_name", json::Value(image.display_name)) &&
            api::wants(&call.input, "health", json::Value("OK")))
            out.push_back(
                json::object({{"version", version}, {"display_name", image.display_name}, {"health", "OK"}}));
    return json::Value(std::move(out));
}

Result<json::Value> get_image(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    VS_TRY(const auto found, named(call.state.images, call.text("version"), "base image"));
    VS_TRY(const auto observations, call.parts.records.observations());
    std::optional<SysTime> last;
    for (const inventory::HostObservation& host : observations)
        if (host.base_image == found->first && host.state == "trusted" && host.last_attested)
            last = std::max(last.value_or(*host.last_attested), *host.last_attested);
    json::Object info{
        {"display_name", found->second.display_name}, {"health", "OK"}, {"details", json::Array{}}};
    if (last)
        info.emplace("last_attested_time", to_text(*last));
    return json::Value(std::move(info));
}

Result<json::Value> delete_image(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return call.commit(inventory::ImageRemove{.version = {call.text("version")}});
}

// --- TPM CAs

Result<json::Value> create_ca(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const json::Value& spec = *call.find("spec");
    const json::Value* const chain = spec.find("cert_chain");
    if (chain == nullptr || chain->is_null())
        return fail(Errc::malformed, "cert_chain", "cert_chain: is missing");
    VS_TRY(std::vector<std::string> pems, split_chain(*chain));
    bool lab = false;
    for (const std::string& pem : pems) {
        VS_TRY(const crypto::Certificate certificate, crypto::Certificate::from_pem(pem));
        if (!certificate.is_ca())
            return fail(Errc::malformed, "cert_chain", certificate.subject() + ": is no CA certificate");
        // Software TPMs name themselves; a CA that does not can be marked by hand.
        lab = lab || certificate.subject().find("swtpm") != std::string::npos;
    }
    if (call.state.cas.contains(spec.find("name")->as_string())) // not the change of a mark, see mark_ca
        return fail(Errc::exists, "ca.import.name", "there is a CA certificate of this name");
    return call.commit(inventory::CaImport{
        .ca = {.name = spec.find("name")->as_string(), .chain = std::move(pems), .lab = lab}});
}

Result<json::Value> list_cas(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    json::Array out;
    for (const auto& [name, ca] : call.state.cas)
        out.push_back(json::object({{"name", name}, {"health", ca.lab ? "WARNING" : "OK"}}));
    return json::Value(std::move(out));
}

Result<json::Value> get_ca(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    VS_TRY(const auto found, named(call.state.cas, call.text("name"), "CA certificate"));
    json::Object info = found->second.lab ? warning("ca.lab", "lab: a CA of software TPMs").as_object()
                                          : healthy().as_object();
    info.emplace("cert_chain", pem_chain(found->second.chain));
    return json::Value(std::move(info));
}

Result<json::Value> delete_ca(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return call.commit(inventory::CaRemove{.name = call.text("name")});
}

// --- endorsement keys

// Before the hex SHA-256 of a SubjectPublicKeyInfo: it stands where the whole key is not known.
constexpr std::string_view digest_prefix = "sha256:";

// What is wrong with an endorsement key is wrong with the request: nobody was refused here.
Error wrong_key(Error error, std::string_view member) {
    error.code = Errc::malformed;
    error.detail = std::string(member) + ": " + (error.detail.empty() ? error.where : error.detail);
    return error;
}

Result<inventory::EndorsementKey> read_endorsement_key(const json::Value& spec, const Invocation& call) {
    const json::Value* const public_key = spec.find("public_key");
    const json::Value* const certificate = spec.find("certificate");
    const bool has_key = public_key != nullptr && !public_key->is_null();
    const bool has_certificate = certificate != nullptr && !certificate->is_null();
    if (has_key == has_certificate)
        return fail(Errc::malformed, "endorsement_key", "give exactly one of public_key and certificate");
    inventory::EndorsementKey key{
        .name = spec.find("name")->as_string(), .ek_digest = {}, .public_key = {}, .certificate = {}};
    if (has_key && public_key->as_string().starts_with(digest_prefix)) {
        const auto digest = from_hex(public_key->as_string().substr(digest_prefix.size()));
        if (!digest || digest->size() != sizeof(crypto::Sha256Digest))
            return fail(
                Errc::malformed, "endorsement_key", "public_key: sha256: wants 64 hexadecimal digits");
        key.ek_digest = to_hex(*digest);
        return key;
    }
    if (has_key) {
        const auto spki = spki_from_pem(public_key->as_string());
        if (!spki)
            return std::unexpected(wrong_key(spki.error(), "public_key"));
        key.ek_digest = to_hex(crypto::sha256(*spki));
        key.public_key = public_key->as_string();
        return key;
    }
    const auto parsed = crypto::Certificate::from_pem(certificate->as_string());
    if (!parsed)
        return std::unexpected(wrong_key(parsed.error(), "certificate"));
    const auto ek = parsed->public_key();
    if (!ek)
        return std::unexpected(wrong_key(ek.error(), "certificate"));
    // Whoever registers a key knows its machine: a certificate that has expired since still says whose TPM
    // it is.
    const auto trusted = attestation::TrustedCas::of(call.state);
    const auto path = crypto::verify_ek_chain({.leaf = *parsed,
                                               .intermediates = {},
                                               .cas = trusted.certificates,
                                               .now = call.parts.clock.now(),
                                               .expiry = crypto::Expiry::tolerated});
    if (!path)
        return std::unexpected(wrong_key(path.error(), "certificate"));
    key.ek_digest = to_hex(crypto::sha256(crypto::spki_der(*ek)));
    key.certificate = parsed->pem();
    return key;
}

Result<json::Value> create_endorsement_key(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    VS_TRY(inventory::EndorsementKey key, read_endorsement_key(*call.find("spec"), call));
    return call.commit(inventory::EndorsementKeyImport{.key = std::move(key)});
}

Result<json::Value> list_endorsement_keys(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    json::Array out;
    for (const auto& [name, key] : call.state.endorsement_keys)
        out.push_back(json::object({{"name", name}, {"health", "OK"}}));
    return json::Value(std::move(out));
}

Result<json::Value> get_endorsement_key(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    VS_TRY(const auto found, named(call.state.endorsement_keys, call.text("name"), "endorsement key"));
    const inventory::EndorsementKey& key = found->second;
    std::string pem = key.public_key.value_or("");
    if (pem.empty() && key.certificate) {
        VS_TRY(const crypto::Certificate certificate, crypto::Certificate::from_pem(*key.certificate));
        pem = pem_from_spki(certificate.spki_der());
    }
    json::Object info = healthy().as_object();
    info.emplace("public_key", pem.empty() ? std::string(digest_prefix) + key.ek_digest : pem);
    return json::Value(std::move(info));
}

Result<json::Value> delete_endorsement_key(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return call.commit(inventory::EndorsementKeyRemove{.name = call.text("name")});
}

// --- settings

Result<json::Value> get_settings(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const inventory::Settings& settings = call.state.settings;
    json::Object info =
        settings.unsafe_accept_weak_tpms
            ? warning("settings.unsafe_accept_weak_tpms", "TPMs with published faults are accepted")
                  .as_object()
        : settings.unsafe_auto_enrol
            ? warning("settings.unsafe_auto_enrol", "unknown machines are enrolled by themselves").as_object()
            : healthy().as_object();
    info.emplace("require_endorsement_keys", settings.require_endorsement_keys);
    info.emplace("require_certificate_validation", settings.require_certificate_validation);
    return json::Value(std::move(info));
}

Result<json::Value> update_settings(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    inventory::Settings settings = call.state.settings;
    json::Members spec(*call.find("spec"), "spec");
    VS_TRY(const auto keys, spec.optional_boolean("require_endorsement_keys"));
    VS_TRY(const auto certificates, spec.optional_boolean("require_certificate_validation"));
    settings.require_endorsement_keys = keys.value_or(settings.require_endorsement_keys);
    settings.require_certificate_validation = certificates.value_or(settings.require_certificate_validation);
    return call.commit(inventory::SettingsUpdate{.settings = settings});
}

// --- consumer principals

std::string profile_id(const inventory::Issuer& issuer) {
    return to_hex(crypto::sha256(as_bytes(issuer.issuer))).substr(0, 32);
}

json::Value consumer_summary(const inventory::Issuer& issuer) {
    const inventory::Principal principal = issuer.principal.value_or(inventory::Principal{});
    return json::object(
        {{"id", profile_id(issuer)},
         {"issuer_alias", issuer.alias},
         {"issuer", issuer.issuer},
         {"principal",
          json::object({{"id", json::object({{"name", principal.name}, {"domain", principal.domain}})},
                        {"type", "STS_USER"}})}});
}

Result<json::Value> create_consumer(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const json::Value& spec = *call.find("spec");
    inventory::Issuer issuer{.issuer = spec.find("issuer")->as_string(),
                             .role = inventory::IssuerRole::consumer,
                             .alias = spec.find("issuer_alias")->as_string(),
                             .certificates = {},
                             .principal = {}};
    if (call.state.issuers.contains(issuer.issuer))
        return fail(Errc::exists, "consumer.issuer", "this issuer is known already");
    for (const json::Value& chain : spec.find("certificates")->as_array()) {
        VS_TRY(auto pems, split_chain(chain));
        issuer.certificates.insert(issuer.certificates.end(), pems.begin(), pems.end());
    }
    VS_TRY(const token::KeySet keys, sts_keys(issuer.certificates));
    if (keys.empty())
        return fail(
            Errc::malformed, "consumer.certificates", "certificates: none has a P-256 key to sign with");
    const json::Value& id = *spec.find("principal")->find("id");
    issuer.principal = {.name = id.find("name")->as_string(), .domain = id.find("domain")->as_string()};
    const std::string profile = profile_id(issuer);
    VS_TRY_VOID(call.commit(inventory::IssuerSet{.issuer = std::move(issuer)}));
    return json::Value(profile);
}

const inventory::Issuer* consumer(const AuthorityState& state, std::string_view profile) {
    for (const auto& [name, issuer] : state.issuers)
        if (issuer.role == inventory::IssuerRole::consumer && profile_id(issuer) == profile)
            return &issuer;
    return nullptr;
}

bool wanted(const json::Value* filter, const json::Value& consumer) {
    return api::wants(filter, "id", *consumer.find("id")) &&
           api::wants(filter, "issuer", *consumer.find("issuer")) &&
           api::wants(filter, "principals", *consumer.find("principal"));
}

Result<json::Value> list_consumers(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    json::Array out;
    for (const auto& [name, issuer] : call.state.issuers) {
        json::Value summary = consumer_summary(issuer);
        if (issuer.role == inventory::IssuerRole::consumer && wanted(call.find("spec"), summary))
            out.push_back(std::move(summary));
    }
    return json::Value(std::move(out));
}

Result<json::Value> get_consumer(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const inventory::Issuer* const issuer = consumer(call.state, call.text("profile"));
    if (issuer == nullptr)
        return fail(Errc::not_found, "consumer", "there is no consumer principal " + call.text("profile"));
    json::Object info = consumer_summary(*issuer).as_object();
    info.emplace("certificates", json::array({pem_chain(issuer->certificates)}));
    info.emplace("health", "OK");
    return json::Value(std::move(info));
}

Result<json::Value> delete_consumer(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const inventory::Issuer* const issuer = consumer(call.state, call.text("profile"));
    if (issuer == nullptr)
        return fail(Errc::not_found, "consumer", "there is no consumer principal " + call.text("profile"));
    return call.commit(inventory::IssuerRemove{.issuer = issuer->issuer});
}

constexpr std::array rows = {
    ServedOperation{VS_TA, "list", list_clusters},
    ServedOperation{VS_TA, "get", get_cluster},
    ServedOperation{VS_TA, "update", update_cluster},
    ServedOperation{VS_ATT ".service_status", "get", attestation_status},
    ServedOperation{VS_ATT ".os.esx.base_images", "import_from_imgdb", import_image},
    ServedOperation{VS_ATT ".os.esx.base_images", "list", list_images},
    ServedOperation{VS_ATT ".os.esx.base_images", "get", get_image},
    ServedOperation{VS_ATT ".os.esx.base_images", "delete", delete_image},
    ServedOperation{VS_ATT ".tpm2.ca_certificates", "create", create_ca},
    ServedOperation{VS_ATT ".tpm2.ca_certificates", "list", list_cas},
    ServedOperation{VS_ATT ".tpm2.ca_certificates", "get", get_ca},
    ServedOperation{VS_ATT ".tpm2.ca_certificates", "delete", delete_ca},
    ServedOperation{VS_ATT ".tpm2.endorsement_keys", "create", create_endorsement_key},
    ServedOperation{VS_ATT ".tpm2.endorsement_keys", "list", list_endorsement_keys},
    ServedOperation{VS_ATT ".tpm2.endorsement_keys", "get", get_endorsement_key},
    ServedOperation{VS_ATT ".tpm2.endorsement_keys", "delete", delete_endorsement_key},
    ServedOperation{VS_ATT ".tpm2.settings", "get", get_settings},
    ServedOperation{VS_ATT ".tpm2.settings", "update", update_settings},
    ServedOperation{VS_TA ".consumer_principals", "create", create_consumer},
    ServedOperation{VS_TA ".consumer_principals", "list", list_consumers},
    ServedOperation{VS_TA ".consumer_principals", "get", get_consumer},
    ServedOperation{VS_TA ".consumer_principals", "delete", delete_consumer},
};

} // namespace

std::span<const ServedOperation> attestation_operations() {
    return rows;
}

} // namespace vouchsafe::authority
