// Releases beyond the quotas: they wait, and nobody else does.
#include "keyprovider/release.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using Kinds = std::vector<std::string>;

struct StormTest : testing::Test {
    test::ReleaseHouse house;
    protocol::HostSession session = std::move(*house.open(house.claims()));

    /// The codes of the refusals; empty for a key.
    std::vector<std::string> generate(std::size_t n) {
        auto answer = house.ask(
            session, std::vector<protocol::Operation>(n, protocol::GenerateKey{{"gold"}, test::key_context}));
        VS_CHECK(answer.has_value());
        last = std::move(*answer);
        std::vector<std::string> out;
        for (const protocol::OperationResult& result : last.results) {
            const auto* const refused = std::get_if<protocol::ReleaseRefusal>(&result);
            out.push_back(refused != nullptr ? refused->code : std::string());
        }
        return out;
    }

    protocol::ReleaseAnswer last;
};

TEST_F(StormTest, AHostGetsWhatItsQuotaAllowsAndIsToldWhenToComeBack) {
    house.provider().policy.host_quota = {.burst = 2, .per_minute = 6};
    const std::string wait = "release.quota_host";
    EXPECT_EQ(generate(4), (std::vector<std::string>{"", "", wait, wait}));
    const auto& refusal = std::get<protocol::ReleaseRefusal>(last.results.back());
    EXPECT_EQ(refusal.error_type, "SERVICE_UNAVAILABLE");
    EXPECT_EQ(refusal.retry_after, 10);
    // One alarm, and no record for each that waits.
    EXPECT_EQ(house.audit.kinds(), (Kinds{"alarm", "release", "release"}));
    EXPECT_EQ(house.audit.lines.front().fields.at("reason"), json::Value(wait));
    EXPECT_EQ(house.audit.lines.front().fields.at("host"), json::Value(test::host_id.text));
    house.clock.pass(10s);
    EXPECT_EQ(generate(1), (std::vector<std::string>{""}));
}

TEST_F(StormTest, AllHostsGetWhatTheProvidersQuotaAllows) {
    house.provider().policy.quota = {.burst = 1, .per_minute = 60};
    EXPECT_EQ(generate(2), (std::vector<std::string>{"", "release.quota"}));
}

TEST_F(StormTest, StrangersUseUpNobodysQuota) {
    house.provider().policy.quota = {.burst = 1, .per_minute = 1};
    house.enrolment().state = inventory::EnrolmentState::pending;
    EXPECT_EQ(generate(1), (std::vector<std::string>{"gate.enrolment"}));
    house.enrolment().state = inventory::EnrolmentState::approved;
    EXPECT_EQ(generate(1), (std::vector<std::string>{""}));
}

/// Requests of one session, opened and not answered.
struct TurnsTest : StormTest {
    OpenRelease open(const protocol::Operation& operation, std::size_t n = 1) {
        const auto sealed = session.seal(
            house.random,
            protocol::ReleaseRequest{.operations = std::vector<protocol::Operation>(n, operation)}.encode());
        auto opened = house.service.open(sealed->text);
        VS_CHECK(opened.has_value());
        return *std::move(opened);
    }

    const protocol::GenerateKey generate_one{{"gold"}, test::key_context};
};

TEST_F(TurnsTest, AreTakenWhereAKeyServerHasToBeAsked) {
    EXPECT_TRUE(open(generate_one).takes_turns());
    EXPECT_EQ(generate(1), (std::vector<std::string>{""}));
    const OpenRelease opened = open(generate_one);
    EXPECT_FALSE(opened.takes_turns());
    EXPECT_EQ(opened.host(), test::host_id);
    house.provider().policy.wrapping = inventory::Wrapping::remote;
    EXPECT_TRUE(open(generate_one).takes_turns());
}

TEST_F(TurnsTest, AreTakenForTheNewestKeyOfARewrapToo) {
    house.provider().generations.pop_back();
    generate(1);
    const Buffer made = *std::get<protocol::ReleasedKey>(last.results.front()).ciphertext;
    house.provider().generations.push_back({.number = 2, .primary_key = "pk-2"});
    const protocol::RewrapKey rewrap{.provider = {"gold"}, .ciphertext = made, .context = test::key_context};
    EXPECT_TRUE(open(rewrap).takes_turns());
    generate(1); // under the newest
    EXPECT_FALSE(open(rewrap).takes_turns());
}

TEST_F(TurnsTest, AreTakenWhereAQuoteIsToBeJudged) {
    generate(1);
    house.provider().policy.freshness = inventory::Freshness::strict;
    EXPECT_TRUE(open(generate_one).takes_turns());
}

TEST_F(TurnsTest, AreTakenByManyOperations) {
    generate(1);
    EXPECT_FALSE(open(generate_one, 8).takes_turns());
    EXPECT_TRUE(open(generate_one, 9).takes_turns());
}

TEST_F(TurnsTest, AreTakenBySessionsWithManyRequestsUnderWay) {
    generate(1);
    std::vector<OpenRelease> under_way;
    for (int i = 0; i < 16; ++i) {
        under_way.push_back(open(generate_one));
        EXPECT_FALSE(under_way.back().takes_turns()) << i;
    }
    EXPECT_TRUE(open(generate_one).takes_turns());
    under_way.pop_back();
    EXPECT_FALSE(open(generate_one).takes_turns());
}

TEST_F(TurnsTest, AreNotTakenByWhatIsRefusedAnyway) {
    EXPECT_FALSE(open(protocol::GenerateKey{{"other"}, test::key_context}).takes_turns());
}

TEST_F(TurnsTest, BeginWithTheStateOfTheirTime) {
    const OpenRelease waiting = open(generate_one);
    EXPECT_EQ(house.service.oldest_revision_under_way(), std::nullopt); // no change waits for it
    generate(1);
    {
        const OpenRelease at_once = open(generate_one);
        EXPECT_EQ(house.service.oldest_revision_under_way(), house.authority.revision);
    }
    EXPECT_EQ(house.service.oldest_revision_under_way(), std::nullopt);
}

TEST_F(StormTest, ASessionSaysWhoseTurnItIs) {
    const auto sealed = session.seal(
        house.random,
        protocol::ReleaseRequest{.operations = {protocol::GenerateKey{{"gold"}, test::key_context}}}
            .encode());
    EXPECT_EQ(house.service.claimed_host(sealed->text), test::host_id);
    EXPECT_EQ(house.service.claimed_host("no message"), std::nullopt);
    test::ReleaseHouse other;
    EXPECT_EQ(other.service.claimed_host(sealed->text), std::nullopt);
}

} // namespace
} // namespace vouchsafe::keyprovider
