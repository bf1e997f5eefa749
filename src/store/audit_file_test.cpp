#include "store/audit_file.h"
#include "store/files.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

namespace vouchsafe::store {
namespace {

struct StillClock final : Clock {
    SysTime now() const override { return from_seconds(1'800'000'000); }

    BootTime boot_now() const override { return BootTime(0); }
};

class AuditFileTest : public ::testing::Test {
protected:
    Result<std::unique_ptr<AuditFile>> open() {
        return AuditFile::open({.path = path_, .host = AuthorityHostId{"authority-1"}, .clock = clock_});
    }

    std::string content() { return std::string(as_text(*read_file(path_, 1 << 24))); }

    void overwrite(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

    test::TestDirectory directory_;
    std::string path_ = directory_.path() + "/audit.jsonl";
    StillClock clock_;
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
    EXPECT_EQ((*file)->read({.kind = "release", .vm = "b"})->size(), 1U);
    EXPECT_EQ((*file)->read({.most = 1})->front().sequence, 3);
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
    EXPECT_EQ(content(), good);
    EXPECT_EQ((*file)->head().next, 2);
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
    EXPECT_EQ((*file)->read({.vm = "b"})->size(), 0U);
    EXPECT_EQ((*file)->read({})->size(), 2U);
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
