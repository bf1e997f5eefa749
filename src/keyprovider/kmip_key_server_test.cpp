#include "keyprovider/kmip_key_server.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;

using test::KmipFault;

class KmipKeyServerTest : public testing::Test {
protected:
    KmipKeyServerTest() {
        provider_.uid = "p";
        for (const char* const name : {"one", "two", "three"}) {
            provider_.servers.push_back({.name = name, .address = {.hostname = name, .port = 5696}});
            server(name).keys["pk"] = {.material = Buffer(32, 0x11)};
        }
    }

    test::KmipServer& server(const std::string& name) { return connector_.servers[name]; }

    ServerRecord record(const std::string& name) {
        for (const inventory::KmipServer& server : provider_.servers)
            if (server.name == name)
                return key_server_.record(provider_, server);
        return {};
    }

    /// The first byte of the key that was got, or where that failed.
    std::string fetched() {
        const auto got = key_server_.fetch(provider_, generation_);
        return got ? got->key.material.expose([](Bytes bytes) { return std::to_string(bytes[0]); })
                   : got.error().where;
    }

    test::SteppedClock clock_;
    test::CountingRandom random_;
    test::MemoryConnector connector_;
    KmipKeyServer key_server_{connector_, clock_, random_};
    inventory::Provider provider_;
    inventory::Generation generation_{.number = 1, .primary_key = "pk"};
};

TEST_F(KmipKeyServerTest, GoesOnToTheNextServer) {
    for (const KmipFault fault : {KmipFault::timeout,
                                  KmipFault::garbage,
                                  KmipFault::general_failure,
                                  KmipFault::unauthenticated,
                                  KmipFault::wrapped_key}) {
        server("one").fault = fault;
        EXPECT_EQ(fetched(), "17");
        EXPECT_TRUE(record("one").failure);
    }
    server("one").keys.clear(); // a replica that lags
    server("one").fault = KmipFault::none;
    clock_.pass(1min);
    EXPECT_EQ(fetched(), "17");
}

TEST_F(KmipKeyServerTest, AsksNoOtherServerWhereTheAnswerIsFinal) {
    ASSERT_EQ(fetched(), "17");
    for (auto& [name, one] : connector_.servers)
        one.requests.clear();
    server("one").refuses = kmip::ResultReason::permission_denied;
    EXPECT_EQ(fetched(), "kmip.final");
    EXPECT_TRUE(server("two").requests.empty());
    EXPECT_FALSE(record("one").failure); // an answer is an answer
}

TEST_F(KmipKeyServerTest, LeavesADeadServerAloneAfterThreeFailures) {
    server("one").fault = KmipFault::timeout;
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(fetched(), "17");
    const auto asked = server("one").requests.size();
    EXPECT_LE(asked, 4U); // one of them by the comparison
    clock_.pass(10s);
    server("one").fault = KmipFault::none;
    for (const char* const name : {"two", "three"})
        server(name).fault = KmipFault::timeout;
    EXPECT_EQ(fetched(), "17"); // its probe
    EXPECT_GT(server("one").requests.size(), asked);
    EXPECT_FALSE(record("one").failure);
}

TEST_F(KmipKeyServerTest, FailsFastWhereAllAreDead) {
    for (auto& [name, one] : connector_.servers)
        one.fault = KmipFault::timeout;
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(fetched(), "kmip.transport");
    const auto asked = server("one").requests.size();
    EXPECT_EQ(fetched(), "kmip.transport");
    EXPECT_EQ(server("one").requests.size(), asked);
}

TEST_F(KmipKeyServerTest, NeverUsesAServerWithAnotherKey) {
    EXPECT_EQ(fetched(), "17");
    server("one").fault = KmipFault::other_value;
    EXPECT_EQ(fetched(), "17"); // of the second
    ASSERT_TRUE(record("one").excluded);
    EXPECT_EQ(record("one").excluded->where, "primary_key.check_value");
    EXPECT_EQ(fetched(), "17");
    server("one").fault = KmipFault::none; // mended, which the comparison finds
    EXPECT_TRUE(record("one").excluded);
    key_server_.compare(provider_, generation_);
    EXPECT_FALSE(record("one").excluded);
}

TEST_F(KmipKeyServerTest, ComparesAllServersWhateverTheirOrder) {
    EXPECT_EQ(fetched(), "17");
    server("three").fault = KmipFault::other_value; // never asked otherwise
    EXPECT_FALSE(record("three").excluded);
    key_server_.compare(provider_, generation_);
    EXPECT_TRUE(record("three").excluded);
    EXPECT_FALSE(record("one").excluded);
}

TEST_F(KmipKeyServerTest, UsesNoneWhereTheyDifferFromTheStart) {
    server("two").fault = KmipFault::other_value;
    EXPECT_EQ(fetched(), "primary_key.check_value"); // nobody knows which one is right
    EXPECT_EQ(key_server_.attributes(provider_, generation_).error().where, "primary_key.check_value");
    server("two").fault = KmipFault::none;
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(fetched(), "17");
}

TEST_F(KmipKeyServerTest, ComparesWithThoseThatAnswer) {
    server("two").fault = KmipFault::timeout;
    EXPECT_EQ(fetched(), "17");
    server("two").fault = KmipFault::other_value; // when it comes back
    key_server_.compare(provider_, generation_);
    EXPECT_TRUE(record("two").excluded);
    EXPECT_EQ(fetched(), "17");
}

} // namespace
} // namespace vouchsafe::keyprovider
