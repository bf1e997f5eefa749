#include "manager/order_hub.h"
#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

namespace vouchsafe::manager {
namespace {

using protocol::AttestOrder;
using protocol::ConfigureOrder;
using protocol::HostOrder;
using protocol::OrderResult;
using protocol::VmStartOrder;

const VmId vm{"3f2504e0-4f89-41d3-9a0c-0305e82c3301"};

class Hub : public testing::Test {
protected:
    std::future<net::Response> poll(const std::string& host, std::chrono::seconds wait) {
        auto [reply, answer] = test::awaited_reply();
        hub_.answer_poll(host, wait, std::move(reply));
        return std::move(answer);
    }

    static std::vector<HostOrder> orders_in(std::future<net::Response>& answer) {
        const net::Response response = test::wait_for(answer);
        EXPECT_EQ(response.status, 200);
        return protocol::PollAnswer::from_json(json::parse(response.body).value())->orders;
    }

    std::vector<HostOrder> orders(const std::string& host, std::chrono::seconds wait = {}) {
        auto answer = poll(host, wait);
        return orders_in(answer);
    }

    std::future<Result<OrderResult>> carry_out(const std::string& host, protocol::OrderData data) {
        return std::async(std::launch::async, [this, host, data = std::move(data)] {
            return hub_.carry_out(host, data, std::chrono::seconds(60));
        });
    }

    crypto::SystemRandom random_;
    OrderHub hub_{random_};
};

constexpr std::chrono::seconds long_wait{60};

TEST_F(Hub, AWaitingPollIsAnsweredWithTheOrder) {
    auto waiting = poll("host-a", long_wait);
    auto outcome = carry_out("host-a", VmStartOrder{.vm = vm});
    const auto orders = orders_in(waiting);
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders.front().data, protocol::OrderData(VmStartOrder{.vm = vm}));

    hub_.take_results("host-a", {{.order = orders.front().id, .problem = {}, .created = {}}});
    const auto result = outcome.get();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->order, orders.front().id);
}

TEST_F(Hub, AnOrderIsSentUntilItsResultCame) {
    auto outcome = carry_out("host-a", VmStartOrder{.vm = vm});
    const auto first = orders("host-a", long_wait);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(orders("host-a"), first); // the agent began anew: it hears of it again
    hub_.take_results("host-a", {{.order = first.front().id, .problem = {}, .created = {}}});
    EXPECT_TRUE(outcome.get());
    EXPECT_TRUE(orders("host-a").empty());
}

TEST_F(Hub, AResultFromAnotherHostOrOfAnotherOrderChangesNothing) {
    auto outcome = carry_out("host-a", VmStartOrder{.vm = vm});
    const auto orders_of_a = orders("host-a", long_wait);
    ASSERT_EQ(orders_of_a.size(), 1U);
    const OrderResult result{.order = orders_of_a.front().id, .problem = {}, .created = {}};
    hub_.take_results("host-b", {result});
    hub_.take_results("host-a", {{.order = "another", .problem = {}, .created = {}}});
    EXPECT_EQ(orders("host-a"), orders_of_a);
    EXPECT_EQ(outcome.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    hub_.take_results("host-a", {result});
    EXPECT_TRUE(outcome.get());
}

TEST_F(Hub, AProblemComesBackWithTheResult) {
    auto outcome = carry_out("host-a", AttestOrder{});
    const auto sent = orders("host-a", long_wait);
    ASSERT_EQ(sent.size(), 1U);
    const protocol::OrderProblem problem{
        .code = "image.unknown",
        .message = "no base image matches",
        .reasons = {
            {.code = "boot.kernel", .message = "unknown kernel", .event = {}, .expected = {}, .hint = {}},
            {.code = "boot.initrd", .message = "unknown initrd", .event = {}, .expected = {}, .hint = {}}}};
    hub_.take_results("host-a", {{.order = sent.front().id, .problem = problem, .created = {}}});
    const auto result = outcome.get();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->problem, problem);
    EXPECT_EQ(text_of(problem),
              "no base image matches; boot.kernel: unknown kernel; boot.initrd: unknown initrd");
}

