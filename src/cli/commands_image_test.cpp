#include "appraisal/base_image.h"
#include "tests/support/appraisal_fixture.h"
#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace vouchsafe::cli {
namespace {

class ImageCommands : public testing::Test {
protected:
    std::string document(const std::string& boot, const std::string& version) const {
        std::string path = directory_.path() + "/" + version;
        std::ofstream(path) << as_text(appraisal::encode(appraisal::image_of(boot, version)));
        return path;
    }

    test::TestDirectory directory_;
};

TEST_F(ImageCommands, DiffEndsLikeDiff) {
    const std::string one = document("uki", "1");
    const test::CommandRun same = test::run_command({"image", "diff", one, one});
    EXPECT_EQ(same.exit, 0);
    EXPECT_EQ(same.out, "the same\n");
    const test::CommandRun other = test::run_command({"image", "diff", one, document("uki-cmdline", "2")});
    EXPECT_EQ(other.exit, 1);
    EXPECT_NE(other.out.find("removed 'quiet'; added 'loglevel=3'"), std::string::npos) << other.out;
    EXPECT_EQ(test::run_command({"image", "diff", one, "/dev/null"}).exit, 2);
    EXPECT_EQ(test::run_command({"image", "diff", "/nonexistent", one}).exit, 3);
}

TEST_F(ImageCommands, DiffGivesJson) {
    const test::CommandRun found = test::run_command(
        {"image", "diff", document("uki", "1"), document("uki-cmdline", "2"), "--output", "json"});
    EXPECT_NE(found.out.find("\"same\": false"), std::string::npos) << found.out;
}

} // namespace
} // namespace vouchsafe::cli
