#include "agent/attester.h"
#include "tests/support/agent_world.h"

#include <gtest/gtest.h>

namespace vouchsafe::agent {
namespace {

class Attesting : public testing::Test {
protected:
    Attesting() {
        auto identity = identify(tpm_, {.unique = Secret(64), .auth = Secret(32)});
        VS_CHECK(identity.has_value());
        attester_.emplace(
            Attester::Facts{.anchor = authority_.anchor(), .label = "host-b", .agent_version = "0.1.0"},
            std::move(*identity),
            tpm_,
            platform_);
        peer_ = authority_
                    .dial({{"authority-1"}, "authority-1.localhost", 8443},
                          token::verify_services({.document = authority_.services(1),
                                                  .anchor = authority_.anchor(),
                                                  .least_version = 0,
                                                  .now = clock_.now()})
                              ->root())
                    .value();
    }

    test::TestClock clock_;
    test::FakeAuthority authority_{clock_};
    test::FakeTpm tpm_;
    test::FakePlatform platform_;
    std::optional<Attester> attester_;
    std::unique_ptr<Peer> peer_;
};

TEST_F(Attesting, ProvesWhatTheAuthorityAsksFor) {
    const auto attested = attester_->attest(*peer_);
    ASSERT_TRUE(attested) << attested.error().where;
    EXPECT_EQ(authority_.problems, std::vector<std::string>{});
    EXPECT_EQ(attested->answer.outcome, protocol::Outcome::trusted);
    const protocol::Statement& statement = authority_.statements.front();
    EXPECT_EQ(statement.anchor, authority_.anchor());
    EXPECT_EQ(statement.host, attester_->identity().id);
    EXPECT_EQ(statement.purpose, protocol::QuotePurpose::attest);
    EXPECT_EQ(statement.release_key, attested->release_key.public_key().thumbprint());
    EXPECT_EQ(statement.logs.userspace, std::nullopt);
    EXPECT_EQ(authority_.evidence.front().facts.at("tpm_manufacturer"), "IBM");
}

TEST_F(Attesting, MakesAFreshReleaseKeyEachTime) {
    const auto one = attester_->attest(*peer_);
    const auto two = attester_->attest(*peer_);
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->release_key.public_key().thumbprint(), two->release_key.public_key().thumbprint());
}

TEST_F(Attesting, DerivesTheHostIdFromTheEk) {
    EXPECT_TRUE(attester_->identity().id.text.starts_with("h-"));
    EXPECT_EQ(attester_->identity().id.text.size(), 34U);
    test::FakeTpm other;
    EXPECT_NE(identify(other, {.unique = Secret(64), .auth = Secret(32)})->id, attester_->identity().id);
}

TEST_F(Attesting, QuotesAgainWhenALogGrewMeanwhile) {
    platform_.still_growing = 2; // during the first quote
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_EQ(authority_.problems, std::vector<std::string>{});
    EXPECT_EQ(authority_.evidence.front().ima_log, platform_.now.ima);
}

TEST_F(Attesting, SendsALogThatNeverStandsStill) {
    platform_.still_growing = 1000;
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_EQ(authority_.problems, std::vector<std::string>{}); // what was sent is what the statement names
    EXPECT_NE(authority_.evidence.front().ima_log, platform_.now.ima);
}

TEST_F(Attesting, SaysThatALogIsMissing) {
    platform_.now.firmware.reset();
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_EQ(authority_.statements.front().logs.firmware, std::nullopt);
    EXPECT_EQ(authority_.evidence.front().firmware_log, std::nullopt);
}

TEST_F(Attesting, FailsWithATpmThatDoesNotQuote) {
    tpm_.broken = true;
    EXPECT_EQ(attester_->attest(*peer_).error().where, "tpm.quote");
}

TEST_F(Attesting, FailsWhereItIsAStranger) {
    authority_.strangers_at = {"authority-1"};
    const auto attested = attester_->attest(*peer_);
    ASSERT_FALSE(attested);
    EXPECT_EQ(attested.error().code, Errc::denied);
    EXPECT_EQ(attested.error().where, "refused");
}

} // namespace
} // namespace vouchsafe::agent
