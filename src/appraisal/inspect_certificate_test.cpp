#include "appraisal/inspect_certificate.h"
#include "crypto/x509.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

const Buffer leaf = test::read_vector("tpm/good-ek-l1.der");
const Buffer ca_bundle = test::read_vector("tpm/ek-ca.pem");
const SysTime now = crypto::Certificate::from_der(leaf)->not_before() + std::chrono::hours(1);

const json::Array& path_of(const InspectReport& report) {
    return report.json.find("path")->as_array();
}

std::string reason(const InspectReport& report) {
    return report.json.find("reason")->find("code")->as_string();
}

TEST(InspectCertificate, GivesThePathToACa) {
    const std::vector<Buffer> cas = {ca_bundle};
    const InspectReport report = inspect_ek_certificate(leaf, cas, now);
    ASSERT_EQ(report.verdict, Verdict::fine);
    EXPECT_TRUE(report.json.find("verified")->as_bool());
    EXPECT_TRUE(report.json.find("reason")->is_null());
    ASSERT_GE(path_of(report).size(), 2U);
    EXPECT_EQ(path_of(report).front().find("sha256")->as_string(),
              to_hex(crypto::Certificate::from_der(leaf)->fingerprint()));
    EXPECT_EQ(*path_of(report).at(0).find("issuer"), *path_of(report).at(1).find("subject"));
    EXPECT_FALSE(report.json.find("tpm")->find("manufacturer")->as_string().empty());
}

TEST(InspectCertificate, TakesEveryForm) {
    const auto certificate = *crypto::Certificate::from_der(leaf);
    Buffer padded = leaf;
    padded.resize(padded.size() + 100, 0xFF);
    const std::string pem = "a text before\n" + certificate.pem();
    for (const Buffer& form : {padded, to_buffer(as_bytes(pem))})
        EXPECT_EQ(inspect_ek_certificate(form, std::vector<Buffer>{ca_bundle}, now).verdict, Verdict::fine);

    // Each CA as a file of its own, in DER; and the root alone, with the intermediate beside the leaf.
    const auto bundle = *crypto::certificates_from_pem(as_text(ca_bundle));
    std::vector<Buffer> files;
    std::vector<Buffer> root;
    std::string chain = certificate.pem();
    for (const auto& ca : bundle) {
        files.push_back(ca.der());
        if (ca.is_self_issued())
            root = {ca.der()};
        else
            chain += ca.pem();
    }
    EXPECT_EQ(inspect_ek_certificate(leaf, files, now).verdict, Verdict::fine);
    EXPECT_EQ(inspect_ek_certificate(as_bytes(chain), root, now).verdict, Verdict::fine);
    EXPECT_EQ(reason(inspect_ek_certificate(leaf, root, now)), "x509.path");
}

TEST(InspectCertificate, GivesTheReason) {
    const auto certificate = *crypto::Certificate::from_der(leaf);
    const InspectReport foreign = inspect_ek_certificate(leaf, std::vector<Buffer>{leaf}, now);
    EXPECT_EQ(foreign.verdict, Verdict::does_not_verify);
    EXPECT_FALSE(foreign.json.find("verified")->as_bool());
    EXPECT_TRUE(path_of(foreign).empty());
    const auto late = certificate.not_before() - std::chrono::hours(24);
    EXPECT_EQ(reason(inspect_ek_certificate(leaf, std::vector<Buffer>{ca_bundle}, late)), "x509.expired");
    Buffer altered = leaf;
    altered.back() ^= 1U;
    EXPECT_EQ(inspect_ek_certificate(altered, std::vector<Buffer>{ca_bundle}, now).verdict,
              Verdict::does_not_verify);
}

TEST(InspectCertificate, SaysWhichFileIsMalformed) {
    EXPECT_EQ(inspect_ek_certificate({}, std::vector<Buffer>{ca_bundle}, now).verdict, Verdict::malformed);
    const InspectReport bad_ca = inspect_ek_certificate(leaf, std::vector<Buffer>{ca_bundle, Buffer{1}}, now);
    EXPECT_EQ(bad_ca.verdict, Verdict::malformed);
    EXPECT_TRUE(bad_ca.json.find("reason")->find("message")->as_string().starts_with("CA file 2: "));
}

} // namespace
} // namespace vouchsafe::appraisal
