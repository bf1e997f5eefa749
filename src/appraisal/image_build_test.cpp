#include "appraisal/image_build.h"
#include "appraisal/pe_image.h"
#include "tests/support/appraisal_fixture.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace vouchsafe::appraisal {
namespace {

constexpr std::array sha256_only{Algorithm::sha256};

/// A build whose parts can be changed.
struct Build {
    Buffer uki = test::read_vector("appraisal/uki/signed.efi");
    test::RecordedBoot recorded = test::load_boot("uki");
    ImageFacts facts{.version = {"1"},
                     .display_name = "Tiny",
                     .vendor = "tests",
                     .not_before = {},
                     .not_after = {},
                     .host_groups = {"lab"},
                     .command_line = {}};

    Result<BaseImage> run(std::span<const Algorithm> banks = sha256_only) const {
        const auto log = eventlog::parse_firmware_log(recorded.firmware_log);
        VS_CHECK(log);
        VS_TRY(const auto platform, platform_of(*log));
        return build_uki({.uki = uki, .platform = platform, .banks = banks, .facts = facts});
    }

    /// The first `from` in the image becomes `to`, of the same size.
    void replace(std::string_view from, std::string_view to) {
        const auto found = std::ranges::search(uki, as_bytes(from));
        VS_CHECK(!found.empty() && from.size() == to.size());
        std::ranges::copy(as_bytes(to), found.begin());
    }
};

std::string hex_of(const Reference& reference) {
    return to_hex(reference.digests.at(Algorithm::sha256));
}

std::vector<const Reference*> in_pcr(const BaseImage& image, std::uint32_t pcr) {
    std::vector<const Reference*> found;
    for (const Reference& reference : image.references)
        if (reference.pcr == pcr)
            found.push_back(&reference);
    return found;
}

TEST(ImageBuild, PredictsWhatTheStubMeasures) {
    const auto image = Build().run();
    ASSERT_TRUE(image) << image.error().detail;
    const auto programs = in_pcr(*image, 4);
    ASSERT_EQ(programs.size(), 1U);
    EXPECT_EQ(hex_of(*programs[0]), "b06047bcfe90046709594feafb7c4c0ae6bf941f7c010251f21277b25dd44ad3");
    const auto sections = in_pcr(*image, 11);
    ASSERT_EQ(sections.size(), 8U);
    EXPECT_EQ(sections[1]->role, Role::kernel);
    // the section's name with its NUL, as recorded boots have it
    EXPECT_EQ(hex_of(*sections[0]).substr(0, 16), "0da293e37ad5511c");
    EXPECT_EQ(hex_of(*sections[3]), "219e480a11baa5e8de08c8fc190a81d8ae111e598be1ab0f23351c7b4903c84b");
    EXPECT_EQ(sections[5]->role, Role::command_line);
    EXPECT_EQ(sections[5]->description, "console=ttyS0 quiet");
    EXPECT_EQ(hex_of(*sections[5]), "2b5f12a14ed6961493930520e78e4ec5be4d6c93d59d7d719ac027080e7d8d2e");
    EXPECT_EQ(sections[7]->role, Role::initrd);
    EXPECT_EQ(hex_of(*sections[7]), "d52742203e8e42f16f5bbe48a6e8aa94d9876c5abc0185f12c7f7b9ff94c814d");
    const auto tagged = in_pcr(*image, 9);
    ASSERT_EQ(tagged.size(), 2U);
    EXPECT_EQ(hex_of(*tagged[0]), "cb20c8f58916423c91d2764e2eee19db28c3ba64d2e77b4e530ae131f025543d");
    EXPECT_EQ(hex_of(*tagged[1]), hex_of(*sections[7]));
    EXPECT_EQ(parse_base_image(encode(*image)), *image);
}

TEST(ImageBuild, SecureBootIsThePlatforms) {
    const auto image = Build().run();
    ASSERT_TRUE(image);
    const BaseImage recorded = image_of("uki", "1");
    const auto built = in_pcr(*image, 7);
    const auto derived = in_pcr(recorded, 7);
    ASSERT_EQ(built.size(), derived.size());
    for (std::size_t i = 0; i < built.size(); ++i)
        EXPECT_EQ(*built[i], *derived[i]);
}

TEST(ImageBuild, WithoutSecureBootTheFirmwareLoadsTheKernel) {
    Build build;
    build.recorded = test::load_boot("uki-sb-off");
    EXPECT_EQ(build.run().error().where, "secure_boot.off");
    build.facts.secure_boot = SecureBootRule::unsafe_not_required;
    const auto image = build.run();
    ASSERT_TRUE(image);
    const auto uki = parse_pe_image(build.uki);
    const auto kernel = parse_pe_image(uki->section(".linux")->raw);
    const auto programs = in_pcr(*image, 4);
    ASSERT_EQ(programs.size(), 2U);
    EXPECT_EQ(programs[1]->digests.at(Algorithm::sha256), authenticode_digest(*kernel, Algorithm::sha256));
}

TEST(ImageBuild, EveryBankThatWasAskedFor) {
    constexpr std::array banks{Algorithm::sha1, Algorithm::sha384};
    const auto image = Build().run(banks);
    ASSERT_TRUE(image);
    for (const Reference& reference : image->references)
        EXPECT_EQ(reference.digests.size(), 2U);
    constexpr std::array weak{Algorithm::sha1};
    EXPECT_FALSE(Build().run(weak));
}

TEST(ImageBuild, RefusesWhatItCannotPredict) {
    struct Case {
        std::string from, to, where;
    };

    const std::vector<Case> all{
        {"systemd-stub 252", "systemd-stub 253", "uki.stub"},
        {"systemd-stub 252.", "systemd-stub 2520", "uki.stub"},
        {".sdmagic", ".sdmagix", "uki.stub"},
        {std::string(".osrel\0\0", 8), std::string(".pcrsig\0", 8), "uki.section"},
        {std::string(".osrel\0\0", 8), ".pcrpkey", "uki.section"},
        {".linux", ".linus", "uki.section"},
        {".initrd", ".initre", "uki.section"},
        {".cmdline", ".cmdlime", "uki.section"},
        {"S0 quiet", "S0 quie\n", "uki.cmdline"},
        {"S0 quiet", "S0 quie ", "uki.cmdline"},
        {"console=", " onsole=", "uki.cmdline"},
        {"console=", "c\xffnsole=", "uki.cmdline"},
    };
    for (const Case& one : all) {
        Build build;
        build.replace(one.from, one.to);
        const auto image = build.run();
        ASSERT_FALSE(image) << one.to;
        EXPECT_EQ(image.error().where, one.where) << one.to;
    }
}

TEST(ImageBuild, RefusesAnEmptyInitrd) {
    constexpr std::string_view name(".initrd\0", 8); // as the table of sections begins its entry
    constexpr std::size_t size_bytes = 4;            // the size in memory follows
    Build build;
    const auto entry = std::ranges::search(build.uki, as_bytes(name));
    ASSERT_FALSE(entry.empty());
    std::fill_n(entry.end(), size_bytes, std::uint8_t{0});
    EXPECT_EQ(build.run().error().where, "uki.section");
}

TEST(ImageBuild, TheCommandLineEndsAtItsNul) {
    Build build;
    build.recorded = test::load_boot("uki-sb-off"); // the change breaks the signature
    build.facts.secure_boot = SecureBootRule::unsafe_not_required;
    build.replace("S0 quiet", std::string("S0 quie\0", 8));
    const auto image = build.run();
    ASSERT_TRUE(image);
    EXPECT_EQ(in_pcr(*image, 11)[5]->description, "console=ttyS0 quie");
}

TEST(ImageBuild, RefusesWhatTheFirmwareWouldNotStart) {
    Build makers; // Microsoft's keys
    makers.recorded = test::load_boot("grub");
    EXPECT_EQ(makers.run().error().where, "platform.admission");
    Build changed;
    changed.replace("an initrd", "no initrd");
    EXPECT_EQ(changed.run().error().where, "platform.admission");
    Build not_signed;
    not_signed.uki = test::read_vector("appraisal/uki/unsigned.efi");
    EXPECT_EQ(not_signed.run().error().where, "platform.admission");
}

} // namespace
} // namespace vouchsafe::appraisal
