#include "crypto/digest.h"
#include "tests/support/audit_file_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace vouchsafe::store {
namespace {

TEST_F(AuditFileTest, GoesOnWhereItStopped) {
    {
        auto file = open();
        ASSERT_TRUE(file);
        EXPECT_EQ((*file)->append(audit::kind::start, {})->sequence, 1);
        EXPECT_EQ((*file)->append(audit::kind::release, release_of("a"))->sequence, 2);
    }
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->head().next, 3);
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("b"))->sequence, 3);
    EXPECT_EQ((*file)->read({})->size(), 3U);
    EXPECT_EQ((*file)->read({.filter = {.kinds = {"release"}, .vm = "b"}})->size(), 1U);
    EXPECT_EQ((*file)->read({.limit = 1})->front().sequence, 3);
}

TEST_F(AuditFileTest, IsDurableWhenAppendReturns) {
    auto file = open();
    ASSERT_TRUE(file);
    const auto receipt = (*file)->append(audit::kind::release, release_of("a"));
    ASSERT_TRUE(receipt);
    const std::string text = content();
    EXPECT_EQ(receipt->digest, audit::line_digest(std::string_view(text).substr(0, text.size() - 1)));
}

TEST_F(AuditFileTest, CutsOffATornTail) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    }
    const std::string good = content();
    overwrite(good + R"({"fields":{)");
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->cut_off(), 11U);
    EXPECT_EQ(kinds(**file), (std::vector<std::string>{"start", "torn"}));
    const audit::AuditRecord cut = (*file)->read({})->back();
    EXPECT_EQ(cut.fields.at("bytes"), json::Value(11));
    EXPECT_EQ(cut.fields.at("sha256"), json::Value(to_hex(crypto::sha256(as_bytes(R"({"fields":{)")))));
    file->reset();
    EXPECT_EQ((*open())->cut_off(), 0U);
}

TEST_F(AuditFileTest, CutsOffALineThatLacksItsEndAlone) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    }
    std::string text = content();
    text.pop_back();
    overwrite(text);
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ(kinds(**file), (std::vector<std::string>{"start", "torn"}));
}

TEST_F(AuditFileTest, RefusesAChangedRecord) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("b")));
    }
    std::string text = content();
    text.replace(text.find(R"("vm":"a")"), 8, R"("vm":"c")");
    overwrite(text);
    EXPECT_EQ(open().error().where, "chain.previous");
}

TEST_F(AuditFileTest, RefusesADroppedRecord) {
    {
        auto file = open();
        for (const auto* vm : {"a", "b", "c"})
            ASSERT_TRUE((*file)->append(audit::kind::release, release_of(vm)));
    }
    std::string text = content();
    const auto first = text.find('\n') + 1;
    text.erase(first, text.find('\n', first) + 1 - first);
    overwrite(text);
    EXPECT_EQ(open().error().code, Errc::untrusted);
}

TEST_F(AuditFileTest, HasOneWriter) {
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ(open().error().where, "audit.locked");
}

TEST_F(AuditFileTest, ShowsWhatItHasWhenOpened) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    }
    std::vector<std::string> kinds;
    const auto file =
        AuditFile::open({.path = path_,
                         .host = AuthorityHostId{"authority-1"},
                         .clock = clock_,
                         .on_record = [&](const auto& record) { kinds.push_back(record.kind); }});
    ASSERT_TRUE(file);
    EXPECT_EQ(kinds, (std::vector<std::string>{"start", "release"}));
}

TEST_F(AuditFileTest, GoesOnWhenAFullDiskHasRoomAgain) {
    auto file = open();
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    const std::string good = content();
    {
        const FileSizeLimit limit(good.size() + 10); // a torn line fits, a whole one does not
        for (int i = 0; i < 3; ++i) {
            const auto refused = (*file)->append(audit::kind::release, release_of("b"));
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, Errc::unavailable);
            EXPECT_EQ(refused.error().where, "audit.write");
            EXPECT_EQ(content(), good);
        }
    }
    EXPECT_EQ((*file)->head().next, 2);
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("c"))->sequence, 2);
    file->reset();
    file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->read({.filter = {.vm = "b"}})->size(), 0U);
    EXPECT_EQ((*file)->read({})->size(), 2U);
}

