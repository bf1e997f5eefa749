#include "base/bytes.h"
#include "json/parse.h"
#include "json/write.h"
#include "token/jwt.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::token {
namespace {

const SysTime now = from_seconds(1'800'000'000);

const crypto::EcPrivateKey& key() {
    static const auto made = crypto::EcPrivateKey::generate();
    return made;
}

Registered registered() {
    return Registered{.issuer = "urn:vouchsafe:g",
                      .audience = "urn:vouchsafe:test:g",
                      .subject = "somebody",
                      .id = "1",
                      .times = times_from(now, std::chrono::minutes(30))};
}

constexpr JwtRules rules{.typ = "test+jwt",
                         .issuer = "urn:vouchsafe:g",
                         .audience = "urn:vouchsafe:test:g",
                         .max_life = std::chrono::hours(1)};

std::string issued(const Registered& claims = registered()) {
    json::Object own;
    own.emplace("answer", 42);
    return issue_jwt(key(), rules.typ, claims, std::move(own));
}

/// A token of any header and claims, with a signature that holds.
std::string forged(std::string_view header, std::string_view claims) {
    std::string text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims));
    return text + "." + to_base64url(crypto::sign_es256(key(), as_bytes(text)));
}

std::string good_header() {
    return R"({"alg":"ES256","kid":")" + key().public_key().thumbprint() + R"(","typ":"test+jwt"})";
}

constexpr std::string_view good_claims =
    R"({"aud":"urn:vouchsafe:test:g","exp":1800001800,"iat":1800000000,"iss":"urn:vouchsafe:g",)"
    R"("jti":"1","nbf":1800000000,"sub":"somebody"})";

Result<VerifiedJwt> verify(std::string_view text, SysTime at = now) {
    return verify_jwt(text, rules, KeySet{key().public_key()}, at);
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string out(text);
    const std::size_t place = out.find(from);
    EXPECT_NE(place, out.npos) << from;
    return out.replace(place, from.size(), to);
}

void expect_refused(const Result<VerifiedJwt>& result, Errc code, std::string_view where) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(result.error().where, where);
}

// RFC 7515, appendix A.3: signed by others, with a header that our verifier would not take.
TEST(CompactJws, VerifiesTheExampleOfRfc7515) {
    constexpr std::string_view text =
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const auto x = from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    const auto y = from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    const auto signer = crypto::EcPublicKey::from_jwk(*x, *y);
    ASSERT_TRUE(signer);
    const auto jws = parse_compact(text);
    ASSERT_TRUE(jws);
    EXPECT_TRUE(crypto::verify_es256(*signer, as_bytes(jws->signing_input), jws->signature));
    EXPECT_EQ(as_text(jws->payload).substr(0, 13), R"({"iss":"joe",)");
    const auto verified = verify_jwt(text, rules, KeySet{*signer}, now);
    expect_refused(verified, Errc::malformed, "token.header.kid");
}

TEST(VerifyJwt, AcceptsWhatWasIssued) {
    const auto jwt = verify(issued());
    ASSERT_TRUE(jwt);
    EXPECT_EQ(jwt->registered(), registered());
    EXPECT_EQ(jwt->own(), json::object({{"answer", 42}}));
    EXPECT_EQ(jwt->kid(), key().public_key().thumbprint());
}

TEST(VerifyJwt, AcceptsTheTwinOfTheForgeries) {
    ASSERT_TRUE(verify(forged(good_header(), good_claims)));
}

TEST(VerifyJwt, TakesATokenWithoutSubject) {
    Registered claims = registered();
    claims.subject.clear();
    const auto jwt = verify(issued(claims));
    ASSERT_TRUE(jwt);
    EXPECT_EQ(jwt->registered().subject, "");
}

TEST(VerifyJwt, RefusesAnotherKey) {
    const auto other = crypto::EcPrivateKey::generate();
    expect_refused(
        verify_jwt(issued(), rules, KeySet{other.public_key()}, now), Errc::untrusted, "token.kid");
    expect_refused(verify_jwt(issued(), rules, KeySet{}, now), Errc::untrusted, "token.kid");
}

