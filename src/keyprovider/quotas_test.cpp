#include "keyprovider/quotas.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <limits>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;

struct QuotasTest : testing::Test {
    inventory::AuthorityState state = test::make_state();
    inventory::Provider& provider = state.providers.at("gold");
    BootTime now = 1h;
    Quotas quotas;
    const HostId one{"h-1"};
    const HostId other{"h-2"};

    QuotasTest() {
        provider.policy.host_quota = {.burst = 3, .per_minute = 6};
        provider.policy.quota = {.burst = 5, .per_minute = 60};
    }

    /// How many of `n` releases need not wait.
    int taken(const HostId& host, int n) {
        int out = 0;
        for (int i = 0; i < n; ++i)
            out += quotas.take(provider, host, now) ? 0 : 1;
        return out;
    }
};

TEST_F(QuotasTest, GiveEachHostItsBurstAndThenItsRate) {
    EXPECT_EQ(taken(one, 10), 3);
    EXPECT_EQ(taken(other, 1), 1); // what one asks for in vain costs no other
    now += 9'999ms;
    EXPECT_EQ(taken(one, 1), 0);
    now += 1ms;
    EXPECT_EQ(taken(one, 2), 1);
    now += 10min;
    EXPECT_EQ(taken(one, 10), 3); // never more than the burst
}

TEST_F(QuotasTest, GiveAllHostsTogetherNoMore) {
    EXPECT_EQ(taken(one, 3), 3);
    EXPECT_EQ(taken(other, 3), 2);
    const auto over = quotas.take(provider, {"h-3"}, now);
    ASSERT_TRUE(over);
    EXPECT_EQ(over->quota, QuotaOf::all);
    EXPECT_EQ(over->retry_after, 1s);
    now += 1s;
    EXPECT_EQ(taken({"h-3"}, 2), 1);
    now += 2s;
    EXPECT_EQ(taken({"h-3"}, 2),
              2); // the one that was refused by the other bucket was not taken from its own
}

TEST_F(QuotasTest, TellWhenToComeBack) {
    ASSERT_EQ(taken(one, 3), 3);
    auto over = quotas.take(provider, one, now);
    ASSERT_TRUE(over);
    EXPECT_EQ(over->quota, QuotaOf::host);
    EXPECT_EQ(over->retry_after, 10s);
    now += over->retry_after;
    EXPECT_FALSE(quotas.take(provider, one, now));
}

TEST_F(QuotasTest, AlarmOnceAMinute) {
    ASSERT_EQ(taken(one, 3), 3);
    EXPECT_EQ(quotas.take(provider, one, now)->alarm, 1);
    EXPECT_EQ(quotas.take(provider, one, now)->alarm, std::nullopt);
    EXPECT_EQ(quotas.take(provider, one, now)->alarm, std::nullopt);
    now += 60s;
    ASSERT_EQ(taken(one, 3), 3);
    EXPECT_EQ(quotas.take(provider, one, now)->alarm, 3); // two untold, and this one
}

TEST_F(QuotasTest, ShowWhoWaitedLately) {
    ASSERT_EQ(taken(one, 4), 3);
    EXPECT_EQ(quotas.hits(provider.uid, now).hosts, 1);
    EXPECT_FALSE(quotas.hits(provider.uid, now).all);
    EXPECT_EQ(quotas.hits("another", now).hosts, 0);
    ASSERT_EQ(taken(other, 3), 2);
    EXPECT_TRUE(quotas.hits(provider.uid, now).all);
    quotas.retain(state, now);
    now += quota_warning;
    EXPECT_EQ(quotas.hits(provider.uid, now).hosts, 0);
    EXPECT_FALSE(quotas.hits(provider.uid, now).all);
}

TEST_F(QuotasTest, ForgetWhatIsFullAgainAndNothingElse) {
    ASSERT_EQ(taken(one, 3), 3);
    quotas.retain(state, now);
    EXPECT_EQ(taken(one, 1), 0);
    now += 1h;
    quotas.retain(state, now);
    EXPECT_EQ(taken(one, 4), 3);
    state.providers.erase("gold");
    quotas.retain(state, now);
    EXPECT_EQ(quotas.hits(test::provider_uid, now).hosts, 0);
}

TEST_F(QuotasTest, FollowTheirSettings) {
    ASSERT_EQ(taken(one, 1), 1);
    provider.policy.host_quota = {.burst = 1, .per_minute = 1};
    EXPECT_EQ(taken(one, 3), 1);
    provider.policy.host_quota = {.burst = inventory::max_quota, .per_minute = inventory::max_quota};
    now = BootTime(std::numeric_limits<std::int64_t>::max() / 2); // no overflow
    EXPECT_EQ(taken(one, 1), 1);
    now = 1s; // and none when a clock that never goes back does
    EXPECT_EQ(taken(one, 1), 1);
}

} // namespace
} // namespace vouchsafe::keyprovider
