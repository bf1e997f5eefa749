#include "vmcrypt/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace vouchsafe::vmcrypt {
namespace {

constexpr std::string_view vm = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

Secret counting_kek(std::size_t size = kek_bytes) {
    Secret kek(size);
    kek.fill([](std::span<std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(i);
    });
    return kek;
}

std::string hex_of(const Secret& secret) {
    return secret.expose([](Bytes bytes) { return to_hex(bytes); });
}

struct Derived {
    KeyUse use;
    std::string_view name, hex;
};

// From Python's hmac module.
constexpr std::array<Derived, 4> derived{{
    {KeyUse::disk, "disk", "f075825b28c7b0baee05bc6b66854cc64f63a73fff696fe5f974b76e652012a4"},
    {KeyUse::vtpm, "vtpm", "998394a0b890088275ba2879b7048c9ceb04f71fa2b9d06a22c7efdaa6aba433"},
    {KeyUse::nvram, "nvram", "5c38ec02ae0bd6e5288486ecfdbc265c147cf70aeb513a93ccda03cc4fb0a810"},
    {KeyUse::memory, "memory", "07aa582282320cc7f73f5d2ab8d7d4753441189fdbb2995f5b8a8cff11f19120"},
}};

TEST(DeriveKey, GivesEachUseItsOwnKey) {
    for (const Derived& row : derived) {
        const auto key = derive_key(counting_kek(), row.use, vm);
        ASSERT_TRUE(key) << row.name;
        EXPECT_EQ(hex_of(*key), row.hex) << row.name;
        EXPECT_EQ(to_string(row.use), row.name);
    }
}

TEST(DeriveKey, GivesEachObjectItsOwnKey) {
    const auto one = derive_key(counting_kek(), KeyUse::disk, vm);
    const auto other = derive_key(counting_kek(), KeyUse::disk, "3f2504e0-4f89-41d3-9a0c-0305e82c3302");
    ASSERT_TRUE(one && other);
    EXPECT_NE(hex_of(*one), hex_of(*other));
}

TEST(DeriveKey, RefusesAKekOfAnotherSize) {
    for (const std::size_t size : {0U, 31U, 33U}) {
        const auto key = derive_key(counting_kek(size), KeyUse::disk, vm);
        ASSERT_FALSE(key) << size;
        EXPECT_EQ(key.error().where, "vmcrypt.kek");
    }
}

TEST(DeriveKey, RefusesAnObjectThatIsNoUuid) {
    for (const std::string_view object : {"", "disk", "3F2504E0-4F89-41D3-9A0C-0305E82C3301"}) {
        const auto key = derive_key(counting_kek(), KeyUse::disk, object);
        ASSERT_FALSE(key) << object;
        EXPECT_EQ(key.error().where, "vmcrypt.object");
    }
}

TEST(LuksPassphrase, IsTheDerivedKeyAsHexDigits) {
    const auto passphrase = luks_passphrase(counting_kek(), KeyUse::disk, vm);
    ASSERT_TRUE(passphrase);
    EXPECT_EQ(passphrase->expose([](Bytes text) { return std::string(as_text(text)); }), derived[0].hex);
}

TEST(LuksPassphrase, RefusesWhatDeriveKeyRefuses) {
    EXPECT_FALSE(luks_passphrase(counting_kek(16), KeyUse::disk, vm));
    EXPECT_FALSE(luks_passphrase(counting_kek(), KeyUse::disk, "../disk"));
}

} // namespace
} // namespace vouchsafe::vmcrypt
