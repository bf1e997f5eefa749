#include "base/reader.h"
#include "crypto/authenticode.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace vouchsafe::crypto {
namespace {

/// What sbsign put at the end of an EFI program, without the eight bytes before it.
Buffer signature_of(const std::string& name) {
    const Buffer file = test::read_vector("appraisal/" + name);
    constexpr std::size_t directory = 64 + 24 + 112 + 4 * 8; // in the vectors
    const std::size_t at = Reader(Bytes(file).subspan(directory)).little<std::uint32_t>("").value();
    return to_buffer(Bytes(file).subspan(at + 8));
}

/// The certificate in a signature that is its own issuer's.
Certificate signer_of(const Buffer& signature) {
    for (std::size_t at = 1; at + 4 < signature.size(); ++at) {
        const std::size_t size =
            std::size_t{4} + Reader(Bytes(signature).subspan(at + 2)).big<std::uint16_t>("").value();
        if (signature[at] != 0x30 || signature[at + 1] != 0x82 || at + size > signature.size())
            continue;
        if (auto certificate = Certificate::from_der(Bytes(signature).subspan(at, size)))
            return *certificate;
    }
    VS_CHECK(false);
    std::unreachable();
}

TEST(Authenticode, NamesTheDigestThatItCovers) {
    const auto found = authenticode_digest(signature_of("uki/signed.efi"));
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->hash, HashAlg::sha256);
    EXPECT_EQ(to_hex(found->digest), "b06047bcfe90046709594feafb7c4c0ae6bf941f7c010251f21277b25dd44ad3");
}

TEST(Authenticode, LeadsToItsSignerAndToNobodyElse) {
    const Buffer one = signature_of("uki/signed.efi");
    const Buffer other = signature_of("shim/grub.efi");
    EXPECT_TRUE(verify_authenticode(one, signer_of(one)));
    EXPECT_TRUE(verify_authenticode(other, signer_of(other)));
    const auto refused = verify_authenticode(one, signer_of(other));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::untrusted);
    EXPECT_FALSE(verify_authenticode(other, signer_of(one)));
}

TEST(Authenticode, AnotherDigestIsNotSigned) {
    Buffer changed = signature_of("uki/signed.efi");
    const Certificate signer = signer_of(changed);
    const auto digest = authenticode_digest(changed)->digest;
    const auto found = std::ranges::search(changed, digest);
    ASSERT_FALSE(found.empty());
    *found.begin() ^= 1U;
    EXPECT_NE(authenticode_digest(changed)->digest, digest);
    EXPECT_EQ(verify_authenticode(changed, signer).error().code, Errc::untrusted);
}

TEST(Authenticode, RefusesWhatIsNone) {
    const Buffer good = signature_of("uki/signed.efi");
    Buffer cut(good.begin(), good.end() - 40);
    Buffer longer = good;
    longer.push_back(1);
    Buffer other_content = good;
    const auto oid = std::ranges::search(other_content, from_hex("2b060104018237020104").value());
    ASSERT_FALSE(oid.empty());
    oid.front() ^= 1U;
    for (const Buffer& bytes : {Buffer(), cut, longer, other_content, Buffer(64, 0x30)})
        EXPECT_EQ(authenticode_digest(bytes).error().code, Errc::malformed);
    Buffer padded = good;
    padded.insert(padded.end(), 8, 0);
    EXPECT_TRUE(authenticode_digest(padded));
    EXPECT_EQ(authenticode_digest(Buffer(most_authenticode + 1)).error().code, Errc::too_large);
    EXPECT_FALSE(verify_authenticode(longer, signer_of(good)));
}

} // namespace
} // namespace vouchsafe::crypto
