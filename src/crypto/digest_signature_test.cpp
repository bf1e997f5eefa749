#include "crypto/digest_signature.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::crypto {
namespace {

struct Row {
    std::string key;
    std::string scheme;
    HashAlg hash;
};

TEST(DigestSignature, HoldsOverTheDigestOfWhatWasSigned) {
    const Buffer message = test::read_vector("crypto/signatures/message.txt");
    for (const Row& row :
         {Row{"rsa-2048", "rsassa", HashAlg::sha256}, Row{"ec-p256", "ecdsa", HashAlg::sha256}}) {
        const auto key =
            public_key_from_spki_der(test::read_vector("crypto/signatures/" + row.key + ".spki.der"));
        ASSERT_TRUE(key) << row.key;
        const Buffer signature = test::read_vector("crypto/signatures/" + row.key + "." + row.scheme + "-" +
                                                   std::string(to_string(row.hash)) + ".sig");
        const Buffer good = digest(row.hash, Bytes(message));
        EXPECT_TRUE(verify_digest(*key, row.hash, good, signature)) << row.key;
        Buffer other = good;
        other.front() ^= 1U;
        EXPECT_EQ(verify_digest(*key, row.hash, other, signature).error().where, "signature.digest");
        EXPECT_FALSE(verify_digest(*key, row.hash, Bytes(good).first(31), signature));
        EXPECT_FALSE(verify_digest(*key, row.hash, {}, signature));
        EXPECT_FALSE(verify_digest(*key, row.hash, good, Bytes(signature).first(signature.size() - 1)));
        EXPECT_FALSE(verify_digest(*key, row.hash, good, {}));
        EXPECT_FALSE(verify_digest(*key, HashAlg::sha512, Buffer(64, 1), signature));
        EXPECT_EQ(verify_digest(*key, HashAlg::sha1, Buffer(20, 1), signature).error().code,
                  Errc::unsupported);
    }
}

TEST(KeyIdentifier, IsTheOneOfCertificates) {
    const Buffer spki = test::read_vector("crypto/signatures/ec-p256.spki.der");
    constexpr std::size_t bits = 65; // an uncompressed point, at the end
    EXPECT_EQ(key_identifier(spki), digest(HashAlg::sha1, Bytes(spki).last(bits)));
}

} // namespace
} // namespace vouchsafe::crypto
