#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

using Arguments = std::vector<std::string>;

std::string vector(const std::string& name) {
    return std::string(VS_VECTORS) + "/" + name;
}

Arguments operator+(Arguments a, const Arguments& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class ImageBuildCommand : public testing::Test {
protected:
    ImageBuildCommand() {
        std::ofstream(config_) << "menuentry lab {\nlinux /vmlinuz quiet\ninitrd /initrd.img\n}\n";
        std::ofstream(initrd_) << "an initrd";
    }

    test::TestDirectory directory_;
    std::string out_ = directory_.path() + "/image.json";
    std::string config_ = directory_.path() + "/grub.cfg";
    std::string initrd_ = directory_.path() + "/initrd.img";
    const Arguments build_{"image", "build", "--version", "1"};
    const Arguments uki_{"--uki", vector("appraisal/uki/signed.efi")};
    const Arguments log_{"--secure-boot-from", vector("eventlog/good-uki/binary_bios_measurements")};
    const std::string lists_ = vector("appraisal/fuzz-key_file/lists");
    const Arguments keys_{"--pk", lists_, "--kek", lists_, "--db", lists_};
    const Arguments grub_{"--shim",
                          vector("appraisal/shim/shim.efi"),
                          "--grub",
                          vector("appraisal/shim/grub.efi"),
                          "--grub-config",
                          config_,
                          "--kernel",
                          vector("appraisal/shim/kernel.efi"),
                          "--initrd",
                          initrd_};
};

TEST_F(ImageBuildCommand, TakesKeysFromALogOrFromFiles) {
    for (const Arguments& platform : {log_, keys_})
        for (const Arguments& boot : {uki_, grub_}) {
            const auto run = test::run_command(build_ + boot + platform + Arguments{"--out", out_});
            ASSERT_EQ(run.exit, 0) << run.err;
            EXPECT_NE(run.out.find("secure boot  required"), std::string::npos);
            EXPECT_EQ(test::run_command({"image", "show", out_}).out, run.out);
        }
}

TEST_F(ImageBuildCommand, ShowsDigestsOfTheBankThatThereIs) {
    const auto run = test::run_command(build_ + uki_ + log_ + Arguments{"--bank", "sha384", "--out", out_});
    ASSERT_EQ(run.exit, 0) << run.err;
    EXPECT_NE(run.out.find("sha384:"), std::string::npos) << run.out;
}

TEST_F(ImageBuildCommand, NamesTheFileThatIsWrong) {
    struct Case {
        Arguments arguments;
        std::string named;
    };

    std::ofstream(config_) << "\nreboot\n";
    const Case cases[] = {
        {{"--uki", vector("appraisal/uki/unsigned.efi")}, "unsigned.efi: it is not signed below"},
        {{"--uki", lists_}, "lists: not an EFI program"},
        {grub_, "grub.cfg: line 2: the command reboot"},
    };
    for (const auto& [arguments, named] : cases) {
        const auto run = test::run_command(build_ + arguments + keys_);
        EXPECT_NE(run.exit, 0);
        EXPECT_NE(run.err.find(named), std::string::npos) << run.err;
    }
    const auto run =
        test::run_command(build_ + uki_ + Arguments{"--pk", lists_, "--kek", lists_, "--db", config_});
    EXPECT_EQ(run.exit, 2);
    EXPECT_NE(run.err.find("grub.cfg: neither signature lists"), std::string::npos) << run.err;
}

TEST_F(ImageBuildCommand, WantsOneBootAndOneSourceOfKeys) {
    const Arguments wrong[] = {
        build_ + uki_,
        build_ + log_,
        build_ + uki_ + log_ + keys_,
        build_ + uki_ + grub_ + log_,
        build_ + uki_ + Arguments{"--db", lists_},
        build_ + uki_ + Arguments{"--pk", lists_},
        build_ + Arguments{"--shim", lists_} + log_,
        build_ + uki_ + keys_ + Arguments{"--key-owner", "me"},
    };
    for (const Arguments& arguments : wrong)
        EXPECT_EQ(test::run_command(arguments).exit, 2) << arguments.back();
}

} // namespace
} // namespace vouchsafe::cli
