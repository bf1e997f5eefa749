#include "authority/claim.h"

#include "authority/administration.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "crypto/x509.h"
#include "json/members.h"

#include <algorithm>

namespace vouchsafe::authority {

namespace {

constexpr std::string_view token_name = "claim-token-digest";
constexpr int most_wrong = 10;

std::unexpected<Error> refused() {
    return fail(
        Errc::denied, "claim.refused", "the claim is refused: wrong token or issuer, or claimed already");
}

} // namespace

Result<std::string> make_claim_token(store::SealedFiles& secrets, Random& random) {
    std::string token = to_hex(random.bytes(20));
    VS_TRY_VOID(secrets.save(token_name, Secret(crypto::sha256(as_bytes(token)))));
    return token;
}

Result<json::Value> Claim::accept(const json::Value& request) {
    json::Members members(request, "claim");
    VS_TRY_VOID(members.version(1));
    VS_TRY(const std::string token, members.string("token"));
    VS_TRY(const std::string issuer, members.string("issuer"));
    VS_TRY(std::vector<std::string> certificates, members.strings("certificates"));
    VS_TRY_VOID(members.finish());

    const std::scoped_lock lock(mutex_);
    const auto state = core_.state();
    const auto digest = secrets_.load(token_name);
    if (!digest || wrong_ >= most_wrong || state->issuers.contains(state->administrator_issuer))
        return refused();
    const auto given = crypto::sha256(as_bytes(token));
    const bool right = digest->expose([&](Bytes stored) { return crypto::equal(stored, given); });
    if (!right && ++wrong_ >= most_wrong)
        VS_TRY_VOID(secrets_.save(token_name, Secret())); // void also after a restart
    if (!right || issuer != state->administrator_issuer)
        return refused();
    for (std::string& pem : certificates) {
        VS_TRY(const crypto::Certificate certificate, crypto::Certificate::from_pem(pem));
        pem = certificate.pem();
    }
    // The claim is once for ever: a key that cannot sign tokens would leave nobody to administer.
    VS_TRY(const token::KeySet keys, sts_keys(certificates));
    if (keys.empty())
        return fail(Errc::malformed, "claim.certificates", "no certificate has a P-256 key");
    VS_TRY([[maybe_unused]] const auto after,
           core_.commit(inventory::IssuerSet{.issuer = {.issuer = issuer,
                                                        .role = inventory::IssuerRole::administrator,
                                                        .alias = "administrator",
                                                        .certificates = std::move(certificates),
                                                        .principal = {}}},
                        {.issuer = issuer, .subject = "claim"}));
    return json::object({{"version", 1},
                         {"anchor", keys_.identity().anchor},
                         {"group", keys_.identity().group},
                         {"cluster", state->cluster},
                         {"authority_host", keys_.config().host.text}});
}

} // namespace vouchsafe::authority