// --- disks that fail

TEST_F(AuditFileTest, RefusesWhatTheDiskRefusesAndGoesOn) {
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    const std::string good = content();
    for (bool FaultyDisk::* const fault : {&FaultyDisk::write_fails, &FaultyDisk::sync_fails}) {
        disk_.*fault = true;
        const auto refused = (*file)->append(audit::kind::release, release_of("a"));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::unavailable);
        EXPECT_EQ(refused.error().where, "audit.write");
        EXPECT_EQ(content(), good);
        disk_.*fault = false;
    }
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("b"))->sequence, 2);
    file->reset();
    EXPECT_EQ(kinds(**open()), (std::vector<std::string>{"start", "release"}));
}

// What stands behind the durable lines is cut off before anything is written there.
TEST_F(AuditFileTest, CutsBackAgainWhereItFailedOnce) {
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    const std::string good = content();
    disk_.write_fails = disk_.cut_fails = true;
    EXPECT_FALSE((*file)->append(audit::kind::release, release_of(std::string(4'000, 'a'))));
    EXPECT_GT(content().size(), good.size());
    disk_.write_fails = false;
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("b")).error().where, "audit.write");
    disk_.cut_fails = false;
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("c"))->sequence, 2);
    EXPECT_TRUE(verify_all());
}

// --- files of bounded size

TEST_F(AuditFileTest, GoesOnInAnotherFileWhenOneIsFull) {
    limits_.file_bytes = 1'000;
    auto file = open();
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ((*file)->append(audit::kind::release, release_of(std::to_string(i)))->sequence, i + 1);
    const auto names = files();
    EXPECT_GT(names.size(), 3U);
    EXPECT_EQ(names.front(), "audit-000000000001.jsonl");
    EXPECT_EQ(names.back(), "audit.jsonl");
    EXPECT_TRUE(verify_all());
    EXPECT_EQ((*file)->read({})->size(), 20U);
    file->reset();
    file = open();
    ASSERT_TRUE(file) << file.error().detail;
    EXPECT_EQ((*file)->head().next, 21);
    EXPECT_EQ((*file)->read({})->size(), 20U);
    EXPECT_EQ((*file)->append(audit::kind::stop, {})->sequence, 21);
    EXPECT_TRUE(verify_all());
}

TEST_F(AuditFileTest, GoesOnInTheOldFileWhereNoOtherCanBeBegun) {
    limits_.file_bytes = 100; // every record fills one
    auto file = open();
    for (int failing = 0; failing < 2; ++failing) {
        disk_.renames_until_failure = failing; // the full one's, then the fresh one's
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
        EXPECT_EQ(files(), std::vector<std::string>{"audit.jsonl"});
    }
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("b")));
    EXPECT_EQ(files().size(), 2U);
    EXPECT_EQ((*file)->read({})->size(), 3U);
    EXPECT_TRUE(verify_all());
}

// A crash between the two renamings leaves the full file and none that is written.
TEST_F(AuditFileTest, BeginsTheFileThatACrashLeftOut) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    }
    std::filesystem::rename(path_, directory_.path() + "/audit-000000000001.jsonl");
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->append(audit::kind::stop, {})->sequence, 2);
    EXPECT_TRUE(verify_all());
}

class FullFiles : public AuditFileTest {
protected:
    FullFiles() {
        limits_.file_bytes = 100;
        auto file = open();
        for (const auto* vm : {"a", "b", "c"})
            VS_CHECK((*file)->append(audit::kind::release, release_of(vm)).has_value());
    }

    std::string full(int first) const {
        return directory_.path() + "/audit-00000000000" + std::to_string(first) + ".jsonl";
    }
};

TEST_F(FullFiles, MayBePutAwayFromTheOldestOn) {
    std::filesystem::remove(full(1));
    auto file = open();
    ASSERT_TRUE(file) << file.error().detail;
    EXPECT_EQ((*file)->read({})->front().sequence, 2);
    EXPECT_EQ((*file)->head().next, 4);
}

