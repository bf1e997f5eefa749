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
