// Digests, MACs, key derivation, ciphers: against the vectors of their standards.
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/many_digests.h"
#include "crypto/random.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::crypto {
namespace {

Buffer hex(std::string_view text) {
    return from_hex(text).value();
}

Secret secret(std::string_view hex_text) {
    return Secret(hex(hex_text));
}

std::string shown(const Secret& value) {
    return value.expose([](Bytes bytes) { return to_hex(bytes); });
}

struct DigestVector {
    HashAlg alg;
    std::string_view name;
    std::string_view of_abc;
};

class DigestOfAbc : public testing::TestWithParam<DigestVector> {};

TEST_P(DigestOfAbc, IsTheStandards) {
    const auto& row = GetParam();
    EXPECT_EQ(to_hex(digest(row.alg, as_bytes("abc"))), row.of_abc);
    EXPECT_EQ(to_hex(digest(row.alg, {as_bytes("a"), {}, as_bytes("bc")})), row.of_abc);
    EXPECT_EQ(digest_size(row.alg) * 2, row.of_abc.size());
    EXPECT_EQ(to_string(row.alg), row.name);
    EXPECT_EQ(hash_alg_from_text(row.name).value(), row.alg);
    EXPECT_NE(to_hex(digest(row.alg, as_bytes("abd"))), row.of_abc);
}

// [FIPS 180-2, appendix] [GB/T 32905-2016, A.1]
INSTANTIATE_TEST_SUITE_P(
    Table,
    DigestOfAbc,
    testing::Values(DigestVector{HashAlg::sha1, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
                    DigestVector{HashAlg::sha256,
                                 "sha256",
                                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                    DigestVector{HashAlg::sha384,
                                 "sha384",
                                 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                                 "8086072ba1e7cc2358baeca134c825a7"},
                    DigestVector{HashAlg::sha512,
                                 "sha512",
                                 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
                    DigestVector{HashAlg::sm3_256,
                                 "sm3_256",
                                 "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(HashAlg, RefusesUnknownNames) {
    for (const char* name : {"", "SHA256", "md5", "sha3_256"})
        EXPECT_EQ(hash_alg_from_text(name).error().code, Errc::unsupported) << name;
}

TEST(Hasher, StartsAnewAfterFinish) {
    Hasher hasher(HashAlg::sha256);
    const Buffer first = hasher.update(as_bytes("ab")).update(as_bytes("c")).finish();
    EXPECT_EQ(first, hasher.update(as_bytes("abc")).finish());
    EXPECT_EQ(to_hex(first), to_hex(sha256(as_bytes("abc"))));
    EXPECT_EQ(sha256({as_bytes("a"), as_bytes("bc")}), sha256(as_bytes("abc")));
    EXPECT_EQ(to_hex(sha256(Bytes())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(ManyDigests, AreEachTheDigestOfTheirParts) {
    for (const HashAlg alg : {HashAlg::sha1, HashAlg::sha256, HashAlg::sha384, HashAlg::sha512}) {
        ManyDigests digests(alg);
        Buffer value(digest_size(alg));
        Buffer expected = value;
        for (int i = 0; i < 3; ++i) {
            expected = digest(alg, {expected, as_bytes("ab")});
            digests.digest({value, as_bytes("a"), as_bytes("b")}, value); // over what it read
            EXPECT_EQ(value, expected);
        }
        digests.digest({}, value);
        EXPECT_EQ(value, digest(alg, Bytes()));
    }
}

TEST(Equal, ComparesSizesAndEveryByte) {
    EXPECT_TRUE(equal(hex("0102"), hex("0102")));
    EXPECT_TRUE(equal(Bytes(), Bytes()));
    EXPECT_FALSE(equal(hex("0102"), hex("0103")));
    EXPECT_FALSE(equal(hex("0102"), hex("ff02")));
    EXPECT_FALSE(equal(hex("0102"), hex("010200")));
    EXPECT_TRUE(equal(secret("0102"), secret("0102")));
    EXPECT_FALSE(equal(secret("0102"), secret("0202")));
    EXPECT_FALSE(equal(secret("0102"), hex("01")));
    EXPECT_FALSE(equal(Secret(), hex("01")));
}

TEST(Hmac, FitsRfc4231AndRfc2202) {
    const Secret key = Secret(as_bytes("Jefe"));
    const Bytes text = as_bytes("what do ya want for nothing?");
    EXPECT_EQ(to_hex(hmac_sha256(key, text)),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(shown(hmac(HashAlg::sha384, key, {text.first(5), text.subspan(5)})),
              "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
              "8e2240ca5e69e2c78b3239ecfab21649");
    EXPECT_EQ(shown(hmac(HashAlg::sha1, key, {text})), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(to_hex(hmac_sha256(Secret(Buffer(20, 0x0B)), {as_bytes("Hi "), as_bytes("There")})),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

TEST(Hmac, TakesAnEmptyKeyAndIsAnotherForAnotherKey) {
    // [RFC 2104]: an empty key is a block of zeros; the value is the well-known one for empty key and message
    EXPECT_EQ(to_hex(hmac_sha256(Secret(), Bytes())),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    EXPECT_NE(hmac_sha256(Secret(as_bytes("a")), as_bytes("m")),
              hmac_sha256(Secret(as_bytes("b")), as_bytes("m")));
}

TEST(Hkdf, FitsRfc5869) {
    // A.1
    EXPECT_EQ(
        shown(hkdf_sha256(
            hex("000102030405060708090a0b0c"), Secret(Buffer(22, 0x0B)), hex("f0f1f2f3f4f5f6f7f8f9"), 42)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    // A.3: neither salt nor info
    EXPECT_EQ(shown(hkdf_sha256({}, Secret(Buffer(22, 0x0B)), {}, 42)),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, FitsRfc5869WithLongInputs) {
    Buffer ikm;
    Buffer salt;
    Buffer info;
    for (unsigned i = 0; i < 0x50; ++i) {
        ikm.push_back(static_cast<std::uint8_t>(i));
        salt.push_back(static_cast<std::uint8_t>(0x60 + i));
        info.push_back(static_cast<std::uint8_t>(0xB0 + i));
    }
    EXPECT_EQ(
        shown(hkdf_sha256(salt, Secret(ikm), info, 82)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    EXPECT_EQ(hkdf_sha256(salt, Secret(ikm), info, std::size_t{255} * 32).size(), std::size_t{255} * 32);
}

TEST(HkdfDeathTest, EndsTheProcessForSizesThatHkdfCannotMake) {
    const Secret key(Buffer(32, 1));
    EXPECT_DEATH(std::ignore = hkdf_sha256({}, key, {}, 0), "size >= 1");
    EXPECT_DEATH(std::ignore = hkdf_sha256({}, key, {}, (std::size_t{255} * 32) + 1), "size >= 1");
}

struct GcmVector {
    std::string_view name, key, nonce, plain, aad, sealed;
};

class Gcm : public testing::TestWithParam<GcmVector> {};

TEST_P(Gcm, SealsAndOpensAsTheStandardSays) {
    const auto& row = GetParam();
    const Secret key = secret(row.key);
    EXPECT_EQ(to_hex(aes256_gcm_seal(key, hex(row.nonce), hex(row.aad), hex(row.plain))), row.sealed);
    EXPECT_EQ(to_hex(aes256_gcm_seal(key, hex(row.nonce), hex(row.aad), secret(row.plain))), row.sealed);
    const auto opened = aes256_gcm_open(key, hex(row.nonce), hex(row.aad), hex(row.sealed));
    ASSERT_TRUE(opened);
    EXPECT_EQ(shown(*opened), row.plain);
}

TEST_P(Gcm, RefusesAnyFlippedByte) {
    const auto& row = GetParam();
    const Secret key = secret(row.key);
    const Buffer sealed = hex(row.sealed);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Buffer other = sealed;
        other[i] ^= 1U;
        const auto opened = aes256_gcm_open(key, hex(row.nonce), hex(row.aad), other);
        ASSERT_FALSE(opened) << i;
        EXPECT_EQ(opened.error().code, Errc::untrusted);
        EXPECT_EQ(opened.error().where, "aead.open");
    }
    Buffer nonce = hex(row.nonce);
    nonce[0] ^= 1U;
    EXPECT_FALSE(aes256_gcm_open(key, nonce, hex(row.aad), sealed));
    EXPECT_FALSE(aes256_gcm_open(key, hex(row.nonce), hex("00"), sealed));
    EXPECT_FALSE(aes256_gcm_open(Secret(Buffer(32, 7)), hex(row.nonce), hex(row.aad), sealed));
    EXPECT_FALSE(aes256_gcm_open(key, hex(row.nonce), hex(row.aad), Bytes(sealed).first(15)));
    EXPECT_FALSE(aes256_gcm_open(key, hex(row.nonce), hex(row.aad), {}));
}

// [The Galois/Counter Mode of Operation, appendix B, test cases 13, 14, 16]
INSTANTIATE_TEST_SUITE_P(
    Table,
    Gcm,
    testing::Values(GcmVector{"Empty",
                              "0000000000000000000000000000000000000000000000000000000000000000",
                              "000000000000000000000000",
                              "",
                              "",
                              "530f8afbc74536b9a963b4f1c4cb738b"},
                    GcmVector{"OneBlock",
                              "0000000000000000000000000000000000000000000000000000000000000000",
                              "000000000000000000000000",
                              "00000000000000000000000000000000",
                              "",
                              "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
                    GcmVector{"WithAdditionalData",
                              "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                              "cafebabefacedbaddecaf888",
                              "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                              "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                              "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                              "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                              "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                              "76fc6ece0f4e1768cddf8853bb2d551b"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(GcmDeathTest, EndsTheProcessForWrongSizes) {
    const Secret key(Buffer(32, 1));
    const Secret short_key(Buffer(16, 1));
    const Buffer nonce(12, 2);
    EXPECT_DEATH(std::ignore = aes256_gcm_seal(short_key, nonce, {}, Bytes()), "key.size");
    EXPECT_DEATH(std::ignore = aes256_gcm_seal(key, Bytes(nonce).first(11), {}, Bytes()), "nonce.size");
}

struct CfbVector {
    std::string_view name, key, cipher;
};

class Cfb : public testing::TestWithParam<CfbVector> {};

TEST_P(Cfb, FitsSp80038a) {
    const auto& row = GetParam();
    const Buffer iv = hex("000102030405060708090a0b0c0d0e0f");
    const std::string_view plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
    EXPECT_EQ(to_hex(aes_cfb_encrypt(secret(row.key), iv, secret(plain))), row.cipher);
    EXPECT_EQ(shown(aes_cfb_decrypt(secret(row.key), iv, hex(row.cipher))), plain);
    // no padding: a part of a block is as long as it was
    EXPECT_EQ(to_hex(aes_cfb_encrypt(secret(row.key), iv, secret(plain.substr(0, 10)))),
              row.cipher.substr(0, 10));
    EXPECT_TRUE(aes_cfb_encrypt(secret(row.key), iv, Secret()).empty());
    EXPECT_NE(shown(aes_cfb_decrypt(secret(row.key), Buffer(16), hex(row.cipher))), plain);
}

// [NIST SP 800-38A, F.3.13 and F.3.17]
INSTANTIATE_TEST_SUITE_P(
    Table,
    Cfb,
    testing::Values(CfbVector{"Aes128",
                              "2b7e151628aed2a6abf7158809cf4f3c",
                              "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"},
                    CfbVector{"Aes256",
                              "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                              "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(SystemRandom, GivesOtherBytesEachTime) {
    SystemRandom random;
    const Buffer one = random.bytes(32);
    EXPECT_EQ(one.size(), 32U);
    EXPECT_NE(one, random.bytes(32));
    EXPECT_NE(one, Buffer(32));
    EXPECT_TRUE(random.bytes(0).empty());
    EXPECT_FALSE(equal(random.secret(32), random.secret(32)));
}

} // namespace
} // namespace vouchsafe::crypto
