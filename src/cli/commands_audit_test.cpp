#include "json/parse.h"
#include "tests/support/audit_log.h"
#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

using test::AuditLog;
using test::CheckpointHouse;

const CheckpointHouse& house() {
    static const CheckpointHouse one;
    return one;
}

/// A log as an authority host leaves it: five records, the third a checkpoint.
class AuditCommands : public testing::Test {
protected:
    AuditCommands() {
        ::setenv("VOUCHSAFE_HOME", directory_.path().c_str(), 1);
        log.add(audit::kind::start);
        log.release("h-1");
        log.checkpoint(house().signer);
        log.release("h-2", "2.0");
        log.add(audit::kind::withheld, {{"release", 4}, {"vm", test::audit_vm}, {"reason", "gate.moved"}});
    }

    int run(const std::vector<std::string>& words) {
        test::CommandRun ran = test::run_command(words);
        out = std::move(ran.out);
        err = std::move(ran.err);
        return ran.exit;
    }

    /// In files of so many records, or in one.
    void write(std::size_t split = 0) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
        write_file("audit.jsonl", split, log.lines.size());
        if (split > 0)
            write_file("audit-000000000001.jsonl", 0, split);
    }

    void write_file(const std::string& name, std::size_t from, std::size_t to) {
        std::ofstream file(folder + "/" + name, std::ios::binary | std::ios::trunc);
        for (std::size_t i = from; i < to; ++i)
            file << log.lines[i];
    }

    int verify(std::vector<std::string> more = {}) {
        write();
        std::vector<std::string> words{"audit", "verify", folder + "/audit.jsonl"};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }

    std::string known() const { return std::to_string(log.head.next - 1) + ":" + to_hex(log.head.previous); }

    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    test::TestDirectory directory_;
    std::string out, err;
    AuditLog log;
    std::string folder = directory_.path() + "/log";
};

// --- verify

TEST_F(AuditCommands, VerifyTheChainAndSayThatNoSignatureWas) {
    EXPECT_EQ(verify(), 0);
    EXPECT_TRUE(has(out,
                    "5 records, chain whole, from 2027-01-15T08:00:01.000Z to 2027-01-15T08:00:05.000Z\n"
                    "known " +
                        known()))
        << out;
    EXPECT_FALSE(has(out, "signed"));
    EXPECT_TRUE(has(err, "No signature was verified")) << err;
    EXPECT_TRUE(has(err, "missing at the end")) << err;
}

TEST_F(AuditCommands, VerifyCheckpointsUnderTheAnchorOrTheKey) {
    EXPECT_EQ(verify({"--anchor", house().anchor()}), 0) << err;
    EXPECT_TRUE(has(out, "signed up to record 2, by 1 checkpoints")) << out;
    EXPECT_TRUE(has(err, "Records 4 to 5 came after the last checkpoint")) << err;
    const std::string pem = directory_.path() + "/key.pem";
    std::ofstream(pem) << "-----BEGIN PUBLIC KEY-----\n"
                       << to_base64(house().signer.key.public_key().spki_der())
                       << "\n-----END PUBLIC KEY-----\n";
    EXPECT_EQ(verify({"--key", pem}), 0) << err;
    EXPECT_TRUE(has(out, "signed up to record 2")) << out;
}

TEST_F(AuditCommands, VerifyNothingUnderAnotherAnchorOrWithoutACheckpoint) {
    EXPECT_EQ(verify({"--anchor", std::string(64, 'a')}), 1);
    EXPECT_TRUE(has(err, "checkpoint.anchor")) << err;
    log = {};
    log.add(audit::kind::start);
    EXPECT_EQ(verify({"--anchor", house().anchor()}), 1);
    EXPECT_TRUE(has(err, "no signed checkpoint")) << err;
}

TEST_F(AuditCommands, VerifyFilesInAnyOrder) {
    write(2);
    const std::string newest = folder + "/audit.jsonl";
    const std::string oldest = folder + "/audit-000000000001.jsonl";
    for (const auto& files :
         std::vector<std::vector<std::string>>{{newest, oldest}, {oldest, newest}, {folder}}) {
        std::vector<std::string> words{"audit", "verify", "--anchor", house().anchor()};
        words.insert(words.end(), files.begin(), files.end());
        EXPECT_EQ(run(words), 0) << err;
        EXPECT_TRUE(has(out, "5 records, chain whole")) << out;
    }
    EXPECT_EQ(run({"audit", "verify", newest, "--anchor", house().anchor()}), 0) << err;
    EXPECT_TRUE(has(out, "3 records")) << out;
    EXPECT_TRUE(has(err, "begin at record 3")) << err;
}

