#include "appraisal/image_build.h"
#include "tests/support/appraisal_fixture.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace vouchsafe::appraisal {
namespace {

constexpr std::array sha256_only{Algorithm::sha256};
constexpr std::string_view plain_config =
    "set timeout=0\n"
    "menuentry lab {\n"
    " linux /vmlinuz console=ttyS0 ima_policy=tcb ima_hash=sha256 panic=-1 quiet\n"
    " initrd /initrd.img\n"
    "}\n";

/// A build whose parts can be changed: small programs of the same form as the real ones.
struct Build {
    Buffer shim = test::read_vector("appraisal/shim/shim.efi");
    Buffer grub = test::read_vector("appraisal/shim/grub.efi");
    Buffer kernel = test::read_vector("appraisal/shim/kernel.efi");
    std::string config{plain_config};
    std::string boot = "uki"; ///< whose keys the machine has: those that shim.efi is signed with
    ImageFacts facts{.version = {"1"},
                     .display_name = "Tiny",
                     .vendor = "tests",
                     .not_before = {},
                     .not_after = {},
                     .host_groups = {},
                     .command_line = {}};

    Result<BaseImage> run() const {
        const auto recorded = test::load_boot(boot);
        const auto log = eventlog::parse_firmware_log(recorded.firmware_log);
        VS_CHECK(log);
        VS_TRY(const auto platform, platform_of(*log));
        return build_grub({.shim = shim,
                           .grub = grub,
                           .config = as_bytes(config),
                           .kernel = kernel,
                           .initrd = as_bytes("an initrd"),
                           .directory = "(hd0)/EFI/debian",
                           .platform = platform,
                           .banks = sha256_only,
                           .facts = facts});
    }
};

void replace(Buffer& file, std::string_view from, std::string_view to) {
    const auto found = std::ranges::search(file, as_bytes(from));
    VS_CHECK(!found.empty() && from.size() == to.size());
    std::ranges::copy(as_bytes(to), found.begin());
}

/// PCR, type and role of each, and the digest where it does not depend on the programs.
std::vector<std::string> shape(const BaseImage& image) {
    std::vector<std::string> lines;
    for (const Reference& reference : image.references) {
        std::string line = std::to_string(reference.pcr) + " " + eventlog::type_name(reference.type);
        if (reference.role)
            line += " " + std::string(to_string(*reference.role));
        if (reference.pcr == 8)
            line += " " + to_hex(reference.digests.at(Algorithm::sha256)) + " " + reference.description;
        lines.push_back(line);
    }
    return lines;
}

TEST(ImageBuildGrub, HasTheEventsOfARecordedBoot) {
    for (const std::string name : {"grub", "grub-menu"}) {
        Build build;
        if (name == "grub-menu")
            build.config = as_text(test::read_vector("eventlog/good-grub-menu/grub.cfg"));
        const auto built = build.run();
        ASSERT_TRUE(built) << built.error().where << built.error().detail;
        EXPECT_EQ(shape(*built), shape(image_of(name, "1"))) << "of Debian's own shim, grub and kernel";
        EXPECT_EQ(parse_base_image(encode(*built)), *built);
    }
}

TEST(ImageBuildGrub, MeasuresTheFilesThatGrubReads) {
    const auto built = Build().run();
    ASSERT_TRUE(built);
    std::vector<std::string> files;
    for (const Reference& reference : built->references)
        if (reference.pcr == 9)
            files.push_back(reference.description + " " + to_hex(reference.digests.at(Algorithm::sha256)));
    const auto line = [](const std::string& path, Bytes content) {
        return path + " " + to_hex(hash(Algorithm::sha256, content));
    };
    EXPECT_EQ(files,
              (std::vector{line("(hd0)/EFI/debian/grub.cfg", as_bytes(plain_config)),
                           line("/vmlinuz", Build().kernel),
                           line("/initrd.img", as_bytes("an initrd"))}));
}

TEST(ImageBuildGrub, MeasuresThreeProgramsAndTheKernelTwice) {
    const auto built = Build().run();
    ASSERT_TRUE(built);
    std::vector<Buffer> digests;
    for (const Reference& reference : built->references)
        if (reference.pcr == 4)
            digests.push_back(reference.digests.at(Algorithm::sha256));
    const auto digest = [](const Buffer& file) {
        return authenticode_digest(*parse_pe_image(file), Algorithm::sha256);
    };
    const Buffer kernel = digest(Build().kernel);
    EXPECT_EQ(digests, (std::vector{digest(Build().shim), digest(Build().grub), kernel, kernel}));
}

// Digests of what Debian's shim measures, from a recorded boot, of the parts that this one has in common with
// it.
TEST(ImageBuildGrub, ShimMeasuresItsListsAndWhatAdmitsGrub) {
    const auto built = Build().run();
    ASSERT_TRUE(built);
    const BaseImage recorded = image_of("grub", "1");
    const auto of = [](const BaseImage& image, std::string_view name) {
        const auto found = std::ranges::find_if(
            image.references, [name](const auto& one) { return one.description.starts_with(name); });
        VS_CHECK(found != image.references.end());
        return *found;
    };
    for (const auto* const name : {"SbatLevel", "MokListTrusted"})
        EXPECT_EQ(of(*built, name), of(recorded, name)) << name;
    for (const auto* const name : {"MokListRT", "MokList", "MokListX"})
        EXPECT_NE(of(*built, name).digests, of(recorded, name).digests) << "another vendor's";
}

TEST(ImageBuildGrub, RefusesWhatItCannotPredict) {
    struct Case {
        std::string where;
        std::function<void(Build&)> change;
    };

    const std::vector<Case> all{
        {"secure_boot.off", [](Build& build) { build.boot = "uki-sb-off"; }},
        {"platform.admission", [](Build& build) { build.boot = "grub"; }},
        {"platform.admission", [](Build& build) { replace(build.shim, "2025051000", "2025051001"); }},
        {"shim.version", [](Build& build) { replace(build.shim, "shim,16.1", "shim,15.8"); }},
        {"shim.section", [](Build& build) { replace(build.shim, ".vendor_cert", ".vendor_cerf"); }},
        {"grub.version", [](Build& build) { replace(build.grub, "2.06-13", "2.06-14"); }},
        {"grub.version", [](Build& build) { replace(build.grub, "elif [ -e", "elif [ -f"); }},
        {"grub.signature", [](Build& build) { replace(build.grub, "/EFI/debian", "/EFI/debiam"); }},
        {"grub.signature", [](Build& build) { replace(build.grub, "2.06-13+deb12u2", "2.06-13+deb12u3"); }},
        {"kernel.signature", [](Build& build) { build.kernel.at(513) ^= 1U; }},
        {"kernel.signature",
         [](Build& build) { build.kernel = test::read_vector("appraisal/uki/signed.efi"); }},
        {"grub.config", [](Build& build) { build.config += "reboot\n"; }},
        {"pe.dos_header", [](Build& build) { build.kernel[0] = 0; }},
    };
    for (const Case& one : all) {
        Build build;
        one.change(build);
        const auto image = build.run();
        ASSERT_FALSE(image) << one.where;
        EXPECT_EQ(image.error().where, one.where) << image.error().detail;
    }
}

} // namespace
} // namespace vouchsafe::appraisal
