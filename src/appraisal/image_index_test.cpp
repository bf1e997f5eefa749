#include "appraisal/boot.h"
#include "appraisal/image_index.h"
#include "tests/support/appraisal_fixture.h"

namespace vouchsafe::appraisal {
namespace {

/// Images of which the last is the recorded boot's; the others each differ from it in one digest.
std::vector<BaseImage> images_around(const std::string& boot) {
    const BaseImage own = image_of(boot, "own");
    std::vector<BaseImage> images;
    for (std::size_t i = 0; i < own.references.size(); ++i) {
        BaseImage& other = images.emplace_back(own);
        other.version.text = "other-" + std::to_string(i);
        for (auto& [bank, digest] : other.references[i].digests)
            digest.front() ^= 1U;
    }
    images.push_back(own);
    return images;
}

struct Indexed : Scene {
    Indexed() : Scene("uki-cmdline") {
        images = images_around("uki-cmdline");
        index.emplace(images);
    }

    Appraisal judge() const {
        return appraisal::appraise({.quoted = quoted,
                                    .policy_bank = policy_bank,
                                    .firmware_log = firmware_log,
                                    .ima_log = ima_log,
                                    .userspace_log = {},
                                    .command_line = boot.command_line,
                                    .images = images,
                                    .image_index = &*index,
                                    .host_groups = host_groups,
                                    .firmware_pin = pin,
                                    .firmware_rule = firmware_rule,
                                    .revoked_files = revoked_files,
                                    .now = now});
    }

    std::optional<ImageIndex> index;
};

TEST(ImageIndex, FindsTheImageOfTheBootInEachBank) {
    const Indexed scene;
    for (const Algorithm bank : {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384}) {
        const auto log = eventlog::parse_firmware_log(scene.boot.firmware_log);
        const auto found = scene.index->find(judged_events(*log), bank);
        ASSERT_EQ(found.size(), 1U) << to_string(bank);
        EXPECT_EQ(found.front()->version.text, "own");
    }
    const auto log = eventlog::parse_firmware_log(scene.boot.firmware_log);
    EXPECT_TRUE(scene.index->find(judged_events(*log), Algorithm::sha512).empty());
    EXPECT_EQ(scene.judge().base_image->text, "own");
}

TEST(ImageIndex, WhatItFindsIsStillMatchedInEveryBank) {
    Indexed scene;
    scene.images.back().references.back().digests.at(Algorithm::sha384).front() ^= 1U;
    scene.index.emplace(scene.images);
    const auto log = eventlog::parse_firmware_log(scene.boot.firmware_log);
    EXPECT_EQ(scene.index->find(judged_events(*log), Algorithm::sha256).size(), 1U);
    EXPECT_FALSE(scene.judge().trusted());
}

TEST(ImageIndex, WhatItFindsMustBeForThisHostAndForNow) {
    Indexed scene;
    scene.images.back().not_after = noon;
    EXPECT_EQ(codes(scene.judge()), std::vector<std::string>{"image.none"});
    scene.images.back().not_after.reset();
    scene.images.back().host_groups = {"others"};
    EXPECT_EQ(codes(scene.judge()), std::vector<std::string>{"image.none"});
}

TEST(ImageIndex, WhatItDoesNotKnowIsLookedAtOneByOne) {
    Indexed scene;
    scene.index.emplace(std::span<const BaseImage>{});
    EXPECT_EQ(scene.judge().base_image->text, "own");
}

} // namespace
} // namespace vouchsafe::appraisal