TEST_F(AuditCommands, VerifyNamesTheFileThatBreaksAndWhere) {
    write(2);
    log.lines[3].replace(log.lines[3].find("h-2"), 3, "h-9");
    write(2);
    EXPECT_EQ(run({"audit", "verify", folder}), 1);
    EXPECT_TRUE(has(err, "audit.jsonl: breaks at record 5, byte ")) << err;
    EXPECT_TRUE(has(err, std::to_string(log.lines[2].size() + log.lines[3].size()))) << err;
    EXPECT_TRUE(has(err, "chain.previous")) << err;
}

TEST_F(AuditCommands, VerifyMissesAFileInTheMiddle) {
    write();
    write_file("audit-000000000001.jsonl", 0, 1);
    write_file("audit.jsonl", 2, 5);
    EXPECT_EQ(run({"audit", "verify", folder}), 1);
    EXPECT_TRUE(has(err, "chain.sequence")) << err;
}

TEST_F(AuditCommands, VerifyNamesATornTail) {
    log.lines.back().resize(20);
    EXPECT_EQ(verify(), 2);
    EXPECT_TRUE(has(err, "ends within record 5")) << err;
    log.lines.pop_back();
    log.lines[1][0] = 'x';
    EXPECT_EQ(verify(), 2);
    EXPECT_TRUE(has(err, "breaks at record 2")) << err;
}

TEST_F(AuditCommands, VerifySaysWhetherTheLogStillHoldsWhatIsKnown) {
    const std::string whole = known();
    const std::string third =
        "3:" + to_hex(audit::line_digest(std::string_view(log.lines[2]).substr(0, log.lines[2].size() - 1)));
    EXPECT_EQ(verify({"--known", whole}), 0);
    EXPECT_EQ(verify({"--known", third}), 0);
    EXPECT_EQ(verify({"--known", "3:" + std::string(64, '0')}), 1);
    EXPECT_TRUE(has(err, "another history")) << err;
    log.lines.pop_back();
    EXPECT_EQ(verify(), 0) << "cut at a line end: nothing in the file tells";
    EXPECT_EQ(verify({"--known", whole}), 1);
    EXPECT_TRUE(has(err, "record 5 is missing: the log ends at record 4")) << err;
    write(3);
    EXPECT_EQ(run({"audit", "verify", folder + "/audit.jsonl", "--known", "1:" + std::string(64, '0')}), 1);
    EXPECT_TRUE(has(err, "begin at record 4")) << err;
}

TEST_F(AuditCommands, VerifyTellsPrograms) {
    write();
    EXPECT_EQ(run({"--output", "json", "audit", "verify", folder, "--anchor", house().anchor()}), 0) << err;
    const auto said = json::parse(out);
    ASSERT_TRUE(said);
    EXPECT_EQ(*said->find("records"), json::Value(5));
    EXPECT_EQ(*said->find("vouched_until"), json::Value(2));
    EXPECT_EQ(*said->find("known"), json::Value(known()));
    EXPECT_EQ(run({"--output", "json", "audit", "verify", folder}), 0);
    EXPECT_TRUE(json::parse(out)->find("vouched_until")->is_null());
    log = {};
    write();
    EXPECT_EQ(run({"--output", "json", "audit", "verify", folder}), 0);
    EXPECT_EQ(*json::parse(out)->find("records"), json::Value(0));
}

// --- list, show

TEST_F(AuditCommands, ListFilesByFilter) {
    write(2);
    EXPECT_EQ(run({"audit", "list", "--file", folder}), 0) << err;
    EXPECT_TRUE(has(out, "checkpoint")) << out;
    EXPECT_EQ(run({"audit", "list", "--file", folder, "--host", "h-2"}), 0);
    EXPECT_FALSE(has(out, "h-1"));
    EXPECT_TRUE(has(out, "2.0")) << out;
    EXPECT_EQ(run({"audit", "list", "--file", folder, "--since", "2027-02"}), 0);
    EXPECT_FALSE(has(out, "h-1"));
    EXPECT_EQ(run({"audit", "list", "--file", folder, "--since", "2027-01", "--until", "2027-01-15"}), 0);
    EXPECT_TRUE(has(out, "h-1"));
    EXPECT_EQ(run({"audit", "list", "--file", folder, "--limit", "2"}), 0);
    EXPECT_TRUE(has(err, "--before 4")) << err;
    EXPECT_EQ(run({"--output", "json", "audit", "list", "--file", folder, "--limit", "2", "--before", "4"}),
              0);
    EXPECT_EQ(*json::parse(out)->as_array().front().find("seq"), json::Value(2));
}

