// What can be revoked, and by which names alone.
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vouchsafe::authority {
namespace {

constexpr std::string_view revocations = "vouchsafe.revocations";

class Revocations : public ::testing::Test {
protected:
    Result<json::Value> revoke(const std::string& kind, const std::string& value) {
        return house_.call(
            revocations,
            "create",
            json::object({{"spec", json::object({{"kind", kind}, {"value", value}, {"reason", "leaked"}})}}));
    }

    test::AuthorityHouse house_;
};

std::string digits(std::size_t count) {
    std::string out(count, 'a');
    return out;
}

TEST_F(Revocations, AreOnceAndForEver) {
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(revoke("key_id", digits(32)));
    EXPECT_TRUE(house_.core->state()->is_revoked(inventory::RevocationKind::key, digits(32)));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    EXPECT_EQ(revoke("key_id", digits(32)).error().code, Errc::exists);
    EXPECT_EQ(revoke("everything", "x").error().code, Errc::malformed);
    EXPECT_EQ(revoke("key_id", "").error().code, Errc::malformed);
}

struct Name {
    const char* kind;
    std::string value;
};

TEST_F(Revocations, AreOfEveryKind) {
    const Name rows[] = {{"host", "h-" + digits(32)},
                         {"ek", digits(64)},
                         {"ak", "000b" + digits(64)},
                         {"ca", digits(64)},
                         {"image", "Any name"},
                         {"file", digits(64)},
                         {"firmware", digits(96)},
                         {"tpm_model", "IFX/SLB 9670/7.63"},
                         {"authority_key", house_.keys.key(token::KeyUse::token).public_key().thumbprint()},
                         {"generation", digits(32) + "/12"},
                         {"key_id", digits(32)},
                         {"blob", digits(64)}};
    for (const auto& [kind, value] : rows) {
        EXPECT_TRUE(revoke(kind, value)) << kind;
    }
    EXPECT_EQ(house_.core->state()->revocations.size(), std::size(rows));
    const auto listed = house_.call(revocations, "list");
    ASSERT_TRUE(listed);
    for (const auto& [kind, value] : rows) {
        const json::Value row = json::object({{"kind", kind}, {"value", value}, {"reason", "leaked"}});
        EXPECT_EQ(std::ranges::count(listed->as_array(), row), 1) << kind;
    }
}

TEST_F(Revocations, TakeNoOtherName) {
    const Name rows[] = {{"host", "host-a"}, // its label
                         {"host", "h-" + digits(31)},
                         {"ek", "sha256:" + digits(64)},
                         {"ek", std::string(64, 'A')},
                         {"ak", digits(64)},
                         {"ca", digits(40)},
                         {"file", digits(40)}, // SHA-1 decides nothing
                         {"file", "/usr/bin/bash"},
                         {"firmware", digits(40)},
                         {"firmware", "2.5.1"},
                         {"tpm_model", "SLB9670"},
                         {"tpm_model", "IFX/SLB9670"},
                         {"tpm_model", "/SLB9670/7.63"},
                         {"authority_key", "authority-1"},
                         {"authority_key", digits(64)},
                         {"generation", digits(32)},
                         {"generation", "gold/1"},
                         {"generation", digits(32) + "/0"},
                         {"generation", digits(32) + "/1x"},
                         {"generation", digits(32) + "/"},
                         {"key_id", digits(64)},
                         {"blob", digits(63)},
                         {"blob", digits(65)}};
    for (const auto& [kind, value] : rows) {
        EXPECT_EQ(revoke(kind, value).error().where, "revocation.value") << kind << " " << value;
    }
    EXPECT_TRUE(house_.core->state()->revocations.empty());
}

} // namespace
} // namespace vouchsafe::authority
