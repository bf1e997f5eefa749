// Logs of real machines with independent oracles, where the collection is at hand: the folder "corpus" under
// VOUCHSAFE_SHARED, or under "shared" beside the project. Without it these tests say that they were skipped.
#include "appraisal/inspect.h"
#include "appraisal/inspect_ima.h"
#include "appraisal/inspect_quote.h"
#include "appraisal/replay.h"
#include "eventlog/firmware.h"
#include "eventlog/ima.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
    const char* const shared = std::getenv("VOUCHSAFE_SHARED");
    const fs::path beside = fs::path(VS_VECTORS).parent_path().parent_path().parent_path() / "shared";
    return (shared != nullptr ? fs::path(shared) : beside) / "corpus";
}

std::vector<fs::path> oracles(std::string_view ending) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(corpus()))
        if (entry.path().string().ends_with(ending))
            found.push_back(entry.path());
    std::ranges::sort(found);
    return found;
}

struct Row {
    std::string bank;
    std::uint32_t pcr = 0;
    std::string replay;
};

std::vector<Row> read_oracle(const fs::path& file) {
    std::ifstream in(file);
    std::vector<Row> rows;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("#") || line.starts_with("bank\t"))
            continue;
        std::istringstream fields(line);
        Row row;
        fields >> row.bank >> row.pcr >> row.replay;
        if (row.replay != "-" && !row.replay.empty())
            rows.push_back(row);
    }
    return rows;
}

fs::path log_of(const fs::path& oracle) {
    const std::string name = oracle.string();
    return name.substr(0, name.size() - std::string_view(".pcrs.tsv").size());
}

TEST(Corpus, FirmwareLogsReplayToTheirOracles) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    std::size_t compared = 0;
    for (const fs::path& oracle : oracles(".bin.pcrs.tsv")) {
        if (oracle.string().ends_with(".ima.bin.pcrs.tsv"))
            continue;
        const Buffer bytes = test::read_file(log_of(oracle));
        const auto log = eventlog::parse_firmware_log(bytes);
        if (!log) {
            ADD_FAILURE() << oracle << ": " << log.error().where << ": " << log.error().detail;
            continue;
        }
        std::map<std::string, PcrBank> banks;
        for (const Row& row : read_oracle(oracle)) {
            const auto bank = eventlog::algorithm_from_text(row.bank);
            ASSERT_TRUE(bank) << row.bank;
            if (!banks.contains(row.bank)) {
                auto values = replay_firmware(*log, *bank);
                ASSERT_TRUE(values) << oracle << values.error().detail;
                banks[row.bank] = *std::move(values);
            }
            const auto value = banks[row.bank].find(row.pcr);
            EXPECT_EQ(value != banks[row.bank].end() ? to_hex(value->second) : "none", row.replay)
                << oracle << " " << row.bank << " " << row.pcr;
            ++compared;
        }
        EXPECT_NE(inspect_eventlog(bytes).verdict, Verdict::malformed);
    }
    EXPECT_GT(compared, 500U);
}

TEST(Corpus, ImaListsReplayToTheirOracles) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    std::size_t compared = 0;
    for (const fs::path& oracle : oracles(".ima.bin.pcrs.tsv")) {
        const Buffer bytes = test::read_file(log_of(oracle));
        const auto list = eventlog::parse_ima_list(bytes);
        if (!list) {
            ADD_FAILURE() << oracle << ": " << list.error().where << ": " << list.error().detail;
            continue;
        }
        const auto checked = check_template_digests(*list);
        ASSERT_TRUE(checked) << oracle << ": " << checked.error().detail;
        for (const Row& row : read_oracle(oracle)) {
            const bool padded = row.bank.ends_with("-zero-padded-sha1");
            const auto bank = eventlog::algorithm_from_text(row.bank.substr(0, row.bank.find('-')));
            const auto quoted = from_hex(row.replay);
            ASSERT_TRUE(bank && quoted) << row.bank;
            const auto replayed = replay_ima(*checked, {.bank = *bank, .quoted = {{row.pcr, *quoted}}});
            ASSERT_TRUE(replayed) << oracle << " " << row.bank << ": " << replayed.error().detail;
            EXPECT_EQ(replayed->entries, list->entries.size()) << oracle << " " << row.bank;
            const bool can_tell = list->digest_bytes == 20; // longer digests are the bank's own
            EXPECT_EQ(replayed->form != ImaForm::hashed, padded && can_tell) << oracle << row.bank;
            ++compared;
        }
    }
    EXPECT_GT(compared, 10U);
}

