// Signatures appended to kernel modules, as OpenSSL makes them in the way of sign-file.
#include "crypto/appended_signature.h"
#include "crypto/digest_signature.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::crypto {
namespace {

Buffer vector(const std::string& name) {
    return test::read_vector("crypto/appended/" + name);
}

TEST(AppendedSignature, IsReadWhoeverNamesItsSigner) {
    const auto key = public_key_from_spki_der(vector("signer.spki.der"));
    ASSERT_TRUE(key);
    const Buffer digest_of_module = digest(HashAlg::sha256, Bytes(vector("module")));
    for (const char* const name : {"module.p7s", "key-id.p7s"}) { // by its issuer, or by its key
        const auto read = appended_signature(vector(name));
        ASSERT_TRUE(read) << name << read.error().detail;
        EXPECT_EQ(read->hash, HashAlg::sha256);
        EXPECT_TRUE(verify_digest(*key, HashAlg::sha256, digest_of_module, read->signature)) << name;
    }
}

TEST(AppendedSignature, RefusesWhatItCannotJudge) {
    const auto refused = [](Bytes der) {
        const auto read = appended_signature(der);
        EXPECT_FALSE(read);
        return read ? Errc::internal : read.error().code;
    };
    EXPECT_EQ(refused(vector("attributes.p7s")), Errc::unsupported);
    EXPECT_EQ(refused(vector("sha1.p7s")), Errc::unsupported);
    EXPECT_EQ(refused(vector("content.p7s")), Errc::malformed);
    EXPECT_EQ(refused(vector("two.p7s")), Errc::malformed); // signers
    EXPECT_EQ(refused(vector("signer.spki.der")), Errc::malformed);
    EXPECT_EQ(refused({}), Errc::malformed);
    Buffer longer = vector("module.p7s");
    longer.push_back(0);
    EXPECT_EQ(refused(longer), Errc::malformed);
    EXPECT_EQ(refused(Buffer(most_appended + 1)), Errc::too_large);
}

} // namespace
} // namespace vouchsafe::crypto
