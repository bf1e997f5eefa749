#include "keyprovider/under_way.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

namespace vouchsafe::keyprovider {
namespace {

struct UnderWayTest : testing::Test {
    UnderWay::Request begin(std::int64_t revision) {
        return under_way.begin([revision] {
            auto state = std::make_shared<inventory::AuthorityState>();
            state->revision = revision;
            return state;
        });
    }

    std::optional<UnderWay> all = UnderWay();
    UnderWay& under_way = *all;
};

TEST_F(UnderWayTest, KnowsTheOldestRevision) {
    EXPECT_EQ(under_way.oldest(), std::nullopt);
    auto newer = std::optional(begin(41));
    auto older = std::optional(begin(40));
    auto same = std::optional(begin(40));
    EXPECT_EQ(under_way.oldest(), 40);
    older.reset();
    EXPECT_EQ(under_way.oldest(), 40);
    same.reset();
    EXPECT_EQ(under_way.oldest(), 41);
    newer.reset();
    EXPECT_EQ(under_way.oldest(), std::nullopt);
}

TEST_F(UnderWayTest, CountsARequestThatMovesOnce) {
    auto request = std::optional(begin(7));
    {
        const UnderWay::Request moved = *std::move(request);
        request.reset();
        EXPECT_EQ(under_way.oldest(), 7);
        EXPECT_EQ(moved.state()->revision, 7);
    }
    EXPECT_EQ(under_way.oldest(), std::nullopt);
}

TEST_F(UnderWayTest, EndsBeforeItsRequestsToo) {
    const UnderWay::Request request = begin(7);
    all.reset();
    EXPECT_EQ(request.state()->revision, 7);
}

} // namespace
} // namespace vouchsafe::keyprovider
