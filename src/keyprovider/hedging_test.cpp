#include "keyprovider/hedging.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;

const std::string gold = test::provider_uid;

TEST(Hedging, WaitsAsLongAsAnswersTakeAsARule) {
    Hedging hedging;
    EXPECT_EQ(hedging.begin(gold), std::nullopt); // nothing is known
    hedging.answered(gold, 1ms);
    EXPECT_EQ(hedging.begin(gold), 10ms); // never sooner
    for (int i = 0; i < 98; ++i)
        hedging.answered(gold, 30ms);
    hedging.answered(gold, 900ms); // one in a hundred
    EXPECT_EQ(hedging.begin(gold), 30ms);
    hedging.answered(gold, 800ms);
    hedging.answered(gold, 800ms);
    EXPECT_EQ(hedging.begin(gold), 800ms);
    EXPECT_EQ(hedging.begin("another"), std::nullopt);
}

TEST(Hedging, ForgetsOldAnswers) {
    Hedging hedging({.answers = 3});
    hedging.answered(gold, 900ms);
    for (int i = 0; i < 3; ++i)
        hedging.answered(gold, 20ms);
    EXPECT_EQ(hedging.begin(gold), 20ms);
}

TEST(Hedging, NeverAsksMoreThanOneInTwenty) {
    Hedging hedging;
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
        (void)hedging.begin(gold);
        taken += hedging.take(gold) ? 1 : 0;
    }
    EXPECT_LE(taken, 51); // and the one to begin with
    EXPECT_GE(taken, 50);
    EXPECT_TRUE(hedging.take("another")); // each provider has its own
}

TEST(Hedging, SavesAFewOnly) {
    Hedging hedging;
    for (int i = 0; i < 1000; ++i)
        (void)hedging.begin(gold);
    int taken = 0;
    while (hedging.take(gold))
        ++taken;
    EXPECT_EQ(taken, 5);
}

TEST(Hedging, ForgetsProvidersThatAreGone) {
    Hedging hedging;
    hedging.answered(gold, 20ms);
    inventory::AuthorityState state = test::make_state();
    hedging.retain(state);
    EXPECT_TRUE(hedging.begin(gold));
    state.providers.clear();
    hedging.retain(state);
    EXPECT_FALSE(hedging.begin(gold));
}

} // namespace
} // namespace vouchsafe::keyprovider
