#include "token/identity.h"

#include "crypto/digest.h"
#include "json/members.h"

namespace vouchsafe::token {

namespace {

constexpr std::size_t max_groups = 256;

std::string request_digest(Bytes body) {
    return to_hex(crypto::sha256(body));
}

} // namespace

Result<std::string> issue_administrator(const crypto::EcPrivateKey& issuer_key, const Administrator& token) {
    if (token.times.expires - token.times.issued > max_administrator_life)
        return fail(Errc::conflict, "administrator.life", "over a minute");
    const Registered claims{.issuer = token.issuer,
                            .audience = group_audience("admin", token.group),
                            .subject = token.subject,
                            .id = token.id,
                            .times = token.times};
    json::Object own;
    own.emplace("groups", json::array_of(token.groups));
    own.emplace("request", token.request);
    return issue_jwt(issuer_key, administrator_typ, claims, std::move(own));
}

Result<VerifiedAdministrator> verify_administrator(const AdministratorRequest& request) {
    VS_TRY(const std::string issuer, claimed_issuer(request.token));
    const auto keys = request.issuers.find(issuer);
    if (keys == request.issuers.end())
        return fail(Errc::untrusted, "administrator.issuer", "no issuer known here");
    const std::string audience = group_audience("admin", request.group);
    const JwtRules rules{
        .typ = administrator_typ, .issuer = issuer, .audience = audience, .max_life = max_administrator_life};
    VS_TRY(const VerifiedJwt jwt, verify_jwt(request.token, rules, keys->second, request.now));
    json::Members m(jwt.own(), "administrator");
    VS_TRY(auto groups, m.strings("groups"));
    VS_TRY(auto digest, m.string("request"));
    VS_TRY_VOID(m.finish());
    if (groups.size() > max_groups)
        return fail(Errc::too_large, "administrator.groups", "too many");
    if (jwt.registered().subject.empty())
        return fail(Errc::malformed, "administrator.sub", "absent");
    if (digest != request_digest(request.body))
        return fail(Errc::untrusted, "administrator.request", "signed for another request");
    return VerifiedAdministrator(Administrator{.issuer = issuer,
                                               .group = std::string(request.group),
                                               .subject = jwt.registered().subject,
                                               .groups = std::move(groups),
                                               .request = std::move(digest),
                                               .id = jwt.registered().id,
                                               .times = jwt.registered().times});
}

} // namespace vouchsafe::token
