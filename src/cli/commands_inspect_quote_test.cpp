#include "tests/support/command_run.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

std::string vector_path(const std::string& name) {
    return std::string(VS_VECTORS) + "/tpm/" + name;
}

test::CommandRun inspect_quote(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"inspect",
                                      "quote",
                                      "--attest",
                                      vector_path("good-quote-ecc.attest"),
                                      "--signature",
                                      vector_path("good-quote-ecc.sig"),
                                      "--ak",
                                      vector_path("good-ak-ecc.pub")};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_command(std::move(words));
}

TEST(InspectQuoteCommand, EndsWithTheVerdict) {
    const std::string pcrs = vector_path("good-quote.yaml");
    const test::CommandRun verified = inspect_quote({"--pcrs", pcrs});
    EXPECT_EQ(verified.exit, 0) << verified.out;
    EXPECT_TRUE(verified.out.ends_with("verified\n"));
    EXPECT_NE(verified.err.find("no nonce was given"), std::string::npos) << verified.err;
    const test::CommandRun stale = inspect_quote({"--nonce", "00", "--pcrs", pcrs});
    EXPECT_EQ(stale.exit, 1);
    EXPECT_TRUE(stale.out.ends_with("not verified\n")) << stale.out;
    EXPECT_EQ(inspect_quote({"--pcrs", vector_path("README.md")}).exit, 2);
    EXPECT_EQ(inspect_quote({"--nonce", "0"}).exit, 2);
    EXPECT_EQ(inspect_quote({"--nonce", ""}).exit, 2) << "an empty variable must not turn the check off";
    EXPECT_EQ(inspect_quote({"--pcrs", ""}).exit, 2);
    EXPECT_EQ(inspect_quote({"--pcrs", "/nonexistent/pcrs"}).exit, 3);
}

TEST(InspectQuoteCommand, GivesJson) {
    const test::CommandRun json = inspect_quote({"--output", "json"});
    EXPECT_NE(json.out.find("\"verified\": true"), std::string::npos) << json.out;
    EXPECT_EQ(json.err, "") << "notes are in the document";
}

} // namespace
} // namespace vouchsafe::cli
