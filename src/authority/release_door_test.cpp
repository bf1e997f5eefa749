// The door for messages of release sessions: rounds, turns, and what happens to what cannot be opened.
#include "authority/release_door.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <future>

namespace vouchsafe::authority {
namespace {

struct ReleaseDoorTest : testing::Test {
    /// Brings a message to the door; the answer comes when it comes.
    std::future<net::Response> bring(std::string_view body) {
        net::Request request;
        request.method = net::Method::post;
        request.target = protocol::release_path;
        request.body = to_buffer(as_bytes(body));
        request.peer.address = "127.0.0.1:4711";
        auto answer = std::make_shared<std::promise<net::Response>>();
        auto future = answer->get_future();
        door->take(std::move(request),
                   net::Reply([answer](net::Response response) { answer->set_value(std::move(response)); }));
        return future;
    }

    protocol::SealedRequest sealed(std::size_t operations = 1) {
        const protocol::GenerateKey generate{{"gold"}, test::key_context};
        return session
            .seal(
                house.random,
                protocol::ReleaseRequest{.operations = std::vector<protocol::Operation>(operations, generate)}
                    .encode())
            .value();
    }

    bool has_key(const protocol::SealedRequest& request, const net::Response& response) {
        const auto plain = session.open_answer(request, response.body);
        const auto answer = protocol::ReleaseAnswer::parse(plain.value());
        return std::holds_alternative<protocol::ReleasedKey>(answer.value().results.front());
    }

    static bool has_come(const std::future<net::Response>& answer) {
        return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

    test::ReleaseHouse house;
    protocol::HostSession session = std::move(*house.open(house.claims()));
    net::WorkerPool pool{{.threads = 1, .queue = 4}};
    std::shared_ptr<ReleaseDoor> door = std::make_shared<ReleaseDoor>(house.service, house.audit, pool);
};

TEST_F(ReleaseDoorTest, AnswersAShortMessageAtTheEndOfItsRound) {
    ASSERT_TRUE(house.keys.obtain(house.provider(), house.provider().generations.back()));
    const auto first = sealed();
    const auto second = sealed();
    auto to_first = bring(first.text);
    auto to_second = bring(second.text);
    EXPECT_FALSE(has_come(to_first));
    EXPECT_TRUE(house.audit.lines.empty());
    door->end_round();
    ASSERT_TRUE(has_come(to_first) && has_come(to_second)); // in this thread
    EXPECT_TRUE(has_key(first, to_first.get()));
    EXPECT_TRUE(has_key(second, to_second.get()));
    EXPECT_EQ(house.audit.kinds(), (std::vector<std::string>{"release", "release"}));
    EXPECT_EQ(house.audit.flushes, 1);
}

TEST_F(ReleaseDoorTest, LetsAMessageTakeItsTurnThatHasToWaitForAKeyServer) {
    const auto request = sealed();
    auto answer = bring(request.text);
    door->end_round();
    EXPECT_TRUE(has_key(request, answer.get()));
    EXPECT_GE(house.audit.flushes, 1);
}

TEST_F(ReleaseDoorTest, LetsALongMessageTakeItsTurnUnopened) {
    const auto request = sealed(protocol::max_operations);
    ASSERT_GT(request.text.size(), std::size_t{8} << 10U);
    auto answer = bring(request.text); // no round ends
    EXPECT_TRUE(has_key(request, answer.get()));
    EXPECT_EQ(bring(std::string(std::size_t{9} << 10U, 'x')).get().status, 400);
}

TEST_F(ReleaseDoorTest, RefusesWhatItCannotOpenAndGoesOn) {
    ASSERT_TRUE(house.keys.obtain(house.provider(), house.provider().generations.back()));
    const auto request = sealed();
    auto bad = bring("no message");
    auto good = bring(request.text);
    auto again = bring(request.text);
    door->end_round();
    EXPECT_EQ(bad.get().status, 400);
    EXPECT_TRUE(has_key(request, good.get()));
    EXPECT_GE(again.get().status, 400); // its number was used
}

TEST_F(ReleaseDoorTest, KnowsWhoseTurnItIs) {
    net::Request request;
    request.peer.address = "127.0.0.1:4711";
    EXPECT_EQ(door->turn_of(request), "127.0.0.1");
    request.body = to_buffer(as_bytes(sealed().text));
    EXPECT_EQ(door->turn_of(request), test::host_id.text);
}

} // namespace
} // namespace vouchsafe::authority
