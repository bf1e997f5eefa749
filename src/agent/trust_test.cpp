#include "agent/trust.h"
#include "tests/support/agent_world.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

namespace vouchsafe::agent {
namespace {

using namespace std::chrono_literals;

const protocol::Context key_context{.key_id = std::string(32, 'c'),
                                    .vm = {"3f2504e0-4f89-41d3-9a0c-0305e82c3301"}};
const protocol::GenerateKey generate{.provider = {"gold"}, .context = key_context};

class Trusting : public testing::Test {
protected:
    Trusting() {
        auto identity = identify(tpm_, {.unique = Secret(64), .auth = Secret(32)});
        VS_CHECK(identity.has_value());
        attester_.emplace(
            Attester::Facts{.anchor = authority_.anchor(), .label = "host-b", .agent_version = "0.1.0"},
            std::move(*identity),
            tpm_,
            platform_);
        restart(authority_.anchor());
    }

    void restart(const std::string& anchor) {
        trust_ = std::make_unique<Trust>(anchor,
                                         Trust::Parts{.state = state_,
                                                      .attester = *attester_,
                                                      .dialer = authority_,
                                                      .clock = clock_,
                                                      .random = random_});
        VS_CHECK(trust_->restore().has_value());
    }

    void become_trusted() {
        ASSERT_TRUE(trust_->configure(authority_.services(1), 1));
        ASSERT_TRUE(trust_->attest());
        ASSERT_EQ(trust_->report().standing, Standing::trusted);
    }

    std::string first_reason() const {
        const TrustReport report = trust_->report();
        return report.reasons.empty() ? "" : report.reasons.front().code;
    }

    test::TestDirectory directory_;
    AgentState state_ = AgentState::open(directory_.path() + "/state").value();
    test::TestClock clock_;
    test::CountingRandom random_;
    test::FakeAuthority authority_{clock_};
    test::FakeTpm tpm_;
    test::FakePlatform platform_;
    std::optional<Attester> attester_;
    std::unique_ptr<Trust> trust_;
};

TEST_F(Trusting, IsUnknownWithoutServices) {
    EXPECT_EQ(trust_->report().standing, Standing::unknown);
    EXPECT_EQ(trust_->attest().error().where, "host.no_services");
    EXPECT_EQ(first_reason(), "host.no_services");
    EXPECT_EQ(trust_->release(generate).error().where, "host.not_trusted");
    EXPECT_GT(trust_->next_due(), clock_.now());
}

TEST_F(Trusting, AttestsOnceItHasServices) {
    ASSERT_TRUE(trust_->configure(authority_.services(3), 7));
    EXPECT_LE(trust_->next_due(), clock_.now());
    ASSERT_TRUE(trust_->attest());
    const TrustReport report = trust_->report();
    EXPECT_EQ(report.standing, Standing::trusted);
    EXPECT_EQ(report.reporting_token, "reporting");
    EXPECT_EQ(report.services_version, 3);
    EXPECT_EQ(report.applied_version, 7);
}

TEST_F(Trusting, AttestsAgainWellBeforeItsResultExpires) {
    become_trusted();
    EXPECT_GE(trust_->next_due(), clock_.now() + 15min);
    EXPECT_LE(trust_->next_due(), clock_.now() + 23min);
}

TEST_F(Trusting, NeverGoesBackToOlderServices) {
    ASSERT_TRUE(trust_->configure(authority_.services(3), 1));
    const auto older = trust_->configure(authority_.services(2), 2);
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().where, "services.version");
    EXPECT_EQ(trust_->report().services_version, 3);
    EXPECT_EQ(trust_->report().applied_version, 1);

