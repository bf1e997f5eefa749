#include "net/fair_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace vouchsafe::net {
namespace {

using Queue = FairQueue<std::unique_ptr<int>>; // as jobs are: moved, never copied

bool push(Queue& queue, const std::string& key, int job) {
    return queue.push(key, std::make_unique<int>(job));
}

std::vector<int> all_of(Queue& queue) {
    std::vector<int> out;
    while (auto job = queue.pop())
        out.push_back(**job);
    return out;
}

TEST(FairQueue, GivesTurns) {
    Queue queue({.all = 16, .of_one_key = 16});
    for (int job = 0; job < 5; ++job)
        ASSERT_TRUE(push(queue, "loud", job));
    ASSERT_TRUE(push(queue, "quiet", 100));
    ASSERT_TRUE(push(queue, "third", 200));
    ASSERT_TRUE(push(queue, "third", 201));
    EXPECT_EQ(queue.size(), 8U);
    EXPECT_EQ(all_of(queue), (std::vector{0, 100, 200, 1, 201, 2, 3, 4}));
    EXPECT_TRUE(queue.empty());
    ASSERT_TRUE(push(queue, "loud", 7));
    EXPECT_EQ(all_of(queue), (std::vector{7}));
}

TEST(FairQueue, IsBoundedForOneAndForAll) {
    Queue queue({.all = 4, .of_one_key = 2});
    EXPECT_TRUE(push(queue, "a", 0));
    EXPECT_TRUE(push(queue, "a", 1));
    EXPECT_FALSE(push(queue, "a", 2));
    EXPECT_TRUE(push(queue, "b", 10));
    EXPECT_TRUE(push(queue, "c", 20));
    EXPECT_FALSE(push(queue, "d", 30));
    EXPECT_EQ(queue.size(), 4U);
    EXPECT_EQ(all_of(queue), (std::vector{0, 10, 20, 1}));
}

TEST(FairQueue, KeepsNothingOfAJobThatDidNotFit) {
    Queue queue({.all = 0, .of_one_key = 1});
    auto job = std::make_unique<int>(1);
    EXPECT_FALSE(queue.push("a", std::move(job)));
    EXPECT_NE(job, nullptr); // NOLINT(bugprone-use-after-move): that is what push promises
    EXPECT_FALSE(queue.pop());
}

} // namespace
} // namespace vouchsafe::net