TEST_F(Hub, ANewPollTakesThePlaceOfTheOldOne) {
    auto old = poll("host-a", long_wait);
    auto fresh = poll("host-a", long_wait);
    EXPECT_TRUE(orders_in(old).empty());
    hub_.post("host-a", AttestOrder{});
    EXPECT_EQ(orders_in(fresh).size(), 1U);
}

TEST_F(Hub, APollWhoseTimeIsUpIsAnsweredWithNothing) {
    auto other = poll("host-b", long_wait);
    auto answer = poll("host-a", std::chrono::seconds(0));
    EXPECT_TRUE(orders_in(answer).empty());
    EXPECT_EQ(other.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(Hub, OrdersGoToTheirHostOnly) {
    auto other = poll("host-b", long_wait);
    hub_.post("host-a", AttestOrder{});
    EXPECT_EQ(orders("host-a").size(), 1U);
    EXPECT_EQ(other.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(Hub, APostedOrderReplacesOneOfItsKind) {
    hub_.post("host-a", ConfigureOrder{.services = {}, .version = 1});
    hub_.post("host-a", AttestOrder{});
    hub_.post("host-a", ConfigureOrder{.services = {}, .version = 2});
    const auto waiting = orders("host-a");
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(waiting[0].data, protocol::OrderData(AttestOrder{}));
    EXPECT_EQ(waiting[1].data, protocol::OrderData(ConfigureOrder{.services = {}, .version = 2}));
}

TEST_F(Hub, APostedOrderReplacesNoneThatSomebodyWaitsFor) {
    auto outcome = carry_out("host-a", AttestOrder{});
    const auto first = orders("host-a", long_wait);
    ASSERT_EQ(first.size(), 1U);
    hub_.post("host-a", AttestOrder{});
    EXPECT_EQ(orders("host-a").size(), 2U);
    hub_.take_results("host-a", {{.order = first.front().id, .problem = {}, .created = {}}});
    EXPECT_TRUE(outcome.get());
}

TEST_F(Hub, AnOrderWithoutAnAnswerIsWithdrawn) {
    const auto result = hub_.carry_out("host-a", AttestOrder{}, std::chrono::seconds(0));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::timed_out);
    EXPECT_EQ(result.error().where, "order.result");
    EXPECT_TRUE(orders("host-a").empty());
}

TEST_F(Hub, AnAnswerHoldsABoundedNumberOfOrders) {
    std::vector<std::future<Result<OrderResult>>> outcomes;
    for (std::size_t i = 0; i < protocol::max_orders + 3; ++i)
        outcomes.push_back(carry_out("host-a", VmStartOrder{.vm = vm}));
    std::size_t done = 0;
    while (done < outcomes.size()) {
        const auto sent = orders("host-a", long_wait);
        ASSERT_FALSE(sent.empty());
        ASSERT_LE(sent.size(), protocol::max_orders);
        std::vector<OrderResult> results;
        for (const HostOrder& order : sent)
            results.push_back({.order = order.id, .problem = {}, .created = {}});
        hub_.take_results("host-a", results);
        done += sent.size();
    }
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get());
}

TEST_F(Hub, AForgottenHostHasNoOrders) {
    auto waiting = poll("host-a", long_wait);
    hub_.forget("host-a");
    EXPECT_NE(test::wait_for(waiting).status, 200); // it has to notice
    hub_.post("host-b", AttestOrder{});
    hub_.forget("host-b");
    EXPECT_TRUE(orders("host-b").empty());
}

TEST_F(Hub, WhoWaitsForAForgottenHostIsTold) {
    auto outcome = carry_out("host-a", AttestOrder{});
    ASSERT_EQ(orders("host-a", long_wait).size(), 1U);
    hub_.forget("host-a");
    const auto result = outcome.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().where, "order.host");
}

} // namespace
} // namespace vouchsafe::manager
