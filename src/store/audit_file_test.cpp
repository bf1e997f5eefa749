#include "store/audit_file.h"
#include "store/files.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <fstream>
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

TEST_F(AuditFileTest, FailsWhenTheDiskRefuses) {
    path_ = "/dev/full";
    auto file = open();
    if (!file)
        GTEST_SKIP() << "no /dev/full that can be locked: " << file.error().detail;
    EXPECT_EQ((*file)->append(audit::kind::release, release_of("a")).error().code, Errc::unavailable);
}

TEST_F(AuditFileTest, KeepsEveryRecordOfManyThreads) {
    auto file = open();
    ASSERT_TRUE(file);
    constexpr int threads = 8;
    constexpr int each = 50;
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back([&, t] {
                for (int i = 0; i < each; ++i)
                    EXPECT_TRUE((*file)->append(audit::kind::release, release_of(std::to_string(t))));
            });
    }
    EXPECT_EQ((*file)->head().next, threads * each + 1);
    EXPECT_EQ((*file)->read({.vm = "3"})->size(), static_cast<std::size_t>(each));
}

} // namespace
} // namespace vouchsafe::store