    ASSERT_TRUE(trust_->configure({}, 3)); // not even by way of none
    EXPECT_EQ(trust_->report().services_version, 0);
    restart(authority_.anchor()); // nor by a restart
    EXPECT_FALSE(trust_->configure(authority_.services(2), 4));
    EXPECT_TRUE(trust_->configure(authority_.services(3), 4));
}

TEST_F(Trusting, RefusesServicesOfAnotherAnchor) {
    const test::FakeAuthority other(clock_);
    const auto configured = trust_->configure(other.services(1), 1);
    ASSERT_FALSE(configured);
    EXPECT_EQ(configured.error().code, Errc::untrusted);
    EXPECT_EQ(trust_->report().services_version, 0);
}

TEST_F(Trusting, TakesUpItsServicesAfterARestart) {
    ASSERT_TRUE(trust_->configure(authority_.services(3), 7));
    restart(authority_.anchor());
    EXPECT_EQ(trust_->report().services_version, 3);
    EXPECT_TRUE(trust_->attest());
}

TEST_F(Trusting, DoesNotTakeUpServicesUnderAnotherAnchor) {
    ASSERT_TRUE(trust_->configure(authority_.services(3), 7));
    restart(std::string(64, '0'));
    EXPECT_EQ(trust_->report().services_version, 0);
    EXPECT_FALSE(trust_->attest());
}

TEST_F(Trusting, TriesEveryAuthorityHostAndRemembersWhichAnswered) {
    ASSERT_TRUE(trust_->configure(authority_.services(1, {"authority-1", "authority-2"}), 1));
    authority_.down = {"authority-1"};
    ASSERT_TRUE(trust_->attest());
    ASSERT_TRUE(trust_->attest());
    EXPECT_EQ(authority_.dialled, (std::vector<std::string>{"authority-1", "authority-2", "authority-2"}));
}

TEST_F(Trusting, KeepsALiveResultWhileNobodyAnswers) {
    become_trusted();
    authority_.down = {"authority-1"};
    EXPECT_FALSE(trust_->attest());
    EXPECT_EQ(trust_->report().standing, Standing::trusted);
    clock_.time += 31min;
    EXPECT_EQ(trust_->report().standing, Standing::unknown);
    EXPECT_EQ(first_reason(), "host.result_expired");
    EXPECT_EQ(trust_->release(generate).error().where, "host.not_trusted");
}

TEST_F(Trusting, LosesItsResultWhenItIsRefused) {
    become_trusted();
    authority_.outcome = protocol::Outcome::refused;
    authority_.reasons = {
        {.code = "eventlog.command_line", .message = "m", .event = {}, .expected = {}, .hint = "h"}};
    ASSERT_TRUE(trust_->attest());
    EXPECT_EQ(trust_->report().standing, Standing::refused);
    EXPECT_EQ(first_reason(), "eventlog.command_line");
    EXPECT_EQ(trust_->release(generate).error().where, "host.not_trusted");
    EXPECT_TRUE(authority_.operations.empty());
}

TEST_F(Trusting, IsPendingUntilItIsApproved) {
    authority_.outcome = protocol::Outcome::pending;
    ASSERT_TRUE(trust_->configure(authority_.services(1), 1));
    ASSERT_TRUE(trust_->attest());
    EXPECT_EQ(trust_->report().standing, Standing::pending);
    EXPECT_EQ(trust_->report().reporting_token, "reporting");
    EXPECT_LE(trust_->next_due(), clock_.now() + 20s);
    authority_.outcome = protocol::Outcome::trusted;
    ASSERT_TRUE(trust_->attest());
    EXPECT_EQ(trust_->report().standing, Standing::trusted);
}

TEST_F(Trusting, IsRefusedAsAStranger) {
    become_trusted();
    authority_.strangers_at = {"authority-1"};
    EXPECT_FALSE(trust_->attest());
    EXPECT_EQ(trust_->report().standing, Standing::refused);
    EXPECT_EQ(first_reason(), "refused");
}

TEST_F(Trusting, WaitsLongerAfterEachFailure) {
    ASSERT_TRUE(trust_->configure(authority_.services(1), 1));
    authority_.down = {"authority-1"};
    EXPECT_FALSE(trust_->attest());
    EXPECT_LE(trust_->next_due(), clock_.now() + 3s);
    for (int i = 0; i < 40; ++i)
        EXPECT_FALSE(trust_->attest());
    EXPECT_GE(trust_->next_due(), clock_.now() + 20s);
    EXPECT_LE(trust_->next_due(), clock_.now() + 40s);
}

TEST_F(Trusting, ReleasesAKeyAndOpensItAgain) {
    become_trusted();
    const auto made = generate_key(*trust_, generate);
    ASSERT_TRUE(made) << made.error().where;
    ASSERT_TRUE(made->ciphertext);
    const auto opened =
        decrypt_key(*trust_, {.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = key_context});
    ASSERT_TRUE(opened);
    EXPECT_TRUE(crypto::equal(made->key, opened->key));
    const auto rewrapped =
        rewrap_key(*trust_, {.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = key_context});
    ASSERT_TRUE(rewrapped) << rewrapped.error().where;
    const auto again = decrypt_key(
        *trust_, {.provider = {"gold"}, .ciphertext = rewrapped->ciphertext, .context = key_context});
    ASSERT_TRUE(again);
    EXPECT_TRUE(crypto::equal(made->key, again->key));
    EXPECT_EQ(authority_.sessions, 1U);
}

TEST_F(Trusting, AttestsFirstWhenItHasNoLiveResult) {
    become_trusted();
    clock_.time += 31min;
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.statements.size(), 2U);
}

TEST_F(Trusting, OpensAnotherSessionWhenItsOwnIsGone) {
    become_trusted();
    ASSERT_TRUE(trust_->release(generate));
    authority_.message_errors = {"release.session"};
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.sessions, 2U);
    EXPECT_EQ(authority_.statements.size(), 1U);
}

TEST_F(Trusting, AttestsAgainWhenTheTrustEpochMoved) {
    become_trusted();
    authority_.release_refusals = {"gate.epoch"};
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.statements.size(), 2U);
    EXPECT_EQ(authority_.sessions, 2U);
}

