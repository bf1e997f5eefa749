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
    /// The check value is known, as it is once the key was used.
    inventory::Generation generation_{
        .number = 1, .primary_key = "pk", .check_value = check_value(Secret(Buffer(32, 0x11)))};
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

TEST_F(KmipKeyServerTest, SendsOneProbeHoweverManyAsk) {
    for (auto& [name, one] : connector_.servers)
        one.fault = KmipFault::timeout;
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(fetched(), "kmip.transport");
    clock_.pass(10s); // the probes are due
    const auto asked = server("two").requests.size();
    connector_.meanwhile = [this] { EXPECT_EQ(fetched(), "kmip.transport"); };
    EXPECT_EQ(fetched(), "kmip.transport");
    EXPECT_EQ(server("two").requests.size(), asked + 1); // by the one who was faster
}

TEST_F(KmipKeyServerTest, ComparesNoneThatIsLeftAlone) {
    for (auto& [name, one] : connector_.servers)
        one.fault = KmipFault::timeout;
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(fetched(), "kmip.transport");
    const auto asked = server("one").requests.size();
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(server("one").requests.size(), asked);
    clock_.pass(10s);
    key_server_.compare(provider_, generation_);
    EXPECT_GT(server("one").requests.size(), asked);
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
    generation_.check_value.reset();
    server("two").fault = KmipFault::other_value;
    EXPECT_EQ(fetched(), "primary_key.check_value"); // nobody knows which one is right
    EXPECT_EQ(key_server_.attributes(provider_, generation_).error().where, "primary_key.check_value");
    server("two").fault = KmipFault::none;
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(fetched(), "17");
}

TEST_F(KmipKeyServerTest, ComparesWithThoseThatAnswer) {
    generation_.check_value.reset();
    server("two").fault = KmipFault::timeout;
    EXPECT_EQ(fetched(), "17");
    generation_.check_value = check_value(Secret(Buffer(32, 0x11))); // which was kept meanwhile
    server("two").fault = KmipFault::other_value;                    // when it comes back
    key_server_.compare(provider_, generation_);
    EXPECT_TRUE(record("two").excluded);
    EXPECT_EQ(fetched(), "17");
}

TEST_F(KmipKeyServerTest, UsesNoKeyButTheOneThatIsKept) {
    generation_.check_value = check_value(Secret(Buffer(32, 0x12)));
    EXPECT_EQ(fetched(), "primary_key.check_value");
    EXPECT_TRUE(record("one").excluded && record("two").excluded && record("three").excluded);
}

TEST_F(KmipKeyServerTest, AsksForTheVersionOnce) {
    const auto asked = [this] { return server("one").count(kmip::Operation::discover_versions); };
    EXPECT_EQ(fetched(), "17");
    EXPECT_EQ(fetched(), "17");
    EXPECT_EQ(asked(), 1U);
    EXPECT_EQ(record("one").version, kmip::supported_versions.front());
    server("one").versions = {{1, 2}}; // the server was replaced by an older one
    EXPECT_EQ(fetched(), "17");
    EXPECT_FALSE(record("one").failure);
    EXPECT_EQ(record("one").version, (kmip::ProtocolVersion{1, 2}));
    const auto then = asked();
    EXPECT_EQ(fetched(), "17");
    EXPECT_EQ(asked(), then);
}

TEST_F(KmipKeyServerTest, EndsWithTheOperationsTime) {
    for (auto& [name, one] : connector_.servers)
        one.fault = KmipFault::timeout;
    connector_.answers_left = 2;
    EXPECT_EQ(fetched(), "kmip.transport"); // what the second said
    EXPECT_TRUE(server("three").requests.empty());
    EXPECT_FALSE(record("three").failure); // it was not asked
    connector_.answers_left = 0;
    EXPECT_EQ(fetched(), "key_server.deadline");
}

TEST_F(KmipKeyServerTest, ForgetsWhatIsGone) {
    ASSERT_EQ(fetched(), "17");
    server("one").fault = KmipFault::timeout;
    ASSERT_EQ(fetched(), "17");
    inventory::AuthorityState state;
    state.providers["gold"] = provider_;
    key_server_.retain(state);
    EXPECT_TRUE(record("one").failure);
    state.providers["gold"].servers.erase(state.providers["gold"].servers.begin());
    key_server_.retain(state);
    EXPECT_FALSE(record("one").failure);
    EXPECT_TRUE(record("two").answered);
    state.providers.clear();
    key_server_.retain(state);
    EXPECT_FALSE(record("two").answered);
}

// --- wrapping "remote"

class RemoteReplicas : public KmipKeyServerTest {
protected:
    RemoteReplicas() {
        provider_.policy.wrapping = inventory::Wrapping::remote;
        generation_.check_value.reset();
    }

    static AeadInput input() {
        static const Buffer nonce(12, 0x0C);
        return {.nonce = nonce, .additional_data = as_bytes("data")};
    }

    Result<Buffer> seal() { return key_server_.seal(provider_, generation_, input(), Secret(Buffer(32, 7))); }

