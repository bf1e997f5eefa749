// The thread that writes the audit file: what goes to the disk together, and who is told what.
#include "tests/support/audit_file_fixture.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

namespace vouchsafe::store {
namespace {

/// Records that nobody waits for, one by one.
class Submitted : public AuditFileTest {
protected:
    void submit(AuditFile& file, const std::string& vm) {
        file.submit(audit::kind::release, release_of(vm), [this](Result<audit::AuditReceipt> receipt) {
            outcomes_.push_back(receipt ? receipt->sequence : 0);
        });
    }

    /// The number of a record that was submitted, once it is written; `then` comes in between.
    static std::int64_t submitted(AuditFile& file, const std::function<void()>& then) {
        std::promise<std::int64_t> written;
        file.submit(audit::kind::release, release_of("a"), [&](const auto& receipt) {
            written.set_value(receipt->sequence);
        });
        then();
        return written.get_future().get();
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
    EXPECT_EQ(submitted(**file, [&] { (*file)->flush(); }), 1);
}

TEST_F(Submitted, RecordsDoNotWaitForCompanyForLong) {
    limits_.company = std::chrono::milliseconds(1);
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ(submitted(**file, [] {}), 1);
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
