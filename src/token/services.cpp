#include "token/services.h"

#include "json/members.h"

#include <array>
#include <set>
#include <utility>
#include <variant>

namespace vouchsafe::token {

namespace {

constexpr std::size_t max_key_certificates = max_authority_hosts * std::size(all_key_uses) * 2;
constexpr std::size_t max_name_bytes = 253;
constexpr std::size_t anchor_digits = 64;

json::Value host_to_json(const ServiceHost& host) {
    return json::object({{"id", host.id.text},
                         {"address", json::object({{"hostname", host.hostname}, {"port", host.port}})}});
}

Result<ServiceHost> host_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    ServiceHost out;
    VS_TRY(out.id.text, m.string("id"));
    VS_TRY(auto address, m.object("address"));
    VS_TRY_VOID(m.finish());
    VS_TRY(out.hostname, address.string("hostname"));
    VS_TRY(const auto port, address.integer("port", {.least = 1, .most = 65535}));
    VS_TRY_VOID(address.finish());
    out.port = static_cast<std::uint16_t>(port);
    if (out.id.text.empty() || out.id.text.size() > max_name_bytes || out.hostname.empty() ||
        out.hostname.size() > max_name_bytes)
        return fail(Errc::malformed, where, "id or name empty or too long");
    return out;
}

Result<ServicesInformation> read_information(const VerifiedJwt& jwt) {
    ServicesInformation out;
    json::Members m(jwt.own(), "services.information");
    VS_TRY(out.anchor, m.string("anchor"));
    VS_TRY(out.group, m.string("group"));
    VS_TRY(out.cluster, m.string("cluster"));
    VS_TRY(out.version, m.integer("version", {.least = 1}));
    VS_TRY(out.hosts, m.list<ServiceHost>("hosts", max_authority_hosts, host_from_json));
    VS_TRY_VOID(m.finish());
    out.id = jwt.registered().id;
    out.times = jwt.registered().times;
    return out;
}

Result<void> check_hosts(const std::vector<ServiceHost>& hosts) {
    std::set<std::string_view> ids;
    std::set<std::pair<std::string_view, std::uint16_t>> addresses;
    for (const ServiceHost& host : hosts)
        if (!ids.insert(host.id.text).second || !addresses.emplace(host.hostname, host.port).second)
            return fail(Errc::malformed, "services.hosts", "two with one id or address");
    if (hosts.empty())
        return fail(Errc::malformed, "services.hosts", "none");
    return {};
}

struct DocumentParts {
    Buffer root;
    std::vector<std::string> key_certificates;
    std::string information;
};

Result<DocumentParts> read_document(const json::Value& document) {
    json::Members m(document, "services");
    DocumentParts out;
    VS_TRY(out.information, m.string("information"));
    VS_TRY(out.key_certificates, m.strings("key_certificates"));
    VS_TRY(out.root, m.base64("root"));
    VS_TRY_VOID(m.finish());
    if (out.key_certificates.size() > max_key_certificates)
        return fail(Errc::too_large, "services.key_certificates", "too many");
    return out;
}

struct Root {
    crypto::Certificate certificate;
    crypto::EcPublicKey key;
};

/// The certificate is believed for its key alone, and the key because its digest is the anchor.
Result<Root> read_root(Bytes der, std::string_view anchor, SysTime now) {
    auto certificate = crypto::Certificate::from_der(der);
    if (!certificate)
        return fail(Errc::malformed, "services.root", "no certificate");
    auto any_key = certificate->public_key();
    auto* const key = any_key ? std::get_if<crypto::EcPublicKey>(&*any_key) : nullptr;
    if (key == nullptr || key->curve() != crypto::Curve::p256)
        return fail(Errc::malformed, "services.root", "its key is not on P-256");
    if (anchor_of(*key) != anchor)
        return fail(Errc::untrusted, "services.root", "not the key that the anchor names");
    if (!certificate->is_ca() || !certificate->is_self_issued() || now < certificate->not_before() ||
        now >= certificate->not_after())
        return fail(Errc::untrusted, "services.root", "no self-signed CA certificate that is valid now");
    return Root{.certificate = *std::move(certificate), .key = std::move(*key)};
}

} // namespace

Result<std::string> issue_services_information(const crypto::EcPrivateKey& services_key,
                                               const ServicesInformation& information) {
    if (information.times.expires - information.times.issued > max_services_life)
        return fail(Errc::conflict, "services.life", "too long");
    VS_TRY_VOID(check_hosts(information.hosts));
    const Registered claims{.issuer = group_issuer(information.group),
                            .audience = "urn:vouchsafe:services",
                            .subject = {},
                            .id = information.id,
                            .times = information.times};
    json::Object own;
    own.emplace("anchor", information.anchor);
    own.emplace("cluster", information.cluster);
    own.emplace("group", information.group);
    own.emplace("hosts", json::array_of(information.hosts, host_to_json));
    own.emplace("version", information.version);
    return issue_jwt(services_key, services_typ, claims, std::move(own));
}

json::Value services_document(const crypto::Certificate& root,
                              const std::vector<std::string>& key_certificates,
                              std::string_view information) {
    return json::object({{"information", information},
                         {"key_certificates", json::array_of(key_certificates)},
                         {"root", to_base64(root.der())}});
}

KeySet VerifiedServices::keys(KeyUse use) const {
    KeySet out;
    for (const VerifiedKeyCertificate& certificate : certificates_)
        if (certificate->use == use)
            out.add(certificate->key);
    return out;
}

KeySet VerifiedServices::keys(KeyUse use, const AuthorityHostId& host) const {
    KeySet out;
    for (const VerifiedKeyCertificate& certificate : certificates_)
        if (certificate->use == use && certificate->host == host)
            out.add(certificate->key);
    return out;
}

Result<VerifiedServices> verify_services(const ServicesRequest& request) {
    if (request.anchor.size() != anchor_digits)
        return fail(Errc::malformed, "services.anchor", "no anchor is set here");
    VS_TRY(const DocumentParts parts, read_document(request.document));
    VS_TRY(Root root, read_root(parts.root, request.anchor, request.now));
    VerifiedServices out(request.document, std::move(root.certificate));
    for (const std::string& text : parts.key_certificates) {
        VS_TRY(auto certificate, verify_key_certificate(text, root.key, request.now));
        for (const VerifiedKeyCertificate& other : out.certificates_)
            if (other->key == certificate->key && other->use != certificate->use)
                return fail(Errc::untrusted, "services.key", "one key, two uses");
        out.certificates_.push_back(std::move(certificate));
    }

    const std::string group = group_of(request.anchor);
    const std::string issuer = group_issuer(group);
    const JwtRules rules{.typ = services_typ,
                         .issuer = issuer,
                         .audience = "urn:vouchsafe:services",
                         .max_life = max_services_life};
    const KeySet keys = out.keys(KeyUse::services);
    if (keys.empty())
        return fail(Errc::untrusted, "services.key", "no key is certified for this");
    VS_TRY(const VerifiedJwt jwt, verify_jwt(parts.information, rules, keys, request.now));
    VS_TRY(out.information_, read_information(jwt));
    if (out.information_.anchor != request.anchor || out.information_.group != group)
        return fail(Errc::untrusted, "services.anchor", "made for another cluster");
    VS_TRY_VOID(check_hosts(out.information_.hosts));
    if (out.information_.version < request.least_version)
        return fail(Errc::conflict, "services.version", "older than what was accepted before");
    return out;
}

} // namespace vouchsafe::token
