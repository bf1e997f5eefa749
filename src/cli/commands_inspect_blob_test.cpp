#include "json/parse.h"
#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::cli {
namespace {

const std::string uid(32, 'b');
const std::string vm = "01234567-89ab-4cde-8f01-23456789abcd";

class InspectBlobCommand : public testing::Test {
protected:
    std::string file(std::string_view content) const {
        std::string path = directory_.path() + "/file";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    static Buffer blob() { return from_hex(vector("blob")).value(); }

    static std::string vector(std::string_view name) {
        const auto all = json::parse(as_text(test::read_vector("keyprovider/good-blob.json")));
        return all.value().find(name)->as_string();
    }

    static std::string record() {
        return R"({"blob":")" + to_base64(blob()) + R"(","context":{"key_id":")" + std::string(32, 'c') +
               R"(","version":1,"vm":")" + vm + R"("},"provider":"gold","version":1})";
    }

    static test::CommandRun inspect(std::vector<std::string> words) {
        words.insert(words.begin(), {"inspect", "blob"});
        return test::run_command(std::move(words));
    }

    json::Value json_of(std::vector<std::string> words, int exit) const {
        words.insert(words.end(), {"--output", "json"});
        const test::CommandRun run = inspect(std::move(words));
        EXPECT_EQ(run.exit, exit) << run.out << run.err;
        return json::parse(run.out).value();
    }

    test::TestDirectory directory_;
};

TEST_F(InspectBlobCommand, SaysWhatIsInIt) {
    const json::Value found = json_of({file(as_text(blob()))}, 0);
    EXPECT_EQ(found.find("form")->as_string(), "binary");
    EXPECT_EQ(found.find("version")->as_integer(), 1);
    EXPECT_EQ(found.find("scheme")->as_integer(), 1);
    EXPECT_EQ(found.find("provider_uid")->as_string(), uid);
    EXPECT_EQ(found.find("generation")->as_integer(), 2);
    EXPECT_EQ(found.find("algorithm")->as_string(), "AES-256-GCM");
    EXPECT_EQ(found.find("nonce")->as_string(), "32333435363738393a3b3c3d");
    EXPECT_EQ(found.find("sizes")->find("blob")->as_integer(), 87);
    EXPECT_EQ(found.find("sizes")->find("header")->as_integer(), 39);
    EXPECT_EQ(found.find("sizes")->find("key")->as_integer(), 32);
    EXPECT_EQ(found.find("sizes")->find("tag")->as_integer(), 16);
    EXPECT_EQ(found.find("digest")->as_string().size(), 64U);
    EXPECT_TRUE(found.find("provider")->is_null());
    EXPECT_TRUE(found.find("context")->is_null());
    EXPECT_TRUE(found.find("verified")->as_bool());
    EXPECT_TRUE(found.find("checks")->as_array().empty());
}

TEST_F(InspectBlobCommand, SaysWhatIsKeptBesideIt) {
    const json::Value found = json_of({file(record())}, 0);
    EXPECT_EQ(found.find("provider")->as_string(), "gold");
    EXPECT_EQ(found.find("context")->find("vm")->as_string(), vm);
    const test::CommandRun shown = inspect({file(record())});
    EXPECT_EQ(shown.exit, 0);
    for (const std::string& word : {uid, vm, std::string("gold"), std::string("AES-256-GCM")})
        EXPECT_NE(shown.out.find(word), std::string::npos) << shown.out;
}

TEST_F(InspectBlobCommand, ComparesItWithWhatIsWanted) {
    const std::string path = file(record());
    const std::string digest = json_of({path}, 0).find("digest")->as_string();
    const json::Value good = json_of({path, "--provider-uid", uid, "--digest", digest, "--vm", vm}, 0);
    EXPECT_EQ(good.find("checks")->as_array().size(), 3U);

    const std::string other =
        "0" + digest.substr(1) == digest ? "1" + digest.substr(1) : "0" + digest.substr(1);
    const std::vector<std::pair<std::string, std::vector<std::string>>> bad{
        {"blob.provider", {"--provider-uid", std::string(32, 'a')}},
        {"blob.digest", {"--digest", other}},
        {"blob.vm", {"--vm", "11234567-89ab-4cde-8f01-23456789abcd"}}};
    for (const auto& [name, option] : bad) {
        std::vector<std::string> words = option;
        words.insert(words.begin(), path);
        const test::CommandRun refused = inspect(words);
        EXPECT_EQ(refused.exit, 1) << name;
        const json::Value found = json_of(words, 1);
        ASSERT_EQ(found.find("checks")->as_array().size(), 1U);
        EXPECT_EQ(found.find("checks")->as_array().front().find("name")->as_string(), name);
        EXPECT_FALSE(found.find("verified")->as_bool());
    }
    EXPECT_EQ(inspect({file(as_text(blob())), "--vm", vm}).exit, 1) << "the file does not say whose it is";
}

TEST_F(InspectBlobCommand, TellsMalformedFromRefused) {
    Buffer other_version = blob();
    other_version[4] = 9;
    EXPECT_EQ(inspect({file(as_text(other_version))}).exit, 2);
    EXPECT_EQ(inspect({file("no blob")}).exit, 2);
    EXPECT_EQ(inspect({file(std::string(20000, 'a'))}).exit, 2);
    EXPECT_EQ(inspect({file(as_text(blob())), "--provider-uid", "zz"}).exit, 2);
    EXPECT_EQ(inspect({file(as_text(blob())), "--digest", "00"}).exit, 2);
    EXPECT_EQ(inspect({file(as_text(blob())), "--vm", "7"}).exit, 2);
    EXPECT_EQ(inspect({"/nonexistent/blob"}).exit, 3);
    EXPECT_EQ(inspect({}).exit, 2);
}

TEST_F(InspectBlobCommand, ShowsNoKeyMaterial) {
    const std::string sealed = to_hex(blob()).substr(2 * 39);
    for (const auto* const output : {"table", "json"}) {
        const test::CommandRun shown = inspect({file(record()), "--output", output});
        EXPECT_EQ(shown.exit, 0) << shown.err;
        EXPECT_EQ(shown.out.find(sealed.substr(0, 16)), std::string::npos);
        EXPECT_EQ(shown.out.find(vector("key")), std::string::npos);
    }
}

} // namespace
} // namespace vouchsafe::cli
