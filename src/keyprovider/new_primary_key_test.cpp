#include "keyprovider/new_primary_key.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using test::KmipFault;

/// Two key servers that do not replicate: the test says what each has.
struct NewPrimaryKey : testing::Test {
    static constexpr SysTime server_time{std::chrono::seconds(1'700'000'000)};
    test::MemoryConnector connector;
    test::SteppedClock clock;
    test::CountingRandom random;
    inventory::Provider provider = test::make_state().providers.at("gold");

    NewPrimaryKey() {
        provider.servers.push_back({.name = "second", .address = {.hostname = "kms-2", .port = 5696}});
        connector.servers["kms-1"].keys["pk-2"] = {.material = Buffer(32, 0x22)};
        connector.servers["kms-2"].keys["pk-2"] = {.material = Buffer(32, 0x22)};
    }

    test::KmipServer& first() { return connector.servers.at("kms-1"); }

    test::KmipServer& second() { return connector.servers.at("kms-2"); }

    Result<KeyId> create() { return create_primary_key(connector, provider, "vouchsafe-3"); }

    std::string verified() {
        KmipKeyServer servers(connector, clock, random); // which has seen no failure yet
        const auto result = verify_primary_key(
            servers, provider, provider.generations.back(), {.now = server_time, .random = random});
        const bool seen = provider.policy.wrapping == inventory::Wrapping::fetch;
        EXPECT_TRUE(!result || !seen || result->check_value == check_value(Secret(Buffer(32, 0x22))));
        return result ? "" : result.error().where;
    }
};

TEST_F(NewPrimaryKey, IsMadeActive) {
    const auto made = create();
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_EQ(first().keys.at(made->text).state, kmip::State::active);
    EXPECT_EQ(first().keys.at(made->text).name, "vouchsafe-3");
    EXPECT_EQ(first().count(kmip::Operation::locate), 0U);
    EXPECT_EQ(second().requests.size(), 0U);
}

TEST_F(NewPrimaryKey, IsMadeByTheNextServerWhenOneFails) {
    first().fault = KmipFault::general_failure;
    const auto made = create();
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_TRUE(second().keys.contains(made->text));
    connector.servers.clear();
    EXPECT_EQ(create().error().where, "net.connect");
}

TEST_F(NewPrimaryKey, IsLookedForBeforeAnotherIsMade) {
    second().keys["there"] = {
        .material = Buffer(32, 0x33), .state = kmip::State::pre_active, .name = "vouchsafe-3"};
    first().fault = KmipFault::timeout; // it may have made it, and told the other
    const auto made = create();
    ASSERT_TRUE(made);
    EXPECT_EQ(made->text, "there");
    EXPECT_EQ(second().count(kmip::Operation::create), 0U);
    EXPECT_EQ(second().keys.at("there").state, kmip::State::active);
}

TEST_F(NewPrimaryKey, IsVerifiedOnEveryServer) {
    EXPECT_EQ(verified(), "");
    second().keys.at("pk-2").material = Buffer(32, 0x23);
    EXPECT_EQ(verified(), "primary_key.check_value");
    second().keys.at("pk-2").material = Buffer(16, 0x22);
    EXPECT_EQ(verified(), "primary_key.material");
    second().keys.clear();
    EXPECT_EQ(verified(), "kmip.replica_lag");
    connector.servers.erase("kms-2");
    EXPECT_EQ(verified(), "net.connect");
}

TEST_F(NewPrimaryKey, IsProvenOnEveryServerWhereItStays) {
    provider.policy.wrapping = inventory::Wrapping::remote;
    EXPECT_EQ(verified(), "");
    EXPECT_EQ(second().count(kmip::Operation::get), 0U);
    second().keys.at("pk-2").material = Buffer(32, 0x23);
    EXPECT_EQ(verified(), "primary_key.replica");
    second().keys.at("pk-2").material = Buffer(32, 0x22);
    second().fault = KmipFault::no_additional_data; // of the one that is not asked first
    EXPECT_EQ(verified(), "primary_key.aead_data");
    second().fault = KmipFault::timeout;
    EXPECT_EQ(verified(), "kmip.transport");
}

TEST_F(NewPrimaryKey, MustBeActive) {
    for (const auto state : {kmip::State::pre_active, kmip::State::deactivated, kmip::State::compromised}) {
        second().keys.at("pk-2").state = state;
        EXPECT_EQ(verified(), "primary_key.state");
    }
}

TEST_F(NewPrimaryKey, MustBeWithinItsDates) {
    auto& dates = second().keys.at("pk-2").dates;
    dates[ttlv::Tag::process_start_date] = 1'700'000'001;
    EXPECT_EQ(verified(), "primary_key.dates");
    dates[ttlv::Tag::process_start_date] = 1'700'000'000;
    EXPECT_EQ(verified(), "");
    dates[ttlv::Tag::protect_stop_date] = 1'700'000'000;
    EXPECT_EQ(verified(), "primary_key.dates");
    dates[ttlv::Tag::protect_stop_date] = 1'700'000'001;
    EXPECT_EQ(verified(), "");
}

TEST_F(NewPrimaryKey, MustBeTheOneThatIsKnown) {
    provider.generations.back().check_value = check_value(Secret(Buffer(32, 0x23)));
    EXPECT_EQ(verified(), "primary_key.check_value");
}

} // namespace
} // namespace vouchsafe::keyprovider
