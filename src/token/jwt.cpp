#include "token/jwt.h"

#include "base/bytes.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <array>
#include <optional>

namespace vouchsafe::token {

namespace {

constexpr std::string_view algorithm = "ES256";
constexpr std::array<std::string_view, 7> registered_names{"aud", "exp", "iat", "iss", "jti", "nbf", "sub"};
constexpr std::size_t max_identifier_bytes = 512;
constexpr json::IntegerRange numeric_date{.least = 0, .most = 253402300799}; // up to the year 9999

json::Object registered_to_json(const Registered& claims) {
    json::Object out;
    out.emplace("aud", claims.audience);
    out.emplace("exp", to_seconds(claims.times.expires));
    out.emplace("iat", to_seconds(claims.times.issued));
    out.emplace("iss", claims.issuer);
    out.emplace("jti", claims.id);
    out.emplace("nbf", to_seconds(claims.times.not_before));
    if (!claims.subject.empty())
        out.emplace("sub", claims.subject);
    return out;
}

/// Takes the registered claims out of `claims`, which keeps the others.
Result<Registered> take_registered(json::Object& claims) {
    json::Object taken;
    for (const std::string_view name : registered_names)
        if (const auto found = claims.find(name); found != claims.end())
            taken.insert(claims.extract(found));

    const json::Value value(std::move(taken));
    json::Members m(value, "token.claims");
    Registered out;
    VS_TRY(out.audience, m.string("aud"));
    VS_TRY(const auto expires, m.integer("exp", numeric_date));
    VS_TRY(const auto issued, m.integer("iat", numeric_date));
    VS_TRY(out.issuer, m.string("iss"));
    VS_TRY(out.id, m.string("jti"));
    VS_TRY(const auto not_before, m.integer("nbf", numeric_date));
    if (value.find("sub") != nullptr) { // null would be a second way to say absent
        VS_TRY(out.subject, m.string("sub"));
        if (out.subject.empty() || out.subject.size() > max_identifier_bytes)
            return fail(Errc::malformed, "token.claims.sub", "empty or too long");
    }
    if (out.id.empty() || out.id.size() > max_identifier_bytes)
        return fail(Errc::malformed, "token.claims.jti", "empty or too long");
    out.times = Times{.issued = from_seconds(issued),
                      .not_before = from_seconds(not_before),
                      .expires = from_seconds(expires)};
    return out;
}

struct Header {
    std::string kid;
    std::string typ;
};

Result<Header> read_header(const json::Value& header) {
    json::Members m(header, "token.header");
    VS_TRY(const auto alg, m.string("alg"));
    VS_TRY(auto kid, m.string("kid"));
    VS_TRY(auto typ, m.string("typ"));
    VS_TRY_VOID(m.finish());
    if (alg != algorithm)
        return fail(Errc::untrusted, "token.alg", "not ES256");
    return Header{.kid = std::move(kid), .typ = std::move(typ)};
}

Result<void> check_rules(const Registered& claims, const JwtRules& rules) {
    if (claims.issuer != rules.issuer)
        return fail(Errc::untrusted, "token.issuer", "issued by another");
    if (claims.audience != rules.audience)
        return fail(Errc::untrusted, "token.audience", "meant for another");
    const Times& times = claims.times;
    if (times.issued >= times.expires || times.not_before >= times.expires ||
        times.expires - times.issued > rules.max_life)
        return fail(Errc::untrusted, "token.life", "no life, or too long a one");
    return {};
}

Result<void> check_times(const Times& times, SysTime now) {
    if (now + not_before_skew < times.not_before)
        return fail(Errc::untrusted, "token.early", "not valid yet; do the clocks agree?");
    if (now >= times.expires)
        return fail(Errc::expired, "token.expired", "its time has passed");
    return {};
}

/// Base64url of bytes that are the canonical encoding of an object.
Result<json::Value> canonical_object(Bytes bytes) {
    auto value = json::parse_canonical(bytes, json::Limits{.bytes = max_jwt_bytes});
    if (!value || !value->is_object())
        return fail(Errc::malformed, "token.form", "not an object in canonical JSON");
    return value;
}

} // namespace

Times times_from(SysTime now, std::chrono::seconds life) {
    const SysTime issued = from_seconds(to_seconds(now));
    return Times{.issued = issued, .not_before = issued, .expires = issued + life};
}

std::string
issue_jwt(const crypto::EcPrivateKey& key, std::string_view typ, const Registered& claims, json::Object own) {
    json::Object all = registered_to_json(claims);
    for (auto& [name, value] : own)
        VS_CHECK(all.emplace(name, std::move(value)).second);
    const json::Value header =
        json::object({{"alg", algorithm}, {"kid", key.public_key().thumbprint()}, {"typ", typ}});
    std::string text = to_base64url(as_bytes(json::canonical(header)));
    text += '.';
    text += to_base64url(as_bytes(json::canonical(json::Value(std::move(all)))));
    const auto signature = crypto::sign_es256(key, as_bytes(text));
    text += '.';
    text += to_base64url(signature);
    return text;
}

Result<CompactJws> parse_compact(std::string_view text) {
    if (text.size() > max_jwt_bytes)
        return fail(Errc::too_large, "token.size", "longer than any token");
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos)
        return fail(Errc::malformed, "token.form", "not three parts");
    const auto header = from_base64url(text.substr(0, first));
    auto payload = from_base64url(text.substr(first + 1, second - first - 1));
    auto signature = from_base64url(text.substr(second + 1)); // a fourth part holds a dot, no base64url
    if (!header || !payload || !signature)
        return fail(Errc::malformed, "token.form", "not base64url");
    auto header_value = json::parse(as_text(*header));
    if (!header_value || !header_value->is_object())
        return fail(Errc::malformed, "token.form", "header is no object");
    return CompactJws{.header = *std::move(header_value),
                      .signing_input = text.substr(0, second),
                      .payload = *std::move(payload),
                      .signature = *std::move(signature)};
}

