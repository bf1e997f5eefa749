#include "appraisal/inspect_ima.h"
#include "appraisal/replay.h"
#include "base/reader.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::appraisal {
namespace {

const json::Value& pcr10(const InspectReport& report, std::string_view bank) {
    return *report.json.find("pcrs")->find(bank)->find("10");
}

std::string code(const InspectReport& report) {
    return report.json.find("findings")->as_array().at(0).find("code")->as_string();
}

const std::string file = "ima-ng sha256:" + std::string(64, '2') + " /usr/bin/true";
const std::string zeros(40, '0');

std::string line(const std::string& digest) {
    return "10 " + digest + " " + file + "\n";
}

/// The digest of the entry's template data, as a kernel that lists `algorithm` writes it.
std::string template_digest(Algorithm algorithm) {
    const Buffer name = Writer().text("/usr/bin/true").big(std::uint8_t{0}).done();
    const Buffer digest = Writer().text("sha256:").big(std::uint8_t{0}).bytes(Buffer(32, 0x22)).done();
    const Buffer data = Writer()
                            .little(static_cast<std::uint32_t>(digest.size()))
                            .bytes(digest)
                            .little(static_cast<std::uint32_t>(name.size()))
                            .bytes(name)
                            .done();
    return to_hex(hash(algorithm, data));
}

TEST(InspectIma, LeadsARecordedListToItsPcr) {
    const auto boot = test::load_boot("uki-cmdline");
    const InspectReport report = inspect_ima(boot.ima_log);
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(report.json.find("entries")->as_integer(), 1);
    EXPECT_EQ(report.json.find("violations")->as_integer(), 0);
    EXPECT_EQ(report.json.find("templates")->find("ima-sig")->as_integer(), 1);
    EXPECT_TRUE(report.json.find("findings")->as_array().empty());
    for (const Algorithm bank : {Algorithm::sha1, Algorithm::sha256})
        EXPECT_EQ(pcr10(report, to_string(bank)).as_string(), to_hex(boot.pcrs.at(bank).at(10)));
    EXPECT_EQ(pcr10(report, "sha384-zero-padded-sha1").as_string(),
              to_hex(boot.pcrs.at(Algorithm::sha384).at(10)));
}

TEST(InspectIma, KnowsTheHashOfTheTemplateDigests) {
    for (const auto bank :
         {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384, Algorithm::sha512, Algorithm::sm3_256}) {
        const std::string text = line(template_digest(bank));
        const InspectReport report = inspect_ima(as_bytes(text));
        EXPECT_EQ(report.verdict, Verdict::fine) << to_string(bank);
        EXPECT_EQ(pcr10(report, to_string(bank)).as_string(),
                  to_hex(extend(bank, start_value(bank, 10, 0), *from_hex(template_digest(bank)))));
        EXPECT_EQ(report.json.find("pcrs")->find("sha256-zero-padded-sha1") != nullptr,
                  bank == Algorithm::sha1);
    }
}

TEST(InspectIma, CountsViolationsWhichAreNoFaultOfTheList) {
    const std::string text = line(template_digest(Algorithm::sha1)) + line(zeros);
    const InspectReport report = inspect_ima(as_bytes(text));
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(report.json.find("violations")->as_integer(), 1);
    const Buffer first = extend(Algorithm::sha1, Buffer(20), *from_hex(template_digest(Algorithm::sha1)));
    EXPECT_EQ(pcr10(report, "sha1").as_string(), to_hex(extend(Algorithm::sha1, first, Buffer(20, 0xFF))));
}

TEST(InspectIma, NamesTheEntryWhoseDigestIsNotTheHashOfItsData) {
    const std::string text = line(template_digest(Algorithm::sha1)) + line(std::string(40, '5'));
    const InspectReport report = inspect_ima(as_bytes(text));
    EXPECT_EQ(report.verdict, Verdict::does_not_verify);
    EXPECT_EQ(code(report), "ima.template_digest");
    EXPECT_TRUE(
        report.json.find("findings")->as_array().at(0).find("message")->as_string().starts_with("entry 1:"));
    EXPECT_EQ(report.json.find("entries")->as_integer(), 2);
}

TEST(InspectIma, WarnsOfBytesAfterTheList) {
    Buffer list = test::load_boot("uki").ima_log;
    const json::Value pcrs = *inspect_ima(list).json.find("pcrs");
    list.push_back('\n');
    const InspectReport report = inspect_ima(list);
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(code(report), "ima.trailing");
    EXPECT_EQ(*report.json.find("pcrs"), pcrs);
}

TEST(InspectIma, FindsWhatIsMalformed) {
    const Buffer list = test::load_boot("uki").ima_log;
    const std::pair<Buffer, std::string> cases[] = {
        {{}, "ima.entries"},
        {Buffer(list.begin(), list.end() - 1), "ima.template_data"},
        {to_buffer(as_bytes("10 zz\n")), "ima.template_digest"},
        {to_buffer(as_bytes("10 " + std::string(58, '1') + " " + file)), "ima.digest_bytes"},
        {Buffer((std::size_t{16} << 20U) + 1, 0), "ima.list_bytes"},
    };
    for (const auto& [bytes, where] : cases) {
        const InspectReport report = inspect_ima(bytes);
        EXPECT_EQ(report.verdict, Verdict::malformed) << where;
        EXPECT_EQ(code(report), where);
        EXPECT_TRUE(report.json.find("pcrs")->as_object().empty()) << where;
    }
}

} // namespace
} // namespace vouchsafe::appraisal
