#include "appraisal/grub_config.h"
#include "eventlog/firmware.h"
#include "tests/support/recorded_boot.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

std::vector<std::string> texts(std::string_view config) {
    const auto commands = grub_commands(config);
    std::vector<std::string> out;
    if (!commands)
        return {commands.error().detail};
    for (const GrubCommand& command : *commands)
        out.push_back(command.text());
    return out;
}

using Texts = std::vector<std::string>;

// as a boot of this configuration measured it
TEST(GrubConfig, RunsTheDefaultEntry) {
    EXPECT_EQ(
        texts(
            "set timeout=0\nmenuentry lab {\n linux /vmlinuz console=ttyS0 quiet\n initrd /initrd.img\n}\n"),
        (Texts{"set timeout=0",
               "menuentry lab {\n linux /vmlinuz console=ttyS0 quiet\n initrd /initrd.img\n}",
               "setparams lab",
               "linux /vmlinuz console=ttyS0 quiet",
               "initrd /initrd.img"}));
}

// the commands that grub logged at a recorded boot: quotes, blanks, comments, several entries
TEST(GrubConfig, RunsWhatARecordedBootRan) {
    const auto boot = test::load_boot("grub-menu");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    constexpr std::string_view prefix = "grub_cmd: ";
    Texts logged;
    for (const eventlog::Event& event : log->events) {
        const std::string_view text = as_text(event.data);
        if (event.pcr == 8 && text.starts_with(prefix))
            logged.emplace_back(text.substr(prefix.size(), text.size() - prefix.size() - 1));
    }
    constexpr std::size_t built_in = 4;
    ASSERT_EQ(logged.size(), 14U);
    logged.erase(logged.begin(), logged.begin() + built_in);
    EXPECT_EQ(texts(as_text(test::read_vector("eventlog/good-grub-menu/grub.cfg"))), logged);
}

const std::string entry = "menuentry lab {\nlinux /vmlinuz quiet\ninitrd /initrd.img\n}\n";

TEST(GrubConfig, RefusesWithTheLine) {
    const std::pair<std::string, std::string> cases[] = {
        {"\nset root=(hd0)\n" + entry, "line 2: set root"},
        {"set\n" + entry, "line 1: the command set"},
        {"set timeout\n" + entry, "line 1: set timeout"},
        {"set default=lab\n" + entry, "line 1: a default entry"},
        {"set timeout=$x\n" + entry, "line 1: a word"},
        {"set timeout='0\n" + entry, "line 1: a word"},
        {"set timeout=\"$x\"\n" + entry, "line 1: a word"},
        {"set timeout=0; set default=1\n" + entry, "line 1: a word"},
        {"set timeout=\\0\n" + entry, "line 1: a word"},
        {"set timeout=0 ''\n" + entry, "line 1: a word"},
        {"insmod ext2\n" + entry, "line 1: the command insmod"},
        {"if [ a ]; then\n" + entry, "line 1: a word"},
        {"function f {\n" + entry, "line 1: a word"},
        {"menuentry {\n}\n" + entry, "line 1: the command menuentry"},
        {"menuentry lab\n" + entry, "line 1: the command menuentry"},
        {"menuentry lab {\n", "line 1: the menu entry has no end"},
        {"menuentry lab {\nlinux /vmlinuz\n}\n", "line 1: a menu entry without"},
        {"menuentry lab {\ninitrd /a\nlinux /vmlinuz\n}\n", "line 2: the command initrd"},
        {"menuentry lab {\nlinux /a\nlinux /a\ninitrd /b\n}\n", "line 3: the command linux"},
        {"menuentry lab {\nlinux\ninitrd /b\n}\n", "line 2: the command linux"},
        {"menuentry lab {\nlinux /a 'b c'\ninitrd /b\n}\n", "line 2: the command linux"},
        {"menuentry lab {\nlinux /a\ninitrd /b /c\n}\n", "line 3: the command initrd"},
        {"menuentry lab {\nlinux /a\ninitrd /b\ninitrd /b\n}\n", "line 4: the command initrd"},
        {"menuentry lab {\nlinux /a\nboot\ninitrd /b\n}\n", "line 3: the command boot"},
        {"menuentry lab {\nlinux /a\ninitrd /b\nboot now\n}\n", "line 4: the command boot"},
        {"menuentry lab {\nlinux /a\ninitrd /b\nreboot\n}\n", "line 4: the command reboot"},
        {"menuentry lab {\nlinux /a$b\ninitrd /b\n}\n", "line 2: a word"},
        {"menuentry lab {\nlinux /a # now\ninitrd /b\n}\n", "line 2: a word"},
        {"menuentry lab {\r\n" + entry, "line 1: a word"},
    };
    for (const auto& [config, detail] : cases) {
        const auto commands = grub_commands(config);
        ASSERT_FALSE(commands) << config;
        EXPECT_EQ(commands.error().code, Errc::unsupported) << config;
        EXPECT_EQ(commands.error().where, "grub.config");
        EXPECT_TRUE(commands.error().detail.starts_with(detail)) << config << commands.error().detail;
    }
}

TEST(GrubConfig, HasOneEntryThatIsTheDefault) {
    EXPECT_TRUE(grub_commands(entry));
    EXPECT_FALSE(grub_commands(""));
    EXPECT_FALSE(grub_commands("set default=1\n" + entry));
    EXPECT_TRUE(grub_commands("set default=1\n" + entry + entry));
}

TEST(GrubConfig, HasBounds) {
    EXPECT_EQ(grub_commands(std::string(most_grub_lines + 1, '\n')).error().code, Errc::too_large);
    EXPECT_EQ(grub_commands(std::string(most_grub_config + 1, ' ')).error().code, Errc::too_large);
}

} // namespace
} // namespace vouchsafe::appraisal