Result<VerifiedJwt>
verify_jwt(std::string_view text, const JwtRules& rules, const KeySet& keys, SysTime now) {
    VS_TRY(const CompactJws jws, parse_compact(text));
    // The encoding of a header is one: what was signed is what the canonical form of its members says.
    if (to_base64url(as_bytes(json::canonical(jws.header))) != text.substr(0, text.find('.')))
        return fail(Errc::malformed, "token.form", "header is not canonical");
    VS_TRY(const Header header, read_header(jws.header));
    if (header.typ != rules.typ)
        return fail(Errc::untrusted, "token.typ", "another kind of token");
    const crypto::EcPublicKey* const key = keys.find(header.kid);
    if (key == nullptr)
        return fail(Errc::untrusted, "token.kid", "signed by no key known for this");
    if (!crypto::verify_es256(*key, as_bytes(jws.signing_input), jws.signature))
        return fail(Errc::untrusted, "token.signature", "does not verify");

    VS_TRY(json::Value claims, canonical_object(jws.payload));
    VerifiedJwt out;
    VS_TRY(out.registered_, take_registered(claims.as_object()));
    VS_TRY_VOID(check_rules(out.registered_, rules));
    VS_TRY_VOID(check_times(out.registered_.times, now));
    out.own_ = std::move(claims);
    out.kid_ = header.kid;
    return out;
}

Result<std::string> claimed_issuer(std::string_view text) {
    VS_TRY(const CompactJws jws, parse_compact(text));
    VS_TRY(const json::Value claims, canonical_object(jws.payload));
    const json::Value* const issuer = claims.find("iss");
    if (issuer == nullptr || !issuer->is_string())
        return fail(Errc::malformed, "token.claims.iss", "absent");
    return issuer->as_string();
}

std::string group_issuer(std::string_view group) {
    return "urn:vouchsafe:" + std::string(group);
}

std::string group_audience(std::string_view use, std::string_view group) {
    return "urn:vouchsafe:" + std::string(use) + ":" + std::string(group);
}

std::string anchor_of(const crypto::EcPublicKey& root) {
    return to_hex(crypto::sha256(root.spki_der()));
}

std::string group_of(std::string_view anchor) {
    VS_CHECK(anchor.size() == 64);
    return std::string(anchor.substr(0, 32));
}

} // namespace vouchsafe::token
