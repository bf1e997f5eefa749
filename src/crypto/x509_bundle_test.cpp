// Every form in which makers of TPMs hand out their certificates.
#include "crypto/x509_bundle.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace vouchsafe::crypto {
namespace {

Certificate from_vector(const std::string& name) {
    const Buffer bytes = test::read_vector("crypto/ek/" + name);
    return name.ends_with(".pem") ? *Certificate::from_pem(as_text(bytes))
                                  : *Certificate::from_der(bytes, Padding::tolerated);
}

struct Form {
    std::string name;
    std::string file; ///< below vectors/crypto/fuzz-bundle_fuzz
    std::vector<std::string> holds;
};

class Bundle : public testing::TestWithParam<Form> {};

TEST_P(Bundle, GivesItsCertificates) {
    const auto bundle =
        certificates_from_bundle(test::read_vector("crypto/fuzz-bundle_fuzz/" + GetParam().file));
    ASSERT_TRUE(bundle) << bundle.error().detail;
    std::vector<Certificate> found;
    for (const auto& one : *bundle)
        found.push_back(one.value());
    std::vector<Certificate> wanted;
    for (const std::string& name : GetParam().holds)
        wanted.push_back(from_vector(name));
    EXPECT_TRUE(found.size() == wanted.size() && std::ranges::is_permutation(found, wanted));
}

INSTANTIATE_TEST_SUITE_P(Forms,
                         Bundle,
                         testing::Values(Form{"Pem", "bundle.pem", {"issuer.pem", "root.pem", "issuer.pem"}},
                                         Form{"TrustedPem", "trusted.pem", {"issuer.pem"}},
                                         Form{"DerAfterDer", "concatenated.der", {"issuer.pem", "root.pem"}},
                                         Form{"Pkcs7", "pkcs7.p7b", {"issuer.pem", "root.pem"}},
                                         Form{"Pkcs7InPem", "pkcs7.pem", {"issuer.pem", "root.pem"}},
                                         Form{"NvHeader", "rsa-2048-stored-cert.der", {"rsa-2048.der"}},
                                         Form{"NvPadding", "rsa-2048-padded-ff.der", {"rsa-2048.der"}}),
                         [](const testing::TestParamInfo<Form>& row) { return row.param.name; });

std::string error_of(Bytes file, BundleLimits limits = {}) {
    const auto bundle = certificates_from_bundle(file, limits);
    return bundle ? "" : std::string(to_string(bundle.error().code));
}

TEST(Bundle, KeepsABrokenCertificateInItsPlace) {
    const Certificate issuer = from_vector("issuer.pem");
    const std::string broken = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    const auto bundle = certificates_from_bundle(as_bytes(issuer.pem() + broken + issuer.pem()));
    ASSERT_TRUE(bundle);
    ASSERT_EQ(bundle->size(), 3U);
    EXPECT_TRUE(bundle->at(0));
    EXPECT_EQ(bundle->at(1).error().where, "x509.der");
    EXPECT_TRUE(bundle->at(2));
    EXPECT_EQ(error_of(as_bytes(broken)), "malformed");
}

TEST(Bundle, RefusesOtherFilesAndTooMuch) {
    const std::string pem = from_vector("issuer.pem").pem();
    const Buffer der = from_vector("issuer.pem").der();
    Buffer twice = der;
    twice.insert(twice.end(), der.begin(), der.end());
    EXPECT_EQ(error_of({}), "malformed");
    EXPECT_EQ(error_of(as_bytes("a text")), "malformed");
    EXPECT_EQ(error_of(as_bytes(pem + "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n")),
              "malformed");
    EXPECT_EQ(error_of(as_bytes(pem + "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n")),
              "malformed");
    EXPECT_EQ(error_of(Bytes(twice).first(twice.size() - 1)), "malformed");
    EXPECT_EQ(error_of(as_bytes(pem + pem), {.bytes = 1 << 20, .certificates = 1}), "too_large");
    EXPECT_EQ(error_of(as_bytes(pem), {.bytes = 100, .certificates = 9}), "too_large");
    EXPECT_EQ(error_of(twice, {.bytes = 1 << 20, .certificates = 1}), "too_large");
}

} // namespace
} // namespace vouchsafe::crypto
