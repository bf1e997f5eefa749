// A file that an administrator revoked is refused wherever it was measured, whatever the images say.
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;

/// The digest of the kernel that the UKI holds, as systemd-stub measured it.
const test::EditableEvent& kernel_event(const test::EditableLog& log) {
    return log.events.at(
        place_of(log, [](const test::EditableEvent& event) { return is_section_content(event, ".linux"); }));
}

TEST(RevokedFiles, AreRefusedInTheFirmwareLogByTheDigestOfEachBank) {
    for (const Algorithm bank : {Algorithm::sha256, Algorithm::sha384}) {
        Scene scene("uki-cmdline", {"uki-cmdline"});
        const test::EditableLog log = scene.log();
        const Buffer digest = kernel_event(log).digests.at(bank);
        scene.revoked_files = FileDigests::of({{bank, {digest}}});
        const Appraisal result = scene.appraise();
        EXPECT_EQ(codes(result), Codes{"revoked.file"});
        EXPECT_EQ(result.tier, Tier::contraindicated);
        ASSERT_TRUE(result.reasons[0].event);
        EXPECT_EQ(result.reasons[0].event->digest, to_hex(digest));
        EXPECT_EQ(result.reasons[0].event->bank, to_string(bank));
        EXPECT_EQ(result.reasons[0].event->pcr, 11U);
    }
}

TEST(RevokedFiles, AreRefusedInTheImaListAlsoWhereNoQuoteCoversThem) {
    Scene scene("uki");
    Buffer list = scene.boot.ima_log;
    list.insert(list.end(), scene.boot.ima_log.begin(), scene.boot.ima_log.end());
    const auto parsed = eventlog::parse_ima_list(list);
    const auto file = eventlog::decode_ima_file(parsed->entries.back());
    const auto algorithm = eventlog::algorithm_from_text(file->algorithm);
    scene.ima_log = list;
    scene.revoked_files = FileDigests::of({{*algorithm, {to_buffer(file->digest)}}});
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), (Codes{"revoked.file", "revoked.file"})); // listed twice
    ASSERT_EQ(result.ima_pending, 1U);
    EXPECT_EQ(result.reasons[1].event->index, 1U);
    EXPECT_EQ(result.reasons[1].event->type, "ima");
    EXPECT_EQ(result.reasons[1].event->description, file->name);
}

TEST(RevokedFiles, OthersAreNotTouched) {
    Scene scene("uki");
    scene.revoked_files = FileDigests::of({{Algorithm::sha256, {Buffer(32, 0x11)}}});
    EXPECT_TRUE(scene.appraise().trusted());
    // a digest of another algorithm is another digest
    const test::EditableLog log = scene.log();
    scene.revoked_files =
        FileDigests::of({{Algorithm::sm3_256, {kernel_event(log).digests.at(Algorithm::sha256)}}});
    EXPECT_TRUE(scene.appraise().trusted());
}

TEST(RevokedFiles, WhatExtendedNothingIsNoMeasurement) {
    Scene scene("uki");
    scene.revoked_files = FileDigests::of({{Algorithm::sha256, {Buffer(32)}}}); // EV_NO_ACTION has zeros
    EXPECT_TRUE(scene.appraise().trusted());
}

TEST(RevokedFiles, AreNamedUpToALimit) {
    Scene scene("uki");
    Buffer list;
    for (int i = 0; i < 40; ++i)
        list.insert(list.end(), scene.boot.ima_log.begin(), scene.boot.ima_log.end());
    const auto parsed = eventlog::parse_ima_list(list);
    const auto file = eventlog::decode_ima_file(parsed->entries.back());
    scene.ima_log = list;
    scene.revoked_files =
        FileDigests::of({{*eventlog::algorithm_from_text(file->algorithm), {to_buffer(file->digest)}}});
    EXPECT_EQ(scene.appraise().reasons.size(), 32U);
}

} // namespace
} // namespace vouchsafe::appraisal
