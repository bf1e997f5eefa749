#include "base/bytes.h"
#include "crypto/digest.h"
#include "token/checkpoint.h"
#include "token/identity.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::token {
namespace {

const SysTime now = from_seconds(1'800'000'000);
constexpr std::string_view body = R"({"operation":"list"})";

const crypto::EcPrivateKey& key() {
    static const auto made = crypto::EcPrivateKey::generate();
    return made;
}

Administrator administrator() {
    return Administrator{.issuer = "https://authority-manager.localhost",
                         .group = "00ff",
                         .subject = "ada@local",
                         .groups = {"TrustedAdmins"},
                         .request = to_hex(crypto::sha256(as_bytes(body))),
                         .id = "a-1",
                         .times = times_from(now, max_administrator_life)};
}

IssuerKeys issuers() {
    return IssuerKeys{{"https://authority-manager.localhost", KeySet{key().public_key()}},
                      {"https://workload-manager.localhost", KeySet{}}};
}

Result<VerifiedAdministrator>
verify(std::string_view token, std::string_view sent = body, std::string_view group = "00ff") {
    const IssuerKeys known = issuers();
    return verify_administrator(
        {.token = token, .group = group, .body = as_bytes(sent), .issuers = known, .now = now});
}

void expect_refused(const Result<VerifiedAdministrator>& result, std::string_view where) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().where, where);
}

TEST(AdministratorToken, ComesBackAsIssued) {
    const auto token = verify(*issue_administrator(key(), administrator()));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->claims(), administrator());
}

TEST(AdministratorToken, IsForOneRequestAlone) {
    expect_refused(verify(*issue_administrator(key(), administrator()), "{}"), "administrator.request");
}

TEST(AdministratorToken, IsForOneGroupAlone) {
    expect_refused(verify(*issue_administrator(key(), administrator()), body, "00fe"), "token.audience");
}

TEST(AdministratorToken, IsRefusedOfAnUnknownIssuer) {
    Administrator claims = administrator();
    claims.issuer = "https://elsewhere";
    expect_refused(verify(*issue_administrator(key(), claims)), "administrator.issuer");
}

TEST(AdministratorToken, IsRefusedUnderAnotherIssuersName) {
    Administrator claims = administrator();
    claims.issuer = "https://workload-manager.localhost"; // known, but with other keys
    expect_refused(verify(*issue_administrator(key(), claims)), "token.kid");
}

TEST(AdministratorToken, LivesAMinute) {
    Administrator claims = administrator();
    claims.times.expires += std::chrono::seconds(1);
    const auto token = issue_administrator(key(), claims);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().where, "administrator.life");
}

TEST(AdministratorToken, NeedsASubject) {
    Administrator claims = administrator();
    claims.subject.clear();
    expect_refused(verify(*issue_administrator(key(), claims)), "administrator.sub");
}

TEST(AdministratorToken, HasBoundedGroups) {
    Administrator claims = administrator();
    claims.groups.assign(257, "group");
    expect_refused(verify(*issue_administrator(key(), claims)), "administrator.groups");
}

Checkpoint checkpoint() {
    return Checkpoint{.group = "00ff",
                      .host = AuthorityHostId{"authority-1"},
                      .sequence = 42,
                      .digest = std::string(64, 'd'),
                      .id = "c-1",
                      .time = now};
}

TEST(CheckpointToken, ComesBackAsIssuedHoweverLate) {
    const auto token =
        verify_checkpoint(*issue_checkpoint(key(), checkpoint()), "00ff", KeySet{key().public_key()});
    ASSERT_TRUE(token);
    EXPECT_EQ(token->claims(), checkpoint());
}

TEST(CheckpointToken, NeedsARecord) {
    Checkpoint none = checkpoint();
    none.sequence = 0;
    EXPECT_EQ(issue_checkpoint(key(), none).error().where, "checkpoint.head");
}

TEST(CheckpointToken, IsRefusedOfAnotherGroupOrKey) {
    const std::string text = *issue_checkpoint(key(), checkpoint());
    const auto other = verify_checkpoint(text, "00fe", KeySet{key().public_key()});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().where, "token.issuer");
    const auto unsigned_by_us = verify_checkpoint(text, "00ff", KeySet{});
    ASSERT_FALSE(unsigned_by_us);
    EXPECT_EQ(unsigned_by_us.error().where, "token.kid");
}

TEST(CheckpointToken, IsRefusedWithATimeThatNoClockShows) {
    std::string text = *issue_checkpoint(key(), checkpoint());
    const std::size_t start = text.find('.') + 1;
    text.replace(start, text.rfind('.') - start, to_base64url(as_bytes(R"({"iat":9223372036854775807})")));
    const auto token = verify_checkpoint(text, "00ff", KeySet{key().public_key()});
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().where, "token.claims.iat");
}

} // namespace
} // namespace vouchsafe::token
