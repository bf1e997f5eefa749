// Kept evidence as a file on the command line, and the exports that carry it.
#include "attestation/image_export.h"
#include "attestation/policy_document.h"
#include "tests/support/attestation_house.h"
#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

class EvidenceCommands : public testing::Test {
protected:
    EvidenceCommands() {
        house_.enrol(machine_);
        VS_CHECK(house_.must_attest(machine_).outcome == protocol::Outcome::trusted);
        evidence_ = house_.records.evidence_by_host.at(machine_.host().text);
        policy_ = file("policy", json::pretty(attestation::policy_of(house_.history.state)));
        image_ = file("image", json::pretty(*house_.history.state.images.at("uki").document));
    }

    std::string file(const std::string& name, std::string_view content) const {
        std::string path = directory_.path() + "/" + name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    test::CommandRun appraise(std::vector<std::string> more) const {
        std::vector<std::string> words{"evidence", "appraise", file("evidence", as_text(evidence_))};
        words.insert(words.end(), more.begin(), more.end());
        return test::run_command(words);
    }

    static std::string vector(const std::string& name) {
        return std::string(VS_VECTORS) + "/attestation/" + name;
    }

    test::AttestationHouse house_;
    test::AttestedMachine machine_;
    test::TestDirectory directory_;
    Buffer evidence_;
    std::string policy_, image_;
};

TEST_F(EvidenceCommands, AppraiseByAPolicy) {
    const test::CommandRun run = appraise({"--policy", policy_});
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_NE(run.out.find("verdict   trusted"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("base image"), std::string::npos);
}

TEST_F(EvidenceCommands, AppraiseByImagesAndCas) {
    EXPECT_EQ(appraise({"--image", image_, "--ca", vector("ek-ca.pem")}).exit, 0);
    const test::CommandRun without = appraise({"--image", image_});
    EXPECT_EQ(without.exit, 1);
    EXPECT_NE(without.out.find("endorsement.certificate"), std::string::npos) << without.out;
    EXPECT_EQ(appraise({"--image", image_, "--ca", vector("other-ca.pem")}).exit, 1);
    EXPECT_EQ(appraise({"--image", image_, "--unsafe-unendorsed"}).exit, 0);
    EXPECT_EQ(appraise({}).exit, 2);
}

TEST_F(EvidenceCommands, AppraiseGivesJson) {
    const test::CommandRun run = appraise({"--policy", policy_, "--output", "json"});
    const auto found = json::parse(run.out);
    ASSERT_TRUE(found) << run.out;
    EXPECT_EQ(*found->find("verdict"), json::Value("trusted"));
    EXPECT_EQ(*found->find("base_image"), json::Value("uki"));
    EXPECT_FALSE(found->find("steps")->as_array().empty());
}

TEST_F(EvidenceCommands, AppraiseRefuses) {
    auto rules = house_.history.state;
    rules.images.clear();
    const std::string none = file("none", json::canonical(attestation::policy_of(rules)));
    const test::CommandRun run = appraise({"--policy", none});
    EXPECT_EQ(run.exit, 1);
    EXPECT_NE(run.out.find("reason image.none"), std::string::npos) << run.out;
    EXPECT_EQ(appraise({"--policy", policy_, "--at", "soon"}).exit, 2);
}

TEST_F(EvidenceCommands, AppraiseTellsDamageFromALie) {
    auto kept = attestation::parse_kept_evidence(evidence_);
    kept->challenge.nonce.front() ^= 1U;
    evidence_ = attestation::encode(*kept);
    EXPECT_EQ(appraise({"--policy", policy_}).exit, 1);
    evidence_.front() ^= 1U;
    EXPECT_EQ(appraise({"--policy", policy_}).exit, 2);
    EXPECT_EQ(appraise({"--policy", "/dev/null"}).exit, 2);
}

// --- exports of images

TEST_F(EvidenceCommands, ImageCommandsTakeExports) {
    const auto kept = attestation::parse_kept_evidence(evidence_);
    const auto image = appraisal::parse_base_image(
        as_bytes(json::canonical(*house_.history.state.images.at("uki").document)));
    const std::string exported = file("export", json::pretty(attestation::image_export(*image, *kept)));
    const test::CommandRun digest = test::run_command({"image", "digest", exported});
    EXPECT_EQ(digest.exit, 0) << digest.err;
    EXPECT_EQ(digest.out, appraisal::image_digest(*image) + "\n");
    const test::CommandRun shown = test::run_command({"image", "show", exported});
    EXPECT_NE(shown.out.find(machine_.ek_digest()), std::string::npos) << shown.out;
    EXPECT_EQ(test::run_command({"image", "diff", exported, image_}).exit, 0);
}

TEST_F(EvidenceCommands, ImportShowsWhatAnExportDoesNotProve) {
    const auto kept = attestation::parse_kept_evidence(evidence_);
    auto image = appraisal::parse_base_image(
        as_bytes(json::canonical(*house_.history.state.images.at("uki").document)));
    image->references.back().digests.begin()->second.front() ^= 1U;
    const std::string exported = file("export", json::pretty(attestation::image_export(*image, *kept)));
    const test::CommandRun run = test::run_command({"image", "import", exported, "--expect-digest", "x"});
    EXPECT_EQ(run.exit, 1);
    EXPECT_NE(run.out.find("changed"), std::string::npos) << run.out;
    EXPECT_NE(run.err.find("not the one that its quote and logs show"), std::string::npos) << run.err;
}

} // namespace
} // namespace vouchsafe::cli