TEST(Corpus, InspectedImaListsLeadToTheirOracles) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    std::size_t compared = 0;
    for (const fs::path& oracle : oracles(".ima.bin.pcrs.tsv")) {
        const InspectReport report = inspect_ima(test::read_file(log_of(oracle)));
        EXPECT_EQ(report.verdict, Verdict::fine) << oracle;
        for (const Row& row : read_oracle(oracle)) {
            const json::Value* const bank = report.json.find("pcrs")->find(row.bank);
            if (row.bank.ends_with("-zero-padded-sha1") && bank == nullptr)
                continue; // the list has longer digests than SHA-1
            ASSERT_NE(bank, nullptr) << oracle << row.bank;
            EXPECT_EQ(bank->find(std::to_string(row.pcr))->as_string(), row.replay) << oracle << row.bank;
            ++compared;
        }
    }
    EXPECT_GT(compared, 40U);
}

TEST(Corpus, ImaListsAsTextAreRead) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    const std::pair<std::string, std::int64_t> lists[] = {
        {"ima-ascii/rust-keylime-ascii.txt", 826},
        {"ima-ascii/ima-log-sm3_256", 2},
        {"ima-evm-utils/test_ascii_runtime_measurements", 3},
        {"kunpeng-arm/ascii_runtime_measurements_ima-ng_sha256", 2510},
    };
    for (const auto& [name, entries] : lists) {
        const InspectReport report = inspect_ima(test::read_file(corpus() / name));
        EXPECT_EQ(report.verdict, Verdict::fine) << name << json::canonical(report.json);
        EXPECT_EQ(report.json.find("entries")->as_integer(), entries) << name;
    }
}

TEST(Corpus, QuotesOfToolsVerify) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    const fs::path folder = corpus() / "quote-keylime";
    const Buffer attest = test::read_file(folder / "quote.out");
    const Buffer signature = test::read_file(folder / "quotesig.out");
    const Buffer pcrs = test::read_file(folder / "quotepcr.out");
    for (const std::string key : {"ak.pub", "akpub.pem"}) {
        const Buffer ak = test::read_file(folder / key);
        const InspectReport report =
            inspect_quote({.attest = attest, .signature = signature, .ak = ak, .nonce = {}, .pcrs = pcrs});
        EXPECT_EQ(report.verdict, Verdict::fine) << key << json::canonical(report.json);
    }
}

// A Dell's quote of no PCR at all, whose AK is not in the corpus; and Azure's, in a JSON document of hex
// texts.
TEST(Corpus, QuotesOfNothingAndInTexts) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    const Buffer ak = test::read_file(corpus() / "quote-keylime" / "ak.pub");
    const auto failed = [&ak](Bytes attest, Bytes signature, std::string_view name) {
        const InspectReport report =
            inspect_quote({.attest = attest, .signature = signature, .ak = ak, .nonce = {}, .pcrs = {}});
        const auto& checks = report.json.find("checks")->as_array();
        return std::ranges::any_of(checks, [name](const json::Value& check) {
            return check.find("name")->as_string() == name && !check.find("passed")->as_bool();
        });
    };
    const fs::path guard = corpus() / "evidence-guard";
    const Buffer empty = test::read_file(guard / "IMN-DELL.quote.tpms_attest.bin");
    EXPECT_TRUE(
        failed(empty, test::read_file(guard / "IMN-DELL.quote.tpmt_signature.bin"), "quote.selection"));
    const Buffer other = test::read_file(guard / "good-1.quote.tpms_attest.bin");
    EXPECT_FALSE(
        failed(other, test::read_file(guard / "good-1.quote.tpmt_signature.bin"), "quote.selection"));

    const auto azure =
        json::parse(as_text(test::read_file(corpus() / "quote-azure" / "snp-tpm-quote-v1.json")));
    ASSERT_TRUE(azure);
    const auto part = [&azure](std::string_view name) {
        return to_buffer(as_bytes(azure->find(name)->as_string()));
    };
    EXPECT_TRUE(failed(part("message"), part("signature"), "quote.signature"))
        << "another key's, but readable";
    EXPECT_FALSE(failed(part("message"), part("signature"), "attest.magic"));
    EXPECT_FALSE(failed(part("message"), part("signature"), "quote.text"));
}

// Evidence in which one machine's quote, key and PCR values are base64 in a JSON document.
TEST(Corpus, QuotesInDocumentsVerifyByTheirParts) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    const auto document =
        json::parse(as_text(test::read_file(corpus() / "quote-misc" / "tpm_evidence.json")));
    ASSERT_TRUE(document);
    const auto text = [](const json::Value& value) { return to_buffer(as_bytes(value.as_string())); };
    const json::Value& quote = *document->find("tpm_quote");
    const Buffer attest = text(*quote.find("message"));
    const Buffer signature = text(*quote.find("signature"));
    const Buffer ak = text(*document->find("ak_public"));
    const InspectReport report =
        inspect_quote({.attest = attest, .signature = signature, .ak = ak, .nonce = {}, .pcrs = {}});
    EXPECT_EQ(report.verdict, Verdict::fine) << json::canonical(report.json);
}

} // namespace
} // namespace vouchsafe::appraisal
