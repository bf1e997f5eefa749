#include "crypto/digest.h"
#include "store/audit_file.h"
#include "store/files.h"
#include "tests/support/stepped_clock.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace vouchsafe::store {
namespace {

using test::SteppedClock;

/// Fails where a test says so, as a disk would.
struct FaultyDisk {
    bool write_fails = false;
    bool sync_fails = false;
    bool cut_fails = false;
    int renames_until_failure = -1; ///< -1: none fails
    std::atomic<int> syncs = 0;

    DiskCalls calls() {
        const DiskCalls real = DiskCalls::real();
        return {.write =
                    [this, real](int fd, const char* bytes, std::size_t size, off_t at) {
                        // Half of it arrives, as on a disk that fills up.
                        return write_fails && size < 2
                                   ? failed()
                                   : real.write(fd, bytes, write_fails ? size / 2 : size, at);
                    },
                .sync =
                    [this, real](int fd) {
                        ++syncs;
                        return sync_fails ? failed() : real.sync(fd);
                    },
                .cut = [this, real](int fd, off_t size) { return cut_fails ? failed() : real.cut(fd, size); },
                .rename =
                    [this, real](const char* from, const char* to) {
                        return renames_until_failure >= 0 && renames_until_failure-- == 0
                                   ? failed()
                                   : real.rename(from, to);
                    }};
    }

private:
    static int failed() {
        errno = EIO;
        return -1;
    }
};

class AuditFileTest : public ::testing::Test {
protected:
    Result<std::unique_ptr<AuditFile>> open() {
        return AuditFile::open({.path = path_,
                                .host = AuthorityHostId{"authority-1"},
                                .clock = clock_,
                                .sign = sign_,
                                .limits = limits_,
                                .disk = disk_.calls()});
    }

    static std::vector<std::string> kinds(const AuditFile& file) {
        std::vector<std::string> out;
        const auto records = file.read({});
        for (const auto& record : records.value())
            out.push_back(record.kind);
        return out;
    }

    std::vector<std::string> files() {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
            if (entry.path().extension() == ".jsonl")
                out.push_back(entry.path().filename().string());
        std::ranges::sort(out);
        return out;
    }

    /// Every file of the log, oldest first, as an auditor reads it.
    std::expected<void, audit::Break> verify_all() {
        audit::ChainVerifier chain;
        std::vector<std::string> names = files();
        std::ranges::sort(names, {}, [](const std::string& name) {
            return std::pair(name == "audit.jsonl", name); // the one that is written is the newest
        });
        for (const std::string& name : names)
            if (auto fed = chain.feed(as_text(*read_file(directory_.path() + "/" + name, 1 << 24))); !fed)
                return fed;
        return chain.finish();
    }

    std::string content() { return std::string(as_text(*read_file(path_, 1 << 24))); }

