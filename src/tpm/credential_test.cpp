#include "crypto/ec_key.h"
#include "crypto/random.h"
#include "tests/support/software_tpm.h"
#include "tests/support/vector_file.h"
#include "tpm/credential.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::tpm {
namespace {

EndorsementKey recorded_ek(const std::string& name) {
    auto area = parse_public_area(test::read_vector("tpm/" + name + ".pub"));
    VS_CHECK(area.has_value());
    auto key = EndorsementKey::from(*std::move(area));
    VS_CHECK(key.has_value());
    return *std::move(key);
}

TEST(MakeCredential, OpensInTheTpmThatItWasMadeFor) {
    crypto::SystemRandom random;
    test::SoftwareTpm tpm;
    const Secret secret = random.secret(32);
    const auto credential = make_credential(tpm.ek(), tpm.ak().name(), secret, random);
    ASSERT_TRUE(credential);
    const auto opened = tpm.activate(*credential);
    ASSERT_TRUE(opened) << opened.error().where;
    EXPECT_TRUE(crypto::equal(*opened, secret));
}

TEST(MakeCredential, OpensForTheNamedKeyAlone) {
    crypto::SystemRandom random;
    test::SoftwareTpm tpm;
    Buffer other = tpm.ak().name();
    other.back() ^= 1U;
    const auto credential = make_credential(tpm.ek(), other, random.secret(32), random);
    ASSERT_TRUE(credential);
    EXPECT_EQ(tpm.activate(*credential).error().where, "credential.integrity");
}

TEST(MakeCredential, OpensInNoOtherTpm) {
    crypto::SystemRandom random;
    test::SoftwareTpm tpm;
    test::SoftwareTpm other;
    const auto credential = make_credential(other.ek(), tpm.ak().name(), random.secret(32), random);
    ASSERT_TRUE(credential);
    EXPECT_EQ(tpm.activate(*credential).error().where, "credential.integrity");
}

TEST(MakeCredential, OpensOnlyUnchanged) {
    crypto::SystemRandom random;
    test::SoftwareTpm tpm;
    const auto credential = make_credential(tpm.ek(), tpm.ak().name(), random.secret(32), random);
    ASSERT_TRUE(credential);
    for (std::size_t at = 4; at < credential->blob.size(); ++at) {
        Credential changed = *credential;
        changed.blob[at] ^= 1U;
        EXPECT_FALSE(tpm.activate(changed)) << at;
    }
}

// The shapes that TPM2_ActivateCredential expects; that a TPM opens them is tested with swtpm in tpmdev.
TEST(MakeCredential, HasTheSizesOfEachTemplate) {
    crypto::SystemRandom random;
    const Buffer name = *from_hex(test::read_vector_lines("tpm/good-ak-ecc.names").front());

    struct Row {
        std::string ek;
        std::size_t blob, secret;
    };

    for (const Row& row : {Row{"good-ek-l1", 2 + 2 + 32 + 2 + 32, 2 + 256},
                           Row{"good-ek-l2", 2 + 2 + 32 + 2 + 32, 2 + 2 * (2 + 32)},
                           Row{"good-ek-h3", 2 + 2 + 48 + 2 + 32, 2 + 2 * (2 + 48)}}) {
        const auto credential = make_credential(recorded_ek(row.ek), name, random.secret(32), random);
        ASSERT_TRUE(credential) << row.ek;
        EXPECT_EQ(credential->blob.size(), row.blob) << row.ek;
        EXPECT_EQ(credential->secret.size(), row.secret) << row.ek;
    }
}

} // namespace
} // namespace vouchsafe::tpm