    std::string sealed() {
        const auto out = seal();
        return out ? "" : out.error().where;
    }

    Error open_error(Bytes bytes) {
        const auto out = key_server_.open(provider_, generation_, input(), bytes);
        return out ? Error{} : out.error();
    }

    void change_key(const std::string& name, std::uint8_t byte) {
        server(name).keys.at("pk").material = Buffer(32, byte);
    }

    std::string excluded(const std::string& name) {
        const auto why = record(name).excluded;
        return why ? why->where : "";
    }
};

TEST_F(RemoteReplicas, SealWhereEachOpensWhatAnotherSealed) {
    EXPECT_EQ(sealed(), "");
    for (const char* const name : {"one", "two", "three"}) // each was tried, with five blocks
        EXPECT_GE(server(name).count(kmip::Operation::decrypt), 4U) << name;
    const auto before = server("two").requests.size();
    EXPECT_EQ(sealed(), "");
    EXPECT_EQ(server("two").requests.size(), before); // once
    for (const char* const name : {"one", "two", "three"})
        EXPECT_EQ(server(name).count(kmip::Operation::get), 0U) << name;
}

TEST_F(RemoteReplicas, SealNowhereWhereTheyDifferFromTheStart) {
    change_key("three", 0x33);
    EXPECT_EQ(sealed(), "primary_key.replica"); // nobody knows which one is right
    for (const char* const name : {"one", "two", "three"})
        EXPECT_EQ(excluded(name), "primary_key.replica") << name;
    change_key("three", 0x11);
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(sealed(), "");
}

TEST_F(RemoteReplicas, AreExcludedWhereTheirKeyChanges) {
    const auto blob = seal();
    ASSERT_TRUE(blob);
    change_key("one", 0x33);
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(excluded("one"), "primary_key.replica");
    EXPECT_EQ(excluded("two"), "");
    EXPECT_EQ(open_error(*blob), Error{}); // by the second
    const auto asked = server("one").count(kmip::Operation::encrypt);
    EXPECT_EQ(sealed(), "");
    EXPECT_EQ(server("one").count(kmip::Operation::encrypt), asked);
    change_key("one", 0x11);
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(excluded("one"), "");
}

// One that was down when the others agreed is asked for proof before it seals anything.
TEST_F(RemoteReplicas, ProveThemselvesWhenTheyComeBack) {
    server("one").fault = KmipFault::timeout;
    ASSERT_EQ(sealed(), "");
    server("one").fault = KmipFault::none;
    change_key("one", 0x33);
    for (const char* const name : {"two", "three"})
        server(name).fault = KmipFault::timeout;
    clock_.pass(10s);
    EXPECT_NE(sealed(), "");
    EXPECT_EQ(excluded("one"), "primary_key.replica");
    EXPECT_EQ(server("one").count(kmip::Operation::encrypt), 1U); // of its own trial alone
}

TEST_F(RemoteReplicas, AreEachTried) {
    server("three").fault = KmipFault::no_additional_data;
    EXPECT_EQ(sealed(), "");
    EXPECT_EQ(excluded("three"), "primary_key.aead_data");
    EXPECT_EQ(excluded("one"), "");
    server("three").fault = KmipFault::none;
    key_server_.compare(provider_, generation_);
    EXPECT_EQ(excluded("three"), "");
}

TEST_F(RemoteReplicas, AreNotExcludedForAKeyThatOpensNothingAnyMore) {
    ASSERT_EQ(sealed(), "");
    for (auto& [name, one] : connector_.servers)
        one.keys.at("pk").state = kmip::State::deactivated;
    key_server_.compare(provider_, generation_);
    for (const char* const name : {"one", "two", "three"})
        EXPECT_EQ(excluded(name), "") << name;
}

TEST_F(RemoteReplicas, GiveASecondOpinionOfAGeneralFailure) {
    const auto blob = seal();
    ASSERT_TRUE(blob);
    for (const char* const name : {"one", "two", "three"})
        server(name).fault_only = kmip::Operation::decrypt;
    server("one").fault = KmipFault::general_failure;
    EXPECT_EQ(open_error(*blob), Error{}); // by the second: so it was the first
    EXPECT_TRUE(record("one").failure);
    clock_.pass(1min);

    server("two").fault = KmipFault::general_failure;
    ASSERT_EQ(sealed(), "");
    const auto third = server("three").count(kmip::Operation::decrypt);
    const Error both = open_error(*blob);
    EXPECT_EQ(both.where, "blob.open");
    EXPECT_EQ(both.code, Errc::untrusted);
    EXPECT_EQ(server("three").count(kmip::Operation::decrypt), third); // two are enough
    EXPECT_FALSE(record("two").failure);                               // whoever sends blobs breaks no server

    for (const char* const name : {"two", "three"})
        server(name).fault = KmipFault::timeout;
    const Error alone = open_error(*blob);
    EXPECT_EQ(alone.where, "blob.open");
    EXPECT_EQ(alone.code, Errc::unavailable); // one opinion is none
}

} // namespace
} // namespace vouchsafe::keyprovider