    void overwrite(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

    test::TestDirectory directory_;
    std::string path_ = directory_.path() + "/audit.jsonl";
    SteppedClock clock_;
    FaultyDisk disk_;
    AuditLimits limits_;
    AuditFile::Sign sign_;
};

json::Object release_of(const std::string& vm) {
    return {{"vm", vm}, {"host", "h-1"}};
}

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

// A disk with so much room, while it lives: writing past it fails as on a full one.
class FileSizeLimit {
public:
    explicit FileSizeLimit(std::size_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

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

/// Records that nobody waits for, one by one.
class Submitted : public AuditFileTest {
protected:
    void submit(AuditFile& file, const std::string& vm) {
        file.submit(audit::kind::release, release_of(vm), [this](Result<audit::AuditReceipt> receipt) {
            outcomes_.push_back(receipt ? receipt->sequence : 0);
        });
    }

    /// Once what was submitted before is written.
    std::vector<std::int64_t> outcomes(AuditFile& file) {
        std::ignore = file.append(audit::kind::start, {});
        return outcomes_;
    }

    std::vector<std::int64_t> outcomes_; // of the writer's thread, until that has come to an end
};

TEST_F(Submitted, RecordsGoTogether) {
    limits_.company = std::chrono::hours(1);
    auto file = open();
    ASSERT_TRUE(file);
    const int before = disk_.syncs;
    for (const auto* vm : {"a", "b", "c"})
        submit(**file, vm);
    EXPECT_EQ(outcomes(**file), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_EQ(disk_.syncs, before + 1);
    EXPECT_EQ((*file)->read({.filter = {.kinds = {"release"}}})->size(), 3U);
}

TEST_F(Submitted, RecordsGoWhenTheyAreFlushed) {
    limits_.company = std::chrono::hours(1);
    auto file = open();
    ASSERT_TRUE(file);
    std::promise<std::int64_t> written;
    (*file)->submit(audit::kind::release, release_of("a"), [&](const auto& receipt) {
        written.set_value(receipt->sequence);
    });
    (*file)->flush();
    EXPECT_EQ(written.get_future().get(), 1);
}

TEST_F(Submitted, RecordsDoNotWaitForCompanyForLong) {
    limits_.company = std::chrono::milliseconds(1);
    auto file = open();
    ASSERT_TRUE(file);
    std::promise<std::int64_t> written;
    (*file)->submit(audit::kind::release, release_of("a"), [&](const auto& receipt) {
        written.set_value(receipt->sequence);
    });
    EXPECT_EQ(written.get_future().get(), 1);
}

TEST_F(Submitted, RecordsFailTogether) {
    limits_.company = std::chrono::hours(1);
    auto file = open();
    ASSERT_TRUE(file);
    disk_.sync_fails = true;
    submit(**file, "a");
    submit(**file, "b");
    EXPECT_EQ(outcomes(**file), (std::vector<std::int64_t>{0, 0}));
    disk_.sync_fails = false;
    outcomes_.clear();
    submit(**file, "c");
    EXPECT_EQ(outcomes(**file), (std::vector<std::int64_t>{1}));
}

TEST_F(Submitted, RecordsAreWrittenBeforeTheEnd) {
    limits_.company = std::chrono::hours(1);
    {
        auto file = open();
        ASSERT_TRUE(file);
        submit(**file, "a");
        submit(**file, "b");
    }
    EXPECT_EQ(outcomes_, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ((*open())->head().next, 3);
}

TEST_F(Submitted, RecordsMayFollowFromOneAnother) {
    auto file = open();
    ASSERT_TRUE(file);
    std::promise<std::int64_t> written;
    (*file)->submit(audit::kind::release, release_of("a"), [&](const auto&) {
        (*file)->submit(audit::kind::withheld, release_of("a"), [&](const auto& receipt) {
            written.set_value(receipt->sequence);
        });
    });
    EXPECT_EQ(written.get_future().get(), 2);
}

TEST_F(Submitted, RecordsThatDoNotFitFailAtOnce) {
    auto file = open();
    ASSERT_TRUE(file);
    submit(**file, std::string(audit::max_line_bytes, 'x'));
    EXPECT_EQ(outcomes_, (std::vector<std::int64_t>{0}));
}

class ManyThreads : public AuditFileTest {
protected:
    static constexpr int threads = 8;
    static constexpr int each = 50;

    // Each thread appends in turn; what it was told is durable, in the order that it was told.
    std::map<std::int64_t, std::string> append_all(AuditFile& file) {
        std::mutex mutex;
        std::map<std::int64_t, std::string> acknowledged;
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    const std::string name = std::to_string(t) + "/" + std::to_string(i);
                    const auto receipt = file.append(audit::kind::release, release_of(name));
                    const std::scoped_lock lock(mutex);
                    const bool fresh = !receipt || acknowledged.emplace(receipt->sequence, name).second;
                    EXPECT_TRUE(fresh) << "two records of one number";
                }
            });
        writers.clear();
        return acknowledged;
    }

    static std::map<std::int64_t, std::string> recorded(const AuditFile& file) {
        std::map<std::int64_t, std::string> out;
        const auto records = file.read({});
        for (const auto& record : records.value())
            out[record.sequence] = record.fields.at("vm").as_string();
        return out;
    }
};

TEST_F(ManyThreads, ShareOneChainInTheOrderTheyWereTold) {
    auto file = open();
    ASSERT_TRUE(file);
    const auto acknowledged = append_all(**file);
    EXPECT_EQ(acknowledged.size(), static_cast<std::size_t>(threads * each));
    EXPECT_EQ(recorded(**file), acknowledged);
    std::map<std::string, int> next;
    for (const auto& [sequence, name] : acknowledged) {
        const auto slash = name.find('/');
        EXPECT_EQ(std::stoi(name.substr(slash + 1)), next[name.substr(0, slash)]++);
    }
    file->reset();
    EXPECT_EQ((*open())->head().next, threads * each + 1);
}

TEST_F(ManyThreads, AreToldTheTruthWhenTheDiskFillsUp) {
    auto file = open();
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append(audit::kind::start, {{"vm", "first"}}));
    std::map<std::int64_t, std::string> acknowledged;
    {
        const FileSizeLimit limit(32 * content().size());
        acknowledged = append_all(**file);
    }
    EXPECT_GT(acknowledged.size(), 1U);
    EXPECT_LT(acknowledged.size(), static_cast<std::size_t>(threads * each));
    acknowledged.emplace(1, "first");
    EXPECT_EQ(recorded(**file), acknowledged);
    file->reset();
    file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->cut_off(), 0U);
    EXPECT_EQ(recorded(**file), acknowledged);
}

} // namespace
} // namespace vouchsafe::store
