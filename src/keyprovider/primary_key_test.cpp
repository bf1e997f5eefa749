#include "keyprovider/primary_key.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using kmip::Operation;
using test::KmipFault;

struct PrimaryKeyTest : testing::Test {
    test::ReleaseHouse house;

    Result<PrimaryKey> obtain() {
        return house.keys.obtain(house.provider(), house.provider().generations.back());
    }

    test::StoredKey& stored() { return house.kmip().keys.at("pk-2"); }

    std::string refusal() {
        const auto key = obtain();
        return key ? "none" : key.error().where;
    }
};

TEST_F(PrimaryKeyTest, IsFetchedOnceAndHeld) {
    const auto first = obtain();
    ASSERT_TRUE(first);
    EXPECT_TRUE(crypto::equal(*first->key, Buffer(32, 0x22)));
    EXPECT_EQ(first->facts.state, kmip::State::active);
    EXPECT_EQ(first->facts.lease, Lease::valid);
    house.clock.pass(59s);
    ASSERT_TRUE(obtain());
    EXPECT_EQ(house.kmip().count(Operation::get), 1U);
    EXPECT_EQ(house.kmip().count(Operation::get_attributes), 1U);
}

TEST_F(PrimaryKeyTest, IsAtHandWhileNobodyHasToBeAsked) {
    const auto at_hand = [this] {
        return house.keys.at_hand(house.provider(), house.provider().generations.back());
    };
    EXPECT_FALSE(at_hand());
    ASSERT_TRUE(obtain());
    house.clock.pass(1min - 1ms);
    const auto held = at_hand();
    ASSERT_TRUE(held);
    EXPECT_TRUE(crypto::equal(*held->key, Buffer(32, 0x22)));
    EXPECT_EQ(held->facts.state, kmip::State::active);
    EXPECT_EQ(held->facts.lease, Lease::valid);
    EXPECT_FALSE(house.keys.at_hand(house.provider(), house.provider().generations.front()));
    house.provider().policy.wrapping = inventory::Wrapping::remote;
    EXPECT_FALSE(at_hand());
    house.provider().policy.wrapping = inventory::Wrapping::fetch;
    house.clock.pass(1ms); // a confirmation is due
    EXPECT_FALSE(at_hand());
    EXPECT_EQ(house.kmip().count(Operation::get), 1U);
    EXPECT_EQ(house.kmip().count(Operation::get_attributes), 1U);
    house.kmip().fault = KmipFault::timeout;
    ASSERT_TRUE(obtain());
    EXPECT_TRUE(at_hand()); // while the server that failed is left alone
    house.clock.pass(2s);
    EXPECT_FALSE(at_hand());
    house.clock.pass(4min);
    ASSERT_FALSE(obtain());
    EXPECT_FALSE(at_hand()); // past its lease
}

TEST_F(PrimaryKeyTest, IsConfirmedWithoutFetchingItAgain) {
    ASSERT_TRUE(obtain());
    house.clock.pass(61s);
    ASSERT_TRUE(obtain());
    EXPECT_EQ(house.kmip().count(Operation::get), 1U);
    EXPECT_EQ(house.kmip().count(Operation::get_attributes), 2U);
}

TEST_F(PrimaryKeyTest, OutlivesAnOutageUntilItsLeaseEnds) {
    ASSERT_TRUE(obtain());
    house.kmip().fault = KmipFault::timeout;
    house.clock.pass(4min);
    const auto held = obtain();
    ASSERT_TRUE(held);
    EXPECT_EQ(held->facts.lease, Lease::valid);
    house.clock.pass(61s);
    const auto lapsed = obtain();
    ASSERT_FALSE(lapsed);
    EXPECT_EQ(lapsed.error().where, "kmip.transport");
    EXPECT_EQ(house.keys.size(), 0U);
}