TEST_F(FullFiles, MayNotBeMissingInTheMiddle) {
    std::filesystem::remove(full(2));
    EXPECT_EQ(open().error().where, "audit.files");
}

TEST_F(FullFiles, MayNotBeRenamed) {
    std::filesystem::rename(full(1), full(5));
    EXPECT_EQ(open().error().where, "audit.files");
}

TEST_F(FullFiles, MayNotBeChangedOrTorn) {
    const std::string good(as_text(*read_file(full(2), 1 << 20)));
    std::string changed = good;
    changed.replace(changed.find(R"("vm":"b")"), 8, R"("vm":"x")");
    std::ofstream(full(2), std::ios::trunc) << changed;
    EXPECT_EQ(open().error().where, "chain.previous");
    std::ofstream(full(2), std::ios::trunc) << good.substr(0, good.size() - 1);
    EXPECT_EQ(open().error().where, "chain.torn");
    std::ofstream(full(1), std::ios::trunc) << "no record";
    EXPECT_EQ(open().error().code, Errc::untrusted);
}

// --- reading in pages

TEST_F(FullFiles, AreReadFromEitherEnd) {
    auto file = open();
    const auto sequences = [&](AuditQuery query) {
        std::vector<std::int64_t> out;
        const auto records = (*file)->read(query);
        for (const auto& record : records.value())
            out.push_back(record.sequence);
        return out;
    };
    using Numbers = std::vector<std::int64_t>;
    EXPECT_EQ(sequences({.limit = 2}), (Numbers{2, 3}));
    EXPECT_EQ(sequences({.filter = {.before = 3}, .limit = 1}), (Numbers{2}));
    EXPECT_EQ(sequences({.limit = 2, .end = AuditQuery::End::first}), (Numbers{1, 2}));
    EXPECT_EQ(sequences({.filter = {.after = 2}, .end = AuditQuery::End::first}), (Numbers{3}));
    EXPECT_EQ(sequences({.bytes = 1}), (Numbers{3})) << "one always";
    EXPECT_EQ(sequences({.bytes = 1, .end = AuditQuery::End::first}), (Numbers{1}));
    EXPECT_EQ(sequences({.filter = {.vm = "a"}, .limit = 1}), (Numbers{1}));
    EXPECT_EQ(sequences({.filter = {.since = clock_.time + std::chrono::hours(1)}}), Numbers{});
    EXPECT_EQ(sequences({.filter = {.until = clock_.time}}), Numbers{});
}

// --- checkpoints

class Checkpoints : public AuditFileTest {
protected:
    Checkpoints() {
        sign_ = [this](const audit::ChainHead& head, SysTime) -> Result<json::Object> {
            if (signing_fails_)
                return fail(Errc::internal, "test.sign");
            return json::Object{{"seq", head.next - 1}, {"digest", to_hex(head.previous)}};
        };
    }

    bool signing_fails_ = false;
};

TEST_F(Checkpoints, ComeAfterSoManyRecords) {
    limits_.checkpoint_records = 2;
    auto file = open();
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    EXPECT_EQ(
        kinds(**file),
        (std::vector<std::string>{"release", "release", "checkpoint", "release", "release", "checkpoint"}));
    const auto records = (*file)->read({}).value();
    EXPECT_EQ(records[2].fields.at("seq"), json::Value(2));
    EXPECT_EQ(records[2].fields.at("digest"), json::Value(to_hex(records[2].previous)));
}

TEST_F(Checkpoints, ComeWhenARecordHasWaitedLongEnough) {
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    clock_.pass(limits_.checkpoint_age - std::chrono::milliseconds(1));
    ASSERT_TRUE((*file)->checkpoint(AuditFile::When::due));
    EXPECT_EQ(kinds(**file).size(), 1U);
    clock_.pass(std::chrono::milliseconds(1));
    ASSERT_TRUE((*file)->checkpoint(AuditFile::When::due));
    EXPECT_EQ(kinds(**file), (std::vector<std::string>{"release", "checkpoint"}));
    clock_.pass(2 * limits_.checkpoint_age);
    ASSERT_TRUE((*file)->checkpoint(AuditFile::When::due));
    ASSERT_TRUE((*file)->checkpoint(AuditFile::When::now));
    EXPECT_EQ(kinds(**file).size(), 2U) << "there is nothing new to sign";
}

