#include "cli/commands.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

struct Ran {
    int exit;
    std::string out, err;
};

std::string vector_path(const std::string& name) {
    return std::string(VS_VECTORS) + "/tpm/" + name;
}

Ran inspect_quote(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"vouchsafe",
                                      "inspect",
                                      "quote",
                                      "--attest",
                                      vector_path("good-quote-ecc.attest"),
                                      "--signature",
                                      vector_path("good-quote-ecc.sig"),
                                      "--ak",
                                      vector_path("good-ak-ecc.pub")};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    argv.reserve(words.size());
    for (std::string& word : words)
        argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit = cli::main(static_cast<int>(argv.size()), argv.data());
    return {.exit = exit,
            .out = testing::internal::GetCapturedStdout(),
            .err = testing::internal::GetCapturedStderr()};
}

TEST(InspectQuoteCommand, EndsWithTheVerdict) {
    const std::string pcrs = vector_path("good-quote.yaml");
    const Ran verified = inspect_quote({"--pcrs", pcrs});
    EXPECT_EQ(verified.exit, 0) << verified.out;
    EXPECT_TRUE(verified.out.ends_with("verified\n"));
    EXPECT_NE(verified.err.find("no nonce was given"), std::string::npos) << verified.err;
    const Ran stale = inspect_quote({"--nonce", "00", "--pcrs", pcrs});
    EXPECT_EQ(stale.exit, 1);
    EXPECT_TRUE(stale.out.ends_with("not verified\n")) << stale.out;
    EXPECT_EQ(inspect_quote({"--pcrs", vector_path("README.md")}).exit, 2);
    EXPECT_EQ(inspect_quote({"--nonce", "0"}).exit, 2);
    EXPECT_EQ(inspect_quote({"--pcrs", "/nonexistent/pcrs"}).exit, 3);
}

TEST(InspectQuoteCommand, GivesJson) {
    const Ran json = inspect_quote({"--output", "json"});
    EXPECT_NE(json.out.find("\"verified\": true"), std::string::npos) << json.out;
    EXPECT_EQ(json.err, "") << "notes are in the document";
}

} // namespace
} // namespace vouchsafe::cli