TEST_F(PrimaryKeyTest, ComesBackByItselfAfterAnOutage) {
    house.kmip().fault = KmipFault::timeout;
    EXPECT_FALSE(obtain());
    house.kmip().fault = KmipFault::none;
    EXPECT_FALSE(obtain()); // the server is given a moment
    const std::size_t asked = house.kmip().requests.size();
    EXPECT_FALSE(obtain());
    EXPECT_EQ(house.kmip().requests.size(), asked);
    house.clock.pass(2s);
    EXPECT_TRUE(obtain());
}

TEST_F(PrimaryKeyTest, EndsAtOnceWhenTheServerSaysSo) {
    ASSERT_TRUE(obtain());
    stored().state = kmip::State::compromised;
    house.clock.pass(61s);
    EXPECT_EQ(refusal(), "primary_key.state");
    EXPECT_EQ(house.keys.size(), 0U);
}

TEST_F(PrimaryKeyTest, MayNotChangeUnderItsIdentifier) {
    ASSERT_TRUE(obtain());
    stored().material = Buffer(32, 0x77);
    house.clock.pass(6min);
    EXPECT_EQ(refusal(), "primary_key.check_value");
    EXPECT_EQ(house.keys.size(), 0U);
}

TEST_F(PrimaryKeyTest, TellsItsStateWhenDeactivated) {
    stored().state = kmip::State::deactivated;
    const auto key = obtain();
    ASSERT_TRUE(key);
    EXPECT_EQ(key->facts.state, kmip::State::deactivated);
}

TEST_F(PrimaryKeyTest, MustBeTheOneThatTheGenerationSays) {
    auto& check = house.provider().generations.back().check_value;
    check = check_value(Secret(Buffer(32, 0x22)));
    EXPECT_EQ(refusal(), "none");
    EXPECT_EQ(house.keys.known_check_value(test::provider_uid, "pk-2"), check);
    EXPECT_EQ(house.keys.known_check_value(test::provider_uid, "pk-1"), std::nullopt);
    house.clock.pass(6min);
    check = std::string(16, '0');
    EXPECT_EQ(refusal(), "primary_key.check_value");
}

// The dates are judged by the key server's clock, which stands at 1,700,000,000; ours is at 1,800,000,000.

