#include "authority/key_comparison.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <thread>

namespace vouchsafe::authority {
namespace {

using namespace std::chrono_literals;

class KeyComparisonTest : public testing::Test {
protected:
    KeyComparisonTest() {
        inventory::Provider& provider = state_.providers.at("gold");
        provider.servers.push_back({.name = "second", .address = {.hostname = "kms-2", .port = 5696}});
        for (const char* const name : {"kms-1", "kms-2"})
            connector_.servers[name].keys["pk-2"] = {.material = Buffer(32, 0x22)};
        provider.generations.back().check_value = keyprovider::check_value(Secret(Buffer(32, 0x22)));
    }

    bool is_excluded(std::size_t at) {
        const inventory::Provider& provider = state_.providers.at("gold");
        return kmip_.record(provider, provider.servers.at(at)).excluded.has_value();
    }

    test::SteppedClock clock_;
    test::CountingRandom random_;
    test::MemoryConnector connector_;
    keyprovider::KmipKeyServer kmip_{connector_, clock_, random_};
    inventory::AuthorityState state_ = test::make_state();
};

TEST_F(KeyComparisonTest, FindsAServerThatChangesItsKey) {
    compare_keys(kmip_, state_);
    EXPECT_FALSE(is_excluded(1));
    connector_.servers["kms-2"].fault = test::KmipFault::other_value;
    compare_keys(kmip_, state_);
    EXPECT_TRUE(is_excluded(1));
    EXPECT_FALSE(is_excluded(0));
}

TEST_F(KeyComparisonTest, AsksNobodyWhereThereIsNothingToCompare) {
    state_.providers.at("gold").servers.pop_back();
    compare_keys(kmip_, state_);
    EXPECT_TRUE(connector_.servers["kms-1"].requests.empty());
}

TEST_F(KeyComparisonTest, GoesOnByItself) {
    compare_keys(kmip_, state_);
    connector_.servers["kms-2"].fault = test::KmipFault::other_value;
    const auto state = std::make_shared<const inventory::AuthorityState>(state_);
    const KeyComparison comparison(kmip_, [&] { return state; }, 1ms);
    while (!is_excluded(1))
        std::this_thread::yield();
    connector_.servers["kms-2"].fault = test::KmipFault::none;
    while (is_excluded(1))
        std::this_thread::yield();
}

} // namespace
} // namespace vouchsafe::authority
