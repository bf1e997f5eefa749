#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

test::CommandRun inspect_ima(std::vector<std::string> words) {
    words.insert(words.begin(), {"inspect", "ima"});
    return test::run_command(std::move(words));
}

TEST(InspectImaCommand, EndsWithTheVerdict) {
    const test::TestDirectory directory;
    const std::string list = directory.path() + "/list";
    const std::string recorded = std::string(VS_VECTORS) + "/eventlog/good-uki/ima_binary";
    EXPECT_EQ(inspect_ima({recorded}).exit, 0);
    std::ofstream(list) << "10 " << std::string(40, '1') << " ima-ng sha1:" << std::string(40, '2')
                        << " /a\n";
    EXPECT_EQ(inspect_ima({list}).exit, 1);
    std::ofstream(list) << "no list";
    EXPECT_EQ(inspect_ima({list}).exit, 2);
    EXPECT_EQ(inspect_ima({"/nonexistent/list"}).exit, 3);
}

TEST(InspectImaCommand, ShowsTablesAndJson) {
    const std::string recorded = std::string(VS_VECTORS) + "/eventlog/good-uki/ima_binary";
    const std::string table = inspect_ima({recorded}).out;
    EXPECT_NE(table.find("1 entries, 0 violations"), std::string::npos) << table;
    EXPECT_NE(table.find("ima-sig   1"), std::string::npos) << table;
    EXPECT_NE(inspect_ima({"--output", "json", recorded}).out.find("\"violations\": 0"), std::string::npos);
}

} // namespace
} // namespace vouchsafe::cli
