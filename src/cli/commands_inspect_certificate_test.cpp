#include "tests/support/command_run.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

const std::string tpm = std::string(VS_VECTORS) + "/tpm/";

test::CommandRun inspect(const std::vector<std::string>& words) {
    std::vector<std::string> all = {"inspect", "ek-certificate"};
    all.insert(all.end(), words.begin(), words.end());
    return test::run_command(std::move(all));
}

TEST(InspectCertificateCommand, EndsWithTheVerdict) {
    const test::CommandRun verified = inspect({tpm + "good-ek-l1.der", "--ca", tpm + "ek-ca.pem"});
    EXPECT_EQ(verified.exit, 0) << verified.out;
    EXPECT_TRUE(verified.out.ends_with("\nverified\n")) << verified.out;
    const test::CommandRun refused = inspect({tpm + "good-ek-l1.der", "--ca", tpm + "good-ek-l2.der"});
    EXPECT_EQ(refused.exit, 1);
    EXPECT_NE(refused.out.find("not verified: x509.path"), std::string::npos) << refused.out;
    EXPECT_EQ(inspect({tpm + "README.md", "--ca", tpm + "ek-ca.pem"}).exit, 2);
    EXPECT_EQ(inspect({tpm + "good-ek-l1.der", "--ca", "/nonexistent/ca"}).exit, 3);
    EXPECT_EQ(inspect({tpm + "good-ek-l1.der"}).exit, 2) << "no CA";
}

TEST(InspectCertificateCommand, GivesJson) {
    const std::vector<std::string> words = {
        tpm + "good-ek-l1.der", "--ca", tpm + "ek-ca.pem", tpm + "good-ek-l2.der", "--output", "json"};
    EXPECT_NE(inspect(words).out.find("\"verified\": true"), std::string::npos);
}

} // namespace
} // namespace vouchsafe::cli
