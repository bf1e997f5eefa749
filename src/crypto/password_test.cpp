#include "crypto/password.h"
#include "crypto/random.h"

#include <gtest/gtest.h>

namespace vouchsafe::crypto {
namespace {

constexpr ScryptCost cheap{.n = 16, .r = 1, .p = 1};

TEST(Scrypt, FitsRfc7914) {
    const auto empty = scrypt(Secret(), {}, {.n = 16, .r = 1, .p = 1}, 64);
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->expose([](Bytes bytes) { return to_hex(bytes); }),
              "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
              "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
    const auto salted =
        scrypt(Secret(as_bytes("password")), as_bytes("NaCl"), {.n = 1024, .r = 8, .p = 16}, 64);
    ASSERT_TRUE(salted);
    EXPECT_EQ(salted->expose([](Bytes bytes) { return to_hex(bytes); }),
              "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
              "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
}

TEST(Scrypt, RefusesCostsThatAreNoneOrTooHigh) {
    for (const ScryptCost cost : {ScryptCost{.n = 0, .r = 8, .p = 1},
                                  ScryptCost{.n = 1, .r = 8, .p = 1},
                                  ScryptCost{.n = 1000, .r = 8, .p = 1},
                                  ScryptCost{.n = 1U << 21U, .r = 1, .p = 1},
                                  ScryptCost{.n = 1U << 20U, .r = 8, .p = 1},
                                  ScryptCost{.n = 16, .r = 0, .p = 1},
                                  ScryptCost{.n = 16, .r = 1, .p = 0},
                                  ScryptCost{.n = 16, .r = 1, .p = 17}})
        EXPECT_EQ(scrypt(Secret(), {}, cost, 32).error().where, "password.cost");
    EXPECT_FALSE(scrypt(Secret(), {}, cheap, 0));
}

TEST(Password, IsVerifiedAgainstItsHashOnly) {
    SystemRandom random;
    const std::string stored = hash_password(Secret(as_bytes("correct horse")), random, cheap);
    EXPECT_TRUE(stored.starts_with("scrypt$16$1$1$"));
    EXPECT_TRUE(verify_password(Secret(as_bytes("correct horse")), stored));
    for (const char* wrong : {"correct horsf", "correct hors", "correct horse ", ""}) {
        const auto verified = verify_password(Secret(as_bytes(wrong)), stored);
        ASSERT_FALSE(verified);
        EXPECT_EQ(verified.error().code, Errc::untrusted);
        EXPECT_EQ(verified.error().where, "password.wrong");
    }
    EXPECT_NE(stored, hash_password(Secret(as_bytes("correct horse")), random, cheap));
}

TEST(Password, RefusesTextsThatAreNoHash) {
    const std::string salt = to_base64(Buffer(16, 1));
    const std::string hash = to_base64(Buffer(32, 2));
    const std::string good = "scrypt$16$1$1$" + salt + "$" + hash;
    EXPECT_EQ(verify_password(Secret(), good).error().where, "password.wrong");
    for (const std::string& bad : {std::string(),
                                   std::string("scrypt"),
                                   "bcrypt$16$1$1$" + salt + "$" + hash,
                                   "scrypt$016$1$1$" + salt + "$" + hash,
                                   "scrypt$-16$1$1$" + salt + "$" + hash,
                                   "scrypt$99999999999999999999$1$1$" + salt + "$" + hash,
                                   "scrypt$1048576$32$1$" + salt + "$" + hash,
                                   "scrypt$16$1$1$" + salt,
                                   "scrypt$16$1$1$$" + hash,
                                   "scrypt$16$1$1$" + salt + "$",
                                   "scrypt$16$1$1$" + salt + "$" + to_base64(Buffer(31, 2)),
                                   good + "$",
                                   good + "$x",
                                   good + " "}) {
        const auto verified = verify_password(Secret(), bad);
        ASSERT_FALSE(verified) << bad;
        EXPECT_EQ(verified.error().where, "password.hash") << bad;
    }
}

} // namespace
} // namespace vouchsafe::crypto
