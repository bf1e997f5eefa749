#include "token/key_certificate.h"

#include "json/members.h"
#include "token/keys.h"

namespace vouchsafe::token {

namespace {

constexpr std::string_view audience = "urn:vouchsafe:key";

std::string issuer_of(const crypto::EcPublicKey& root) {
    return "urn:vouchsafe:root:" + anchor_of(root);
}

} // namespace

std::string_view to_string(KeyUse use) {
    switch (use) {
    case KeyUse::token:
        return "token";
    case KeyUse::report:
        return "report";
    case KeyUse::session:
        return "session";
    case KeyUse::checkpoint:
        return "checkpoint";
    case KeyUse::services:
        return "services";
    case KeyUse::change:
        return "change";
    }
    std::unreachable();
}

Result<KeyUse> key_use_from_text(std::string_view text) {
    for (const KeyUse use : all_key_uses)
        if (to_string(use) == text)
            return use;
    return fail(Errc::malformed, "key_certificate.use", "no use of a key");
}

Result<std::string> issue_key_certificate(const crypto::EcPrivateKey& root,
                                          const KeyCertificate& certificate) {
    if (certificate.times.expires - certificate.times.issued > max_key_certificate_life)
        return fail(Errc::conflict, "key_certificate.life", "too long");
    const Registered claims{.issuer = issuer_of(root.public_key()),
                            .audience = std::string(audience),
                            .subject = certificate.host.text,
                            .id = certificate.id,
                            .times = certificate.times};
    json::Object own;
    own.emplace("jwk", jwk(certificate.key));
    own.emplace("use", to_string(certificate.use));
    return issue_jwt(root, key_certificate_typ, claims, std::move(own));
}

Result<VerifiedKeyCertificate>
verify_key_certificate(std::string_view text, const crypto::EcPublicKey& root, SysTime now) {
    const std::string issuer = issuer_of(root);
    const JwtRules rules{.typ = key_certificate_typ,
                         .issuer = issuer,
                         .audience = audience,
                         .max_life = max_key_certificate_life};
    VS_TRY(const VerifiedJwt jwt, verify_jwt(text, rules, KeySet{root}, now));
    json::Members m(jwt.own(), "key_certificate");
    VS_TRY(const json::Value* const key_value, m.value("jwk"));
    VS_TRY(const auto use_text, m.string("use"));
    VS_TRY_VOID(m.finish());
    VS_TRY(auto key, key_from_jwk(*key_value, "key_certificate.jwk"));
    VS_TRY(const KeyUse use, key_use_from_text(use_text));
    const Registered& registered = jwt.registered();
    if (registered.subject.empty())
        return fail(Errc::malformed, "key_certificate.sub", "absent");
    return VerifiedKeyCertificate(KeyCertificate{.host = AuthorityHostId{registered.subject},
                                                 .use = use,
                                                 .key = std::move(key),
                                                 .id = registered.id,
                                                 .times = registered.times});
}

} // namespace vouchsafe::token
