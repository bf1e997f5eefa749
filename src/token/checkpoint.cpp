#include "token/checkpoint.h"

#include "json/members.h"
#include "json/parse.h"

#include <chrono>

namespace vouchsafe::token {

namespace {

/// Every token of ours has an end; nobody judges a checkpoint by it.
constexpr std::chrono::days life{3653};
constexpr std::size_t digest_digits = 64;
constexpr std::int64_t year_9999 = 253402300799;

} // namespace

Result<std::string> issue_checkpoint(const crypto::EcPrivateKey& checkpoint_key,
                                     const Checkpoint& checkpoint) {
    if (checkpoint.sequence < 1 || checkpoint.digest.size() != digest_digits)
        return fail(Errc::conflict, "checkpoint.head", "there is no record yet");
    const Registered claims{.issuer = group_issuer(checkpoint.group),
                            .audience = group_audience("checkpoint", checkpoint.group),
                            .subject = checkpoint.host.text,
                            .id = checkpoint.id,
                            .times = times_from(checkpoint.time, life)};
    json::Object own;
    own.emplace("digest", checkpoint.digest);
    own.emplace("seq", checkpoint.sequence);
    return issue_jwt(checkpoint_key, checkpoint_typ, claims, std::move(own));
}

Result<VerifiedCheckpoint>
verify_checkpoint(std::string_view text, std::string_view group, const KeySet& checkpoint_keys) {
    VS_TRY(const CompactJws jws, parse_compact(text));
    const auto claims = json::parse(as_text(jws.payload));
    const json::Value* const issued = claims ? claims->find("iat") : nullptr;
    if (issued == nullptr)
        return fail(Errc::malformed, "token.claims.iat", "absent");
    VS_TRY(const auto seconds,
           json::to_integer(*issued, "token.claims.iat", {.least = 0, .most = year_9999}));
    const SysTime then = from_seconds(seconds);

    const std::string issuer = group_issuer(group);
    const std::string audience = group_audience("checkpoint", group);
    const JwtRules rules{.typ = checkpoint_typ, .issuer = issuer, .audience = audience, .max_life = life};
    VS_TRY(const VerifiedJwt jwt, verify_jwt(text, rules, checkpoint_keys, then));
    json::Members m(jwt.own(), "checkpoint");
    VS_TRY(const Buffer digest, m.hex("digest"));
    VS_TRY(const auto sequence, m.integer("seq", {.least = 1}));
    VS_TRY_VOID(m.finish());
    if (digest.size() * 2 != digest_digits || jwt.registered().subject.empty())
        return fail(Errc::malformed, "checkpoint.digest", "not a SHA-256 of a host's record");
    return VerifiedCheckpoint(Checkpoint{.group = std::string(group),
                                         .host = AuthorityHostId{jwt.registered().subject},
                                         .sequence = sequence,
                                         .digest = to_hex(digest),
                                         .id = jwt.registered().id,
                                         .time = then});
}

} // namespace vouchsafe::token