TEST(VerifyJwt, RefusesASignatureOfAnotherKeyUnderAKnownKid) {
    const auto other = crypto::EcPrivateKey::generate();
    std::string text = to_base64url(as_bytes(good_header())) + "." + to_base64url(as_bytes(good_claims));
    text += "." + to_base64url(crypto::sign_es256(other, as_bytes(text)));
    expect_refused(verify(text), Errc::untrusted, "token.signature");
}

TEST(VerifyJwt, RefusesAlteredClaims) {
    std::string text = issued();
    const std::size_t claims = text.find('.') + 1;
    const std::string altered = to_base64url(as_bytes(replaced(good_claims, "somebody", "anybody!")));
    text.replace(claims, text.rfind('.') - claims, altered);
    expect_refused(verify(text), Errc::untrusted, "token.signature");
}

TEST(VerifyJwt, RefusesEveryTruncation) {
    const std::string text = issued();
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(verify(std::string_view(text).substr(0, size))) << size;
}

TEST(VerifyJwt, RefusesAnOverlongToken) {
    expect_refused(verify(std::string(max_jwt_bytes + 1, 'a')), Errc::too_large, "token.size");
}

TEST(VerifyJwt, RefusesAFourthPart) {
    expect_refused(verify(issued() + ".AA"), Errc::malformed, "token.form");
}

TEST(VerifyJwt, RefusesRulesOfAnotherUse) {
    const KeySet keys{key().public_key()};
    JwtRules other = rules;
    other.typ = "other+jwt";
    expect_refused(verify_jwt(issued(), other, keys, now), Errc::untrusted, "token.typ");
    other = rules;
    other.issuer = "urn:vouchsafe:h";
    expect_refused(verify_jwt(issued(), other, keys, now), Errc::untrusted, "token.issuer");
    other = rules;
    other.audience = "urn:vouchsafe:other:g";
    expect_refused(verify_jwt(issued(), other, keys, now), Errc::untrusted, "token.audience");
    other = rules;
    other.max_life = std::chrono::seconds(1799);
    expect_refused(verify_jwt(issued(), other, keys, now), Errc::untrusted, "token.life");
}

TEST(VerifyJwt, ToleratesAMinuteOfSkewAtTheBeginningAndNoneAtTheEnd) {
    EXPECT_TRUE(verify(issued(), now - std::chrono::seconds(60)));
    expect_refused(verify(issued(), now - std::chrono::seconds(61)), Errc::untrusted, "token.early");
    const SysTime end = now + std::chrono::minutes(30);
    EXPECT_TRUE(verify(issued(), end - std::chrono::milliseconds(1)));
    expect_refused(verify(issued(), end), Errc::expired, "token.expired");
}

struct Forgery {
    std::string_view name;
    std::string_view from; ///< in the header or the claims
    std::string_view to;
    Errc code;
    std::string_view where;
};

class ForgedHeaders : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedHeaders, AreRefused) {
    const Forgery& row = GetParam();
    expect_refused(
        verify(forged(replaced(good_header(), row.from, row.to), good_claims)), row.code, row.where);
}

constexpr std::string_view typ = R"("typ":"test+jwt")";

