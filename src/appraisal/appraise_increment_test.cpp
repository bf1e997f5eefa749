// What IMA lists after an accepted appraisal, judged by itself.
#include "tests/support/appraisal_fixture.h"
#include "tests/support/ima_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;

Buffer digest_of(std::string_view content) {
    return hash(Algorithm::sha256, as_bytes(content));
}

test::ImaFields file(std::string_view path, std::string_view content) {
    return {.name = std::string(path), .digest = digest_of(content)};
}

/// A boot that was accepted by an image that covers userspace by IMA and approves "ok"; and went on.
struct GoingOn {
    GoingOn() {
        BaseImage& image = scene.images.front();
        image.userspace = Userspace::ima;
        image.ima.emplace();
        image.ima->digests = FileDigests::of({{Algorithm::sha256, {digest_of("ok")}}});
        const Appraisal accepted = scene.appraise();
        VS_CHECK(accepted.trusted());
        start = accepted.ima_end;
    }

    /// The list goes on; the first `quoted` entries are extended into PCR 10.
    void list(const std::vector<test::ImaFields>& entries, std::size_t quoted) {
        for (const test::ImaFields& one : entries) {
            const Buffer entry = test::ima_entry(one);
            log.insert(log.end(), entry.begin(), entry.end());
            if (quoted == 0)
                continue;
            --quoted;
            const auto parsed = eventlog::parse_ima_list(entry);
            for (auto& [bank, values] : scene.quoted.banks)
                values[10] = extend(bank, values.at(10), hash(bank, parsed->entries.front().template_data));
        }
    }

    void list(const std::vector<test::ImaFields>& entries) { list(entries, entries.size()); }

    Appraisal judge() const {
        return appraise_increment({.quoted = scene.quoted,
                                   .policy_bank = scene.policy_bank,
                                   .ima_log = log.empty() ? std::nullopt : std::optional<Bytes>(log),
                                   .start = start,
                                   .images = scene.images,
                                   .host_groups = scene.host_groups,
                                   .revoked_files = scene.revoked_files,
                                   .now = scene.now});
    }

    Scene scene{"uki-cmdline", {"uki-cmdline"}}; // of three banks
    ImaPosition start;
    Buffer log;
};

TEST(Increment, OfNothingIsWhatWasAccepted) {
    const GoingOn host;
    const Appraisal found = host.judge();
    EXPECT_EQ(codes(found), Codes{});
    EXPECT_EQ(found.ima_end, host.start);
}

TEST(Increment, OfApprovedFilesIsAccepted) {
    GoingOn host;
    host.list({file("/usr/bin/a", "ok"), file("/usr/bin/b", "ok")});
    const Appraisal found = host.judge();
    EXPECT_EQ(codes(found), Codes{});
    EXPECT_EQ(found.ima_end.entries, host.start.entries + 2);
    EXPECT_EQ(found.ima_end.image, host.start.image);
}

TEST(Increment, OfAnotherFileIsRefusedByItsName) {
    GoingOn host;
    host.list({file("/usr/bin/a", "ok"), file("/tmp/other", "other")});
    const Appraisal found = host.judge();
    ASSERT_EQ(codes(found), Codes{"ima.file"});
    EXPECT_TRUE(found.reasons.front().message.contains("/tmp/other"));
}

TEST(Increment, IsJudgedBeyondTheQuoteToo) {
    GoingOn host;
    host.list({file("/usr/bin/a", "ok"), file("/usr/bin/b", "ok")}, 1);
    EXPECT_EQ(codes(host.judge()), Codes{});
    EXPECT_EQ(host.judge().ima_pending, 1U);
    host.list({file("/tmp/other", "other")}, 0);
    EXPECT_EQ(codes(host.judge()), Codes{"ima.file"});
}

TEST(Increment, LeadsToPcr10OfEveryBank) {
    GoingOn host;
    host.list({file("/usr/bin/a", "ok")});
    host.scene.quoted.banks.at(Algorithm::sha1).at(10).front() ^= 1U;
    EXPECT_EQ(codes(host.judge()), Codes{"ima.replay"});
    GoingOn hiding;
    hiding.list({file("/tmp/other", "other")});
    hiding.log.clear();
    EXPECT_EQ(codes(hiding.judge()), Codes{"ima.absent"});
    GoingOn lacking;
    lacking.start.values.erase(Algorithm::sha1);
    EXPECT_EQ(codes(lacking.judge()), Codes{"ima.replay"});
}

TEST(Increment, NeedsTheImageThatJudgedTheRest) {
    GoingOn host;
    host.scene.images.front().version.text = "another";
    EXPECT_EQ(codes(host.judge()), Codes{"image.none"});
    GoingOn late;
    late.scene.images.front().not_after = late.scene.now - std::chrono::seconds(1);
    EXPECT_EQ(codes(late.judge()), Codes{"image.none"});
    GoingOn elsewhere;
    elsewhere.scene.images.front().host_groups = {"green"};
    EXPECT_EQ(codes(elsewhere.judge()), Codes{"image.none"});
}

TEST(Increment, OfARevokedFileIsRefused) {
    GoingOn host;
    host.list({file("/usr/bin/a", "ok")});
    host.scene.revoked_files = FileDigests::of({{Algorithm::sha256, {digest_of("ok")}}});
    EXPECT_EQ(codes(host.judge()), Codes{"revoked.file"});
}

TEST(Increment, HasNoBootAggregateOfAnotherKernel) {
    GoingOn host;
    host.list({file("boot_aggregate", "another")});
    EXPECT_EQ(codes(host.judge()), Codes{"ima.file"});
}

TEST(Increment, OfAnImageThatDoesNotJudgeFilesMustStillReplay) {
    GoingOn host;
    host.scene.images.front().ima.reset();
    host.list({file("/tmp/other", "other")});
    EXPECT_EQ(codes(host.judge()), Codes{});
    host.log.back() ^= 1U;
    EXPECT_EQ(codes(host.judge()), Codes{"ima.replay"});
}

TEST(Increment, ThatCannotBeReadIsRefused) {
    GoingOn host;
    host.log = Buffer(64, 0xFF);
    EXPECT_EQ(codes(host.judge()), Codes{"ima.malformed"});
}

} // namespace
} // namespace vouchsafe::appraisal
