#include "agent/attester.h"
#include "eventlog/ima.h"
#include "tests/support/agent_world.h"
#include "tests/support/recorded_boot.h"

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

class AttestingAgain : public Attesting {
protected:
    AttestingAgain() {
        boot_.ima_log = test::load_boot("uki").ima_log;
        entries_ = static_cast<std::int64_t>(eventlog::parse_ima_list(boot_.ima_log)->entries.size());
        platform_.now.ima = boot_.ima_log;
        authority_.known_entries = entries_;
        VS_CHECK(attester_->attest(*peer_).has_value());
        platform_.now.ima->insert(platform_.now.ima->end(), boot_.ima_log.begin(), boot_.ima_log.end());
    }

    test::RecordedBoot boot_;
    std::int64_t entries_ = 0;
};

TEST_F(AttestingAgain, SendsOnlyWhatIsNewInTheIMAList) {
    EXPECT_EQ(authority_.evidence.back().ima_log, boot_.ima_log); // at first the whole
    EXPECT_TRUE(authority_.requests.back().log_positions.empty());
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_EQ(authority_.requests.back().log_positions.at("ima").count, entries_);
    EXPECT_EQ(authority_.evidence.back().ima_log, boot_.ima_log); // the second half
    EXPECT_EQ(authority_.problems, std::vector<std::string>{});   // and the statement is about it
}

TEST_F(AttestingAgain, SendsTheWholeWhereThePartLedToNoTrust) {
    authority_.outcome = protocol::Outcome::refused;
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_EQ(authority_.evidence.size(), 3U);
    EXPECT_EQ(authority_.evidence.back().ima_log, platform_.now.ima);
    ASSERT_TRUE(attester_->attest(*peer_)); // and from then on
    EXPECT_EQ(authority_.evidence.size(), 4U);
    EXPECT_EQ(authority_.evidence.back().ima_log, platform_.now.ima);
}

TEST_F(AttestingAgain, SendsTheWholeAfterAFailure) {
    tpm_.broken = true;
    EXPECT_FALSE(attester_->attest(*peer_));
    tpm_.broken = false;
    ASSERT_TRUE(attester_->attest(*peer_));
    EXPECT_TRUE(authority_.requests.back().log_positions.empty());
    EXPECT_EQ(authority_.evidence.back().ima_log, platform_.now.ima);
}

TEST_F(AttestingAgain, FailsWhereTheListIsShorterThanWhatIsKnown) {
    authority_.known_entries = 3 * entries_;
    EXPECT_EQ(attester_->attest(*peer_).error().where, "ima.position");
}

const Buffer some_nonce(protocol::nonce_size, 7);
const protocol::ReleasePart some_request{.request = std::string(64, 'a'), .session = std::string(32, 'b')};

TEST_F(AttestingAgain, QuotesForAReleaseWithWhatIsNewInTheIMAList) {
    const auto key = crypto::EcPrivateKey::generate();
    const auto quote = attester_->release_quote(some_nonce, some_request, key.public_key());
    ASSERT_TRUE(quote) << quote.error().where;
    EXPECT_EQ(quote->ima_log, boot_.ima_log); // the second half
    const auto statement = protocol::Statement::parse(quote->statement);
    ASSERT_TRUE(statement);
    EXPECT_EQ(statement->purpose, protocol::QuotePurpose::release);
    EXPECT_EQ(statement->release, some_request);
    EXPECT_EQ(statement->host, attester_->identity().id);
    EXPECT_EQ(statement->anchor, authority_.anchor());
    EXPECT_EQ(statement->release_key, key.public_key().thumbprint());
    EXPECT_EQ(statement->logs,
              (protocol::LogDigests{
                  .firmware = {}, .ima = to_hex(crypto::sha256(boot_.ima_log)), .userspace = {}}));
    const auto attest = tpm::parse_quote_attest(quote->attest);
    ASSERT_TRUE(attest);
    EXPECT_EQ(attest->extra_data, to_buffer(protocol::qualifying_data(some_nonce, quote->statement)));
}

TEST_F(AttestingAgain, QuotesForAReleaseAgainWhenTheListGrewMeanwhile) {
    platform_.still_growing = 1;
    const auto key = crypto::EcPrivateKey::generate();
    const auto quote = attester_->release_quote(some_nonce, some_request, key.public_key());
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->ima_log->size(), boot_.ima_log.size() + 1);
    EXPECT_EQ(protocol::Statement::parse(quote->statement)->logs.ima,
              to_hex(crypto::sha256(*quote->ima_log)));
}

TEST_F(AttestingAgain, AttestsRatherThanQuoteForAReleaseWhereTooMuchIsNew) {
    while (platform_.now.ima->size() <= protocol::max_ima_increment_bytes)
        platform_.now.ima->insert(platform_.now.ima->end(), boot_.ima_log.begin(), boot_.ima_log.end());
    const auto key = crypto::EcPrivateKey::generate();
    EXPECT_TRUE(attester_->release_quote(some_nonce, some_request, key.public_key()));
    platform_.now.ima->insert(platform_.now.ima->end(), boot_.ima_log.begin(), boot_.ima_log.end());
    EXPECT_EQ(attester_->release_quote(some_nonce, some_request, key.public_key()).error().where,
              "freshness.increment");
}

TEST_F(Attesting, QuotesForAReleaseOnlyAfterAnAttestation) {
    const auto key = crypto::EcPrivateKey::generate();
    EXPECT_EQ(attester_->release_quote(some_nonce, some_request, key.public_key()).error().where,
              "freshness.attested");
    ASSERT_TRUE(attester_->attest(*peer_));
    const auto quote = attester_->release_quote(some_nonce, some_request, key.public_key());
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->ima_log, std::nullopt); // no position was given
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