TEST_F(AuditCommands, ShowOneRecordWithAllThatItHas) {
    write();
    EXPECT_EQ(run({"audit", "show", "2", "--file", folder}), 0) << err;
    EXPECT_TRUE(has(out, std::string(32, 'c'))) << out;
    EXPECT_TRUE(has(out, "authority-1")) << out;
    EXPECT_EQ(run({"audit", "show", "6", "--file", folder}), 3);
}

// --- who could read

TEST_F(AuditCommands, TellWhoCouldReadAVirtualMachine) {
    write();
    EXPECT_EQ(run({"audit",
                   "readers",
                   std::string(test::audit_vm),
                   "--since",
                   "2027-01",
                   "--until",
                   "2027-01",
                   "--file",
                   folder}),
              0)
        << err;
    EXPECT_TRUE(has(out, "h-1")) << out;
    EXPECT_FALSE(has(out, "h-2")) << "it was withheld from h-2\n" << out;
    EXPECT_EQ(run({"audit", "readers", std::string(test::audit_vm), "--since", "2027-02", "--file", folder}),
              0);
    EXPECT_FALSE(has(out, "h-1")) << out;
    EXPECT_TRUE(has(err, "1 hosts got a key of it before")) << err;
    EXPECT_EQ(run({"audit", "readers", "another", "--file", folder}), 0);
    EXPECT_FALSE(has(out, "h-1")) << out;
}

TEST_F(AuditCommands, TellItForAllAuthorityHosts) {
    write(2);
    AuditLog other{.host = {"authority-2"}};
    other.release("h-1");
    other.release("h-7");
    const std::string second = directory_.path() + "/second.jsonl";
    std::ofstream(second, std::ios::binary) << other.text();
    const std::vector<std::string> words{
        "audit", "readers", std::string(test::audit_vm), "--file", folder, "--file", second};
    EXPECT_EQ(run(words), 0) << err;
    EXPECT_TRUE(has(out, "h-1") && has(out, "h-7")) << out;
    EXPECT_FALSE(has(out, "h-2")) << out;
    EXPECT_TRUE(has(err, "by the log of authority-1, records 1 to 5 of ")) << err;
    EXPECT_TRUE(has(err, "by the log of authority-2, records 1 to 2 of ")) << err;

    std::vector<std::string> as_json = words;
    as_json.insert(as_json.end(), {"--output", "json"});
    EXPECT_EQ(run(as_json), 0);
    const json::Value found = json::parse(out).value();
    const json::Array& readers = found.find("readers")->as_array();
    ASSERT_EQ(readers.size(), 2U) << out;
    EXPECT_EQ(readers[0].find("host")->as_string(), "h-1");
    EXPECT_EQ(readers[0].find("releases")->as_integer(), 2); // one of each
    EXPECT_EQ(found.find("logs")->as_array().size(), 2U);

    // A log that was changed answers nothing, whichever it is.
    std::string changed = other.text();
    changed.replace(changed.find("h-7"), 3, "h-8");
    std::ofstream(second, std::ios::binary) << changed << other.lines[1];
    EXPECT_EQ(run(words), 1) << out;
    EXPECT_TRUE(has(err, "second.jsonl")) << err;
    // Elsewhere one host's files are wanted.
    EXPECT_EQ(run({"audit", "verify", folder, second}), 1);
    EXPECT_TRUE(has(err, "each authority host has a log of its own")) << err;
}

// --- export

TEST_F(AuditCommands, ExportLinesThatVerifyAgain) {
    write(2);
    const std::string copy = directory_.path() + "/copy.jsonl";
    EXPECT_EQ(run({"audit", "export", "--file", folder, "--out", copy}), 0) << err;
    std::ifstream file(copy, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), log.text());
    EXPECT_EQ(run({"audit", "verify", copy, "--anchor", house().anchor()}), 0) << err;
    EXPECT_EQ(run({"audit", "export", "--file", folder, "--after", "3"}), 0);
    EXPECT_EQ(out, log.text(3));
    EXPECT_EQ(run({"audit", "export", "--file", folder, "--out", "/nonexistent/copy"}), 4);
}

} // namespace
} // namespace vouchsafe::cli
