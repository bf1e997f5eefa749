#include "authority/claim.h"
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

class ClaimTest : public ::testing::Test {
protected:
    ClaimTest() {
        VS_CHECK(Core::initialise(parts_,
                                  {.anchor = house_.keys.identity().anchor,
                                   .cluster_name = "Lab",
                                   .administrator_issuer = test::manager_issuer,
                                   .host = {.id = house_.keys.config().host,
                                            .address = {.hostname = "authority-1.localhost"},
                                            .key_certificates = house_.keys.key_certificates()}})
                     .has_value());
        core_ = Core::open(parts_).value();
        token_ = make_claim_token(house_.secrets, house_.random).value();
    }

    json::Object request() const {
        return {{"version", 1},
                {"token", token_},
                {"issuer", test::manager_issuer},
                {"certificates", json::array({house_.sts.certificate})}};
    }

    Result<json::Value> claim(json::Object request) {
        return Claim(*core_, house_.keys, house_.secrets).accept(json::Value(std::move(request)));
    }

    static json::Object with(json::Object request, const std::string& member, json::Value value) {
        request[member] = std::move(value);
        return request;
    }

    test::AuthorityHouse house_; ///< for keys and secrets; its own core is claimed already
    test::MemoryChangeLog changes_;
    test::MemoryAudit audit_;
    Core::Parts parts_{.keys = house_.keys, .changes = changes_, .audit = audit_, .clock = house_.clock};
    std::unique_ptr<Core> core_;
    std::string token_;
};

TEST_F(ClaimTest, MakesTheIssuerOfTheConsoleTheAdministrator) {
    const auto answer = claim(request());
    ASSERT_TRUE(answer) << answer.error().where;
    EXPECT_EQ(*answer->find("anchor"), json::Value(house_.keys.identity().anchor));
    EXPECT_EQ(*answer->find("cluster"), json::Value(core_->state()->cluster));
    const inventory::Issuer& issuer = core_->state()->issuers.at(test::manager_issuer);
    EXPECT_EQ(issuer.role, inventory::IssuerRole::administrator);
    EXPECT_EQ(issuer.certificates, std::vector<std::string>{house_.sts.certificate});
    EXPECT_EQ(audit_.kinds().back(), "change");
}

TEST_F(ClaimTest, IsOnce) {
    ASSERT_TRUE(claim(request()));
    const test::Sts other;
    const auto again = claim(with(request(), "certificates", json::array({other.certificate})));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().where, "claim.refused");
    EXPECT_EQ(core_->state()->issuers.at(test::manager_issuer).certificates.front(), house_.sts.certificate);
}

// One code for every refusal: a stranger does not learn which part was wrong.
TEST_F(ClaimTest, RefusesAnotherIssuerAndAnotherToken) {
    for (const auto& [member, value] : {std::pair<std::string, json::Value>{"issuer", "https://mallory"},
                                        {"issuer", ""},
                                        {"token", std::string(40, '0')},
                                        {"token", ""},
                                        {"token", token_.substr(0, 39)}}) {
        const auto refused = claim(with(request(), member, value));
        ASSERT_FALSE(refused) << member;
        EXPECT_EQ(refused.error().code, Errc::denied);
        EXPECT_EQ(refused.error().where, "claim.refused");
    }
    EXPECT_TRUE(core_->state()->issuers.empty());
    EXPECT_TRUE(claim(request()));
}

TEST_F(ClaimTest, RefusesWithoutAToken) {
    const test::TestDirectory empty;
    store::SealedFiles none(
        empty.path(), Secret(as_bytes("0123456789abcdef0123456789abcdef")), house_.random);
    EXPECT_EQ(Claim(*core_, house_.keys, none).accept(json::Value(request())).error().where, "claim.refused");
}

TEST_F(ClaimTest, TenWrongTokensVoidItForEver) {
    Claim one(*core_, house_.keys, house_.secrets);
    const json::Value wrong(with(request(), "token", std::string(40, '0')));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(one.accept(wrong).error().where, "claim.refused");
    EXPECT_EQ(one.accept(json::Value(request())).error().where, "claim.refused");
    EXPECT_EQ(claim(request()).error().where, "claim.refused"); // as after a restart
    token_ = make_claim_token(house_.secrets, house_.random).value();
    EXPECT_TRUE(claim(request()));
}

TEST_F(ClaimTest, NineWrongTokensDoNot) {
    Claim one(*core_, house_.keys, house_.secrets);
    const json::Value wrong(with(request(), "token", std::string(40, '0')));
    for (int i = 0; i < 9; ++i)
        EXPECT_FALSE(one.accept(wrong));
    EXPECT_TRUE(one.accept(json::Value(request())));
}

TEST_F(ClaimTest, RefusesCertificatesThatCannotSign) {
    EXPECT_EQ(claim(with(request(), "certificates", json::array({}))).error().where, "claim.certificates");
    EXPECT_FALSE(claim(with(request(), "certificates", json::array({"no PEM"}))));
    EXPECT_TRUE(core_->state()->issuers.empty());
    EXPECT_TRUE(claim(request()));
}

TEST_F(ClaimTest, RefusesAnotherForm) {
    EXPECT_EQ(claim(with(request(), "extra", 1)).error().code, Errc::malformed);
    EXPECT_EQ(claim(with(request(), "version", 2)).error().where, "claim.version");
    json::Object without = request();
    without.erase("certificates");
    EXPECT_EQ(claim(without).error().where, "claim.certificates");
}

} // namespace
} // namespace vouchsafe::authority
