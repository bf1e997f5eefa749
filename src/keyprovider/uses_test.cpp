#include "keyprovider/uses.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using std::chrono::days;

struct Uses : testing::Test {
    inventory::AuthorityState state = test::make_state();
    Target about{.provider = state.provider("gold"),
                 .generation = &state.provider("gold")->generations.front()};
    SysTime now = from_seconds(1'800'000'000);
    GenerationUses uses;

    GenerationUses::Summary last_days(std::int64_t n) const {
        return uses.summary(test::provider_uid, 1, now, days(n));
    }
};

TEST_F(Uses, AreCountedByDay) {
    uses.count(about, now);
    now += days(1);
    uses.count(about, now);
    uses.count(about, now);
    EXPECT_EQ(last_days(1).releases, 2);
    EXPECT_EQ(last_days(2).releases, 3);
    EXPECT_EQ(last_days(2).last, now);
    now += days(1);
    EXPECT_EQ(last_days(1).releases, 0);
    EXPECT_TRUE(last_days(1).last); // when it was is known for longer
    EXPECT_EQ(uses.summary(test::provider_uid, 2, now, days(30)).last, std::nullopt);
}

TEST_F(Uses, AreSavedOnceAndComeBack) {
    uses.count(about, now);
    const auto changed = uses.take_changed();
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_TRUE(uses.take_changed().empty());
    uses.put_back(changed);
    uses.count(about, now);
    const auto again = uses.take_changed();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again.front().releases, 2);
    GenerationUses after_restart;
    after_restart.load(again);
    EXPECT_TRUE(after_restart.take_changed().empty());
    after_restart.count(about, now);
    EXPECT_EQ(after_restart.take_changed().front().releases, 3);
}

TEST_F(Uses, AreForgottenWithTimeAndWithTheirProvider) {
    uses.count(about, now);
    now += uses_kept;
    uses.retain(state, now);
    EXPECT_TRUE(last_days(1).last);
    now += days(1);
    uses.retain(state, now);
    EXPECT_FALSE(last_days(1).last);
    uses.count(about, now);
    state.providers.clear();
    uses.retain(state, now);
    EXPECT_FALSE(last_days(1).last);
}

} // namespace
} // namespace vouchsafe::keyprovider