INSTANTIATE_TEST_SUITE_P(
    VerifyJwt,
    ForgedHeaders,
    testing::Values(
        Forgery{"AlgNone", "ES256", "none", Errc::untrusted, "token.alg"},
        Forgery{"AlgSymmetric", "ES256", "HS256", Errc::untrusted, "token.alg"},
        Forgery{"AlgLowerCase", "ES256", "es256", Errc::untrusted, "token.alg"},
        Forgery{"AlgAbsent", R"("alg":"ES256",)", "", Errc::malformed, "token.header.alg"},
        Forgery{"TypAbsent", R"(,"typ":"test+jwt")", "", Errc::malformed, "token.header.typ"},
        Forgery{"TypOther", "test+jwt", "JWT", Errc::untrusted, "token.typ"},
        Forgery{"Jku", typ, R"("jku":"https:\/\/x","typ":"test+jwt")", Errc::malformed, "token.form"},
        Forgery{"JkuCanonical", R"("kid")", R"("jku":"https://x","kid")", Errc::malformed, "token.header"},
        Forgery{"Jwk", R"("kid")", R"("jwk":{},"kid")", Errc::malformed, "token.header"},
        Forgery{"Crit", R"("kid")", R"("crit":["b64"],"kid")", Errc::malformed, "token.header"},
        Forgery{"X5c", typ, R"("typ":"test+jwt","x5c":[])", Errc::malformed, "token.header"},
        Forgery{"TypTwice", typ, R"("typ":"test+jwt","typ":"test+jwt")", Errc::malformed, "token.form"},
        Forgery{"Spaces", R"("typ":)", R"("typ": )", Errc::malformed, "token.form"}),
    [](const auto& row) { return std::string(row.param.name); });

class ForgedClaims : public testing::TestWithParam<Forgery> {};

TEST_P(ForgedClaims, AreRefused) {
    const Forgery& row = GetParam();
    expect_refused(
        verify(forged(good_header(), replaced(good_claims, row.from, row.to))), row.code, row.where);
}

INSTANTIATE_TEST_SUITE_P(
    VerifyJwt,
    ForgedClaims,
    testing::Values(
        Forgery{"NoExp", R"("exp":1800001800,)", "", Errc::malformed, "token.claims.exp"},
        Forgery{"NoNbf", R"("nbf":1800000000,)", "", Errc::malformed, "token.claims.nbf"},
        Forgery{"NoIat", R"("iat":1800000000,)", "", Errc::malformed, "token.claims.iat"},
        Forgery{"NoJti", R"("jti":"1",)", "", Errc::malformed, "token.claims.jti"},
        Forgery{"JtiEmpty", R"("jti":"1")", R"("jti":"")", Errc::malformed, "token.claims.jti"},
        Forgery{"NoAud", R"("aud":"urn:vouchsafe:test:g",)", "", Errc::malformed, "token.claims.aud"},
        Forgery{"AudAsList",
                R"("urn:vouchsafe:test:g")",
                R"(["urn:vouchsafe:test:g"])",
                Errc::malformed,
                "token.claims.aud"},
        Forgery{"SubEmpty", "somebody", "", Errc::malformed, "token.claims.sub"},
        Forgery{"SubNull", R"("somebody")", "null", Errc::malformed, "token.claims.sub"},
        Forgery{"ExpAsText", "1800001800", R"("1800001800")", Errc::malformed, "token.claims.exp"},
        Forgery{"ExpTooFar", "1800001800", "9223372036854775807", Errc::malformed, "token.claims.exp"},
        Forgery{"ExpBeforeIat", "1800001800", "1799999999", Errc::untrusted, "token.life"},
        Forgery{"IatAtExp", R"("iat":1800000000)", R"("iat":1800001800)", Errc::untrusted, "token.life"},
        Forgery{"NbfAtExp", R"("nbf":1800000000)", R"("nbf":1800001800)", Errc::untrusted, "token.life"},
        Forgery{"NotCanonical", R"("sub":)", R"("sub": )", Errc::malformed, "token.form"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ClaimedIssuer, IsReadWithoutBelieving) {
    EXPECT_EQ(claimed_issuer(issued()), Result<std::string>("urn:vouchsafe:g"));
    EXPECT_FALSE(claimed_issuer(forged(good_header(), R"({"iss":1})")));
    EXPECT_FALSE(claimed_issuer("a.b"));
}

TEST(KeyFromJwk, TakesItsOwnFormAndNothingElse) {
    const json::Value good = jwk(key().public_key());
    const auto back = key_from_jwk(good, "key");
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, key().public_key());

    const auto refused = [&good](std::string_view name, json::Value value) {
        json::Value bad = good;
        bad.as_object().insert_or_assign(std::string(name), std::move(value));
        return !key_from_jwk(bad, "key");
    };
    EXPECT_TRUE(refused("d", "AA"));
    EXPECT_TRUE(refused("kty", "OKP"));
    EXPECT_TRUE(refused("crv", "P-384"));
    EXPECT_TRUE(refused("x", good.find("y")->as_string()));
    EXPECT_TRUE(refused("y", "AA"));
}

TEST(Anchor, NamesItsGroup) {
    const std::string anchor = anchor_of(key().public_key());
    EXPECT_EQ(anchor.size(), 64U);
    EXPECT_EQ(group_of(anchor), anchor.substr(0, 32));
}

} // namespace
} // namespace vouchsafe::token