TEST_F(PrimaryKeyTest, WrapsWithinItsDatesByTheServersClock) {
    const auto window = [this] { return obtain()->facts.window; };
    stored().dates = {{ttlv::Tag::process_start_date, 1'700'000'000},
                      {ttlv::Tag::protect_stop_date, 1'700'000'030}};
    EXPECT_EQ(window(), WrapWindow::open);
    house.clock.pass(29s);
    EXPECT_EQ(window(), WrapWindow::open);
    house.clock.pass(1s);
    EXPECT_EQ(window(), WrapWindow::closed); // without asking again
    EXPECT_EQ(house.kmip().count(Operation::get_attributes), 1U);
    stored().dates = {{ttlv::Tag::process_start_date, 1'700'000'001}};
    house.clock.pass(1min);
    EXPECT_EQ(window(), WrapWindow::closed);
}

TEST_F(PrimaryKeyTest, IsDeactivatedWithItsDate) {
    const auto state = [this] { return obtain()->facts.state; };
    stored().dates = {{ttlv::Tag::deactivation_date, 1'700'000'010}};
    EXPECT_EQ(state(), kmip::State::active);
    house.clock.pass(10s);
    EXPECT_EQ(state(), kmip::State::deactivated);
}

TEST_F(PrimaryKeyTest, IsCompromisedWithItsDate) {
    stored().dates = {{ttlv::Tag::compromise_date, 1'700'000'000}};
    EXPECT_EQ(refusal(), "primary_key.state");
    house.clock.pass(2s);
    stored().dates = {{ttlv::Tag::compromise_date, 1'700'000'100}};
    EXPECT_EQ(refusal(), "none");
}

TEST_F(PrimaryKeyTest, OpensCompromisedWhereTheProviderSaysSo) {
    stored().state = kmip::State::compromised;
    EXPECT_EQ(refusal(), "primary_key.state");
    house.provider().policy.unsafe_compromised_key = true;
    house.clock.pass(2s);
    const auto key = obtain();
    ASSERT_TRUE(key);
    EXPECT_EQ(key->facts.state, kmip::State::compromised);
    for (const auto state : {kmip::State::destroyed, kmip::State::destroyed_compromised}) {
        stored().state = state;
        house.clock.pass(6min);
        EXPECT_EQ(refusal(), "primary_key.state");
    }
}

TEST_F(PrimaryKeyTest, RefusesShortMaterial) {
    stored().material = Buffer(16, 0x22);
    EXPECT_EQ(refusal(), "primary_key.material");
}

TEST_F(PrimaryKeyTest, RefusesAnotherLength) {
    stored().length = 128;
    EXPECT_EQ(refusal(), "primary_key.algorithm");
}

TEST_F(PrimaryKeyTest, RefusesKeysThatNeverWereActive) {
    stored().state = kmip::State::pre_active;
    EXPECT_EQ(refusal(), "primary_key.state");
}

TEST_F(PrimaryKeyTest, RefusesAServerThatHidesTheState) {
    house.kmip().fault = KmipFault::missing_attributes;
    EXPECT_EQ(refusal(), "primary_key.state");
}

TEST_F(PrimaryKeyTest, RefusesKeysForOtherUses) {
    stored().usage_mask = kmip::usage::encrypt;
    EXPECT_EQ(refusal(), "primary_key.usage");
    stored().usage_mask = kmip::usage::wrap_key | kmip::usage::unwrap_key;
    house.clock.pass(2s);
    EXPECT_EQ(refusal(), "none");
}

TEST_F(PrimaryKeyTest, RefusesOtherObjects) {
    stored().type = kmip::ObjectType::secret_data;
    EXPECT_EQ(refusal(), "primary_key.object");
}

TEST_F(PrimaryKeyTest, IsSoughtOnTheNextServer) {
    house.connector.servers["kms-2"].keys["pk-2"] = {.material = Buffer(32, 0x22)};
    house.provider().servers.push_back({.name = "second", .address = {.hostname = "kms-2", .port = 5696}});
    house.kmip().keys.erase("pk-2"); // a replica that lags
    EXPECT_TRUE(obtain());
    house.clock.pass(6min);
    house.kmip().fault = KmipFault::unauthenticated;
    EXPECT_TRUE(obtain());
    house.clock.pass(6min);
    house.connector.servers.erase("kms-1");
    EXPECT_TRUE(obtain());
}

TEST_F(PrimaryKeyTest, IsForgottenWithItsProviderAndItsLease) {
    ASSERT_TRUE(obtain());
    house.keys.retain(house.authority);
    EXPECT_EQ(house.keys.size(), 1U);
    inventory::AuthorityState without = house.authority;
    without.providers.clear();
    house.keys.retain(without);
    EXPECT_EQ(house.keys.size(), 0U);
    ASSERT_TRUE(obtain());
    house.clock.pass(5min);
    house.keys.retain(house.authority);
    EXPECT_EQ(house.keys.size(), 0U);
}

TEST_F(PrimaryKeyTest, IsAskedForWithTheProvidersCredential) {
    house.kmip().login = {"fred", "p4ssw0rd"};
    EXPECT_EQ(refusal(), "kmip.misconfigured");
    house.clock.pass(2s);
    house.connector.username = "fred";
    EXPECT_EQ(refusal(), "none");
    EXPECT_EQ(test::credential_of(house.kmip().requests.back()), house.kmip().login);
}

TEST_F(PrimaryKeyTest, FailsWithoutServers) {
    house.provider().servers.clear();
    EXPECT_EQ(refusal(), "key_server.none");
}

TEST(CheckValue, TellsKeysApartAndNothingElse) {
    const Secret key(Bytes(Buffer(32, 1)));
    EXPECT_EQ(check_value(key).size(), 16U);
    EXPECT_EQ(check_value(key), check_value(key.clone()));
    EXPECT_NE(check_value(key), check_value(Secret(Bytes(Buffer(32, 2)))));
}

} // namespace
} // namespace vouchsafe::keyprovider
