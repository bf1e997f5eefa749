// An image that travels with its proof: importing makes it again, and shows what the proof does not bear out.
#include "attestation/image_export.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::attestation {
namespace {

class ImageExportTest : public testing::Test {
protected:
    ImageExportTest() {
        (void)house.must_attest(machine); // a pending host will do
        auto parsed = parse_kept_evidence(house.records.evidence_by_host.at(machine.host().text));
        VS_CHECK(parsed.has_value());
        kept = *std::move(parsed);
    }

    Result<appraisal::BaseImage> derive() const {
        auto evidence = reprove(kept);
        VS_CHECK(evidence.has_value());
        return image_of(*evidence,
                        {.version = {"1"},
                         .display_name = "one",
                         .vendor = "test",
                         .not_before = {},
                         .not_after = {},
                         .host_groups = {"blue"},
                         .command_line = {}});
    }

    test::AttestationHouse house;
    test::AttestedMachine machine;
    KeptEvidence kept;
};

TEST_F(ImageExportTest, GivesTheImageAgain) {
    const auto image = derive();
    ASSERT_TRUE(image) << image.error().where;
    const json::Value document = image_export(*image, kept);
    EXPECT_TRUE(is_image_export(document));
    const auto read = read_image_export(document);
    ASSERT_TRUE(read) << read.error().where;
    EXPECT_TRUE(read->difference().empty());
    EXPECT_EQ(read->derived, *image);
    EXPECT_EQ(read->evidence.host.challenge.host, machine.host());
}

TEST_F(ImageExportTest, ShowsWhatTheEvidenceDoesNotBearOut) {
    auto image = derive();
    ASSERT_TRUE(image);
    image->references.back().digests.begin()->second.front() ^= 1U;
    const auto read = read_image_export(image_export(*image, kept));
    ASSERT_TRUE(read) << read.error().where;
    EXPECT_EQ(read->difference().references.size(), 1U);
    EXPECT_NE(read->derived, *image); // and what is derived stays the truth
}

TEST_F(ImageExportTest, NeedsEvidenceThatProvesItself) {
    const auto image = derive();
    ASSERT_TRUE(image);
    kept.challenge.nonce.front() ^= 1U;
    EXPECT_EQ(read_image_export(image_export(*image, kept)).error().where, "quote.qualifying_data");
}

TEST_F(ImageExportTest, NeedsTheLogsOfTheStatement) {
    auto message = json::parse(as_text(kept.message), protocol::evidence_limits);
    ASSERT_TRUE(message);
    const auto image = derive();
    ASSERT_TRUE(image);
    const auto with_log = [&](json::Value log) {
        message->as_object().find("firmware_log")->second = std::move(log);
        kept.message = to_buffer(as_bytes(json::canonical(*message)));
        return read_image_export(image_export(*image, kept)).error().where;
    };
    EXPECT_EQ(with_log(to_base64(test::AttestedMachine("a", "uki-cmdline").boot.firmware_log)),
              "statement.firmware_log");
    EXPECT_EQ(with_log(json::Value()), "eventlog.absent");
}

TEST_F(ImageExportTest, IsAStrictDocument) {
    const auto image = derive();
    ASSERT_TRUE(image);
    const auto refused = [&](auto change) {
        json::Value document = image_export(*image, kept);
        change(document.as_object());
        const auto read = read_image_export(document);
        return read ? std::string() : read.error().where;
    };
    EXPECT_EQ(refused([](json::Object&) {}), "");
    EXPECT_EQ(refused([](json::Object& o) { o.emplace("more", 1); }), "image_export");
    EXPECT_EQ(refused([](json::Object& o) { o.find("version")->second = 2; }), "image_export.version");
    EXPECT_EQ(refused([](json::Object& o) { o.find("format")->second = "image"; }), "image_export.format");
    EXPECT_EQ(refused([](json::Object& o) { o.erase("evidence"); }), "image_export.evidence");
}

} // namespace
} // namespace vouchsafe::attestation