TEST_F(Trusting, IsNotTrustedWhenTheEpochMovedAgainstIt) {
    become_trusted();
    authority_.release_refusals = {"gate.epoch"};
    authority_.outcome = protocol::Outcome::refused;
    EXPECT_EQ(trust_->release(generate).error().where, "host.not_trusted");
    EXPECT_EQ(trust_->report().standing, Standing::refused);
}

TEST_F(Trusting, AsksOnlyOnceMore) {
    become_trusted();
    authority_.release_refusals = {"gate.epoch", "gate.epoch", "gate.epoch"};
    EXPECT_EQ(trust_->release(generate).error().where, "gate.epoch");
    EXPECT_EQ(authority_.operations.size(), 2U);
}

TEST_F(Trusting, DoesNotAttestAgainForARefusalOfTheKeyItself) {
    become_trusted();
    authority_.release_refusals = {"gate.key_revoked"};
    EXPECT_EQ(trust_->release(generate).error().where, "gate.key_revoked");
    EXPECT_EQ(authority_.statements.size(), 1U);
}

TEST_F(Trusting, QuotesForAProviderThatAsksForIt) {
    become_trusted();
    authority_.strict = {{"gold"}};
    ASSERT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.operations.size(), 2U); // the first told that a quote is wanted
    EXPECT_EQ(authority_.quotes.size(), 1U);
    ASSERT_TRUE(trust_->release(generate)); // over the nonce of the last answer
    EXPECT_EQ(authority_.operations.size(), 3U);
    EXPECT_EQ(authority_.quotes.size(), 2U);
    EXPECT_EQ(authority_.sessions, 1U);
    EXPECT_EQ(authority_.statements.size(), 1U);
    ASSERT_TRUE(trust_->attest());
    ASSERT_TRUE(trust_->release(generate)); // and it is not forgotten
    EXPECT_EQ(authority_.operations.size(), 4U);
}

TEST_F(Trusting, QuotesForNobodyElse) {
    become_trusted();
    ASSERT_TRUE(trust_->release(generate));
    EXPECT_TRUE(authority_.quotes.empty());
}

TEST_F(Trusting, OpensAnotherSessionWhereTheNonceIsOld) {
    become_trusted();
    authority_.strict = {{"gold"}};
    ASSERT_TRUE(trust_->release(generate));
    clock_.boot += 20s;
    ASSERT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.sessions, 2U);
    EXPECT_EQ(authority_.operations.size(), 3U);
}

TEST_F(Trusting, QuotesAgainWhereTheNonceWasTooOld) {
    become_trusted();
    authority_.strict = {{"gold"}};
    ASSERT_TRUE(trust_->release(generate));
    authority_.release_refusals = {"freshness.nonce"};
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.quotes.size(), 3U);
    EXPECT_EQ(authority_.statements.size(), 1U);
}

TEST_F(Trusting, AttestsAgainWhereItsQuoteDoesNotHold) {
    become_trusted();
    authority_.strict = {{"gold"}};
    authority_.release_refusals = {"freshness.pcr"};
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.statements.size(), 2U);
}

TEST_F(Trusting, SaysWhyItsQuoteDidNotHold) {
    become_trusted();
    authority_.strict = {{"gold"}};
    authority_.release_refusals = {"freshness.pcr"};
    authority_.outcome = protocol::Outcome::refused;
    EXPECT_EQ(trust_->release(generate).error().where, "freshness.pcr");
    EXPECT_EQ(trust_->report().standing, Standing::refused);
}

TEST_F(Trusting, AsksForNoKeyOfAStrictProviderWithoutItsTpm) {
    become_trusted();
    authority_.strict = {{"gold"}};
    tpm_.broken = true;
    EXPECT_EQ(trust_->release(generate).error().where, "tpm.quote");
    EXPECT_EQ(authority_.operations.size(), 1U);
}

TEST_F(Trusting, RefusesASessionThatNoCertifiedKeySigned) {
    become_trusted();
    authority_.forged_session = true;
    const auto released = trust_->release(generate);
    ASSERT_FALSE(released);
    EXPECT_EQ(released.error().where, "session.signature");
    EXPECT_TRUE(authority_.operations.empty());
}

TEST_F(Trusting, GoesToAnotherAuthorityHostForKeys) {
    ASSERT_TRUE(trust_->configure(authority_.services(1, {"authority-1", "authority-2"}), 1));
    ASSERT_TRUE(trust_->attest());
    authority_.down = {"authority-1"};
    EXPECT_TRUE(trust_->release(generate));
    EXPECT_EQ(authority_.dialled.back(), "authority-2");
}

TEST_F(Trusting, ForgetsItsResultWithItsServices) {
    become_trusted();
    ASSERT_TRUE(trust_->configure({}, 2));
    EXPECT_EQ(trust_->report().standing, Standing::unknown);
    EXPECT_EQ(trust_->release(generate).error().where, "host.not_trusted");
}

} // namespace
} // namespace vouchsafe::agent