TEST_F(Checkpoints, ComeAtOnceWhenAskedFor) {
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    ASSERT_TRUE((*file)->checkpoint(AuditFile::When::now));
    EXPECT_EQ(kinds(**file).back(), "checkpoint");
}

TEST_F(Checkpoints, EndEveryFullFile) {
    limits_.file_bytes = 1'000;
    auto file = open();
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    for (const std::string& name : files()) {
        const std::string text(as_text(*read_file(directory_.path() + "/" + name, 1 << 20)));
        const auto last = text.rfind('\n', text.size() - 2) + 1;
        EXPECT_TRUE(name == "audit.jsonl" || text.find(R"("kind":"checkpoint")", last) != std::string::npos)
            << name;
    }
    EXPECT_GT(files().size(), 2U);
}

TEST_F(Checkpoints, ThatCannotBeSignedLetNothingBeReleased) {
    limits_.checkpoint_records = 1;
    signing_fails_ = true;
    auto file = open();
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("a")).error().where, "test.sign");
    signing_fails_ = false;
    EXPECT_TRUE((*file)->append(audit::kind::release, release_of("b")));
    EXPECT_TRUE(verify_all());
}

TEST_F(Checkpoints, AreNotForgottenOverARestart) {
    limits_.checkpoint_records = 3;
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("b")));
    }
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("c")));
    EXPECT_EQ(kinds(**file).back(), "checkpoint");
}

// --- clocks that are set

TEST_F(AuditFileTest, RecordsThatTheClockWasSet) {
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    clock_.pass(std::chrono::hours(1));
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
    for (const auto step : {-std::chrono::minutes(5), std::chrono::minutes(7)}) {
        clock_.time += step;
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("b")));
        const auto records = (*file)->read({.limit = 2}).value();
        EXPECT_EQ(records[0].kind, "clock");
        EXPECT_EQ(records[0].fields.at("step_ms"), json::Value(std::chrono::milliseconds(step).count()));
        EXPECT_EQ(records[1].sequence, records[0].sequence + 1);
    }
    clock_.time += clock_step - std::chrono::milliseconds(1);
    ASSERT_TRUE((*file)->append(audit::kind::release, release_of("c")));
    EXPECT_EQ(std::ranges::count(kinds(**file), "clock"), 2);
    EXPECT_TRUE(verify_all());
}

// The file's span of time holds every record, though the last written is not the latest.
TEST_F(AuditFileTest, IsSearchedByTimeThoughTheClockWentBack) {
    const SysTime before = clock_.time;
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("a")));
        clock_.time -= std::chrono::hours(1);
        ASSERT_TRUE((*file)->append(audit::kind::release, release_of("b")));
        EXPECT_EQ((*file)->read({.filter = {.since = before}})->size(), 1U);
        EXPECT_EQ((*file)->read({.filter = {.kinds = {"release"}, .until = before}})->size(), 1U);
    }
    EXPECT_EQ((*open())->read({.filter = {.since = before}})->size(), 1U);
}

TEST_F(AuditFileTest, RecordsAClockThatWentBackWhileNothingRan) {
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    }
    clock_.time += std::chrono::hours(1); // or it was just off for so long
    {
        auto file = open();
        ASSERT_TRUE((*file)->append(audit::kind::start, {}));
        EXPECT_EQ(kinds(**file).size(), 2U);
    }
    clock_.time -= std::chrono::minutes(1);
    auto file = open();
    ASSERT_TRUE((*file)->append(audit::kind::start, {}));
    EXPECT_EQ(kinds(**file), (std::vector<std::string>{"start", "start", "clock", "start"}));
}

} // namespace
} // namespace vouchsafe::store
