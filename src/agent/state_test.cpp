#include "agent/state.h"
#include "crypto/x509.h"
#include "tests/support/counting_random.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace vouchsafe::agent {
namespace {

namespace fs = std::filesystem;

constexpr fs::perms owner_only = fs::perms::owner_read | fs::perms::owner_write;

class State : public testing::Test {
protected:
    AgentState open() const { return AgentState::open(directory_.path() + "/state").value(); }

    fs::path file(std::string_view name) const { return fs::path(directory_.path()) / "state" / name; }

    test::TestDirectory directory_;
};

std::string hex_of(const Secret& secret) {
    return secret.expose([](Bytes bytes) { return to_hex(bytes); });
}

TEST_F(State, MakesTheAttestationKeysSecretOnce) {
    test::CountingRandom random;
    const auto first = open().attestation_key_seed(random);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->unique.size(), 64U);
    EXPECT_EQ(first->auth.size(), 32U);
    const auto again = open().attestation_key_seed(random);
    ASSERT_TRUE(again);
    EXPECT_EQ(hex_of(again->unique), hex_of(first->unique));
    EXPECT_EQ(hex_of(again->auth), hex_of(first->auth));
    EXPECT_EQ(fs::status(file("ak.seed")).permissions(), owner_only);
}

TEST_F(State, NeverReplacesADamagedSecret) {
    test::CountingRandom random;
    ASSERT_TRUE(open().attestation_key_seed(random));
    fs::resize_file(file("ak.seed"), 10);
    EXPECT_EQ(open().attestation_key_seed(random).error().where, "state.ak_seed");
    EXPECT_EQ(fs::file_size(file("ak.seed")), 10U);
}

TEST_F(State, KeepsTheClientKey) {
    const SysTime now = from_seconds(1'800'000'000);
    const auto first = open().client_identity("host-b", now);
    const auto again = open().client_identity("host-b", now + std::chrono::hours(1));
    ASSERT_TRUE(first && again);
    EXPECT_EQ(crypto::Certificate::from_pem(first->certificate_pem)->spki_der(),
              crypto::Certificate::from_pem(again->certificate_pem)->spki_der());
    EXPECT_EQ(fs::status(file("client.key")).permissions(), owner_only);
}

TEST_F(State, RemembersWhereItJoined) {
    EXPECT_EQ(open().joined().value(), std::nullopt);
    const Joined joined{.manager = "https://m:1", .pin = "p", .host = "host-1", .cluster = "c"};
    ASSERT_TRUE(open().save_joined(joined));
    EXPECT_EQ(open().joined().value(), joined);
    EXPECT_EQ(open().anchor().value(), std::nullopt);
    ASSERT_TRUE(open().save_anchor("abc"));
    EXPECT_EQ(open().anchor().value(), "abc");
}

TEST_F(State, RemembersServices) {
    EXPECT_EQ(open().services().value(), StoredServices{});
    const StoredServices stored{
        .least_version = 3, .applied_version = 9, .document = json::object({{"a", 1}})};
    ASSERT_TRUE(open().save_services(stored));
    EXPECT_EQ(open().services().value(), stored);
}

TEST_F(State, RefusesADamagedDocument) {
    ASSERT_TRUE(open().save_services({.least_version = 3, .applied_version = 9, .document = {}}));
    std::ofstream(file("services.json"), std::ios::app) << " ";
    EXPECT_FALSE(open().services());
}

TEST_F(State, RefusesADirectoryThatOthersMayEnter) {
    (void)open();
    fs::permissions(file(""), fs::perms::owner_all | fs::perms::others_exec);
    EXPECT_FALSE(AgentState::open(directory_.path() + "/state"));
}

} // namespace
} // namespace vouchsafe::agent
