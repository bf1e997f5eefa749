// What SQLite's adapters promise besides the ports: durability, versions, modes, bounds, threads.
#include "store/authority_database.h"
#include "store/documents.h"
#include "store/files.h"
#include "store/sqlite.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <thread>

namespace vouchsafe::store {
namespace {

constexpr std::array<std::string_view, 2> schema = {"CREATE TABLE a (x INTEGER)", "CREATE TABLE b (y TEXT)"};

class SqliteTest : public ::testing::Test {
protected:
    static std::int64_t count(Sqlite& database, const std::string& table) {
        auto query = database.prepare("SELECT count(*) FROM " + table);
        return query && *query->step() ? query->integer(0) : -1;
    }

    test::TestDirectory directory_;
    std::string path_ = directory_.path() + "/state.db";
};

TEST_F(SqliteTest, IsForItsOwnerAlone) {
    ASSERT_TRUE(Sqlite::open(path_, schema));
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SqliteTest, MigratesFromWhereItStopped) {
    {
        auto old = Sqlite::open(path_, std::span(schema).first(1));
        ASSERT_TRUE(old);
        ASSERT_TRUE(old->execute("INSERT INTO a VALUES (7)"));
        EXPECT_EQ(count(*old, "b"), -1);
    }
    auto now = Sqlite::open(path_, schema);
    ASSERT_TRUE(now);
    EXPECT_EQ(count(*now, "a"), 1);
    EXPECT_EQ(count(*now, "b"), 0);
}

TEST_F(SqliteTest, RefusesANewerSchema) {
    ASSERT_TRUE(Sqlite::open(path_, schema));
    const auto older_program = Sqlite::open(path_, std::span(schema).first(1));
    ASSERT_FALSE(older_program);
    EXPECT_EQ(older_program.error().where, "database.version");
}

TEST_F(SqliteTest, KeepsNothingOfAFailedMigration) {
    constexpr std::array<std::string_view, 2> broken = {
        "CREATE TABLE a (x INTEGER)", "CREATE TABLE b (y TEXT); CREATE TABLE a (x INTEGER)"};
    EXPECT_FALSE(Sqlite::open(path_, broken));
    auto mended = Sqlite::open(path_, schema);
    ASSERT_TRUE(mended);
    EXPECT_EQ(count(*mended, "b"), 0);
}

TEST_F(SqliteTest, UndoesATransactionThatFails) {
    auto database = Sqlite::open(path_, schema);
    ASSERT_TRUE(database);
    const auto failed = database->transaction([&]() -> Result<void> {
        VS_TRY_VOID(database->execute("INSERT INTO a VALUES (1)"));
        return fail(Errc::conflict, "test");
    });
    EXPECT_EQ(failed.error().where, "test");
    EXPECT_EQ(count(*database, "a"), 0);
    ASSERT_TRUE(database->transaction([&] { return database->execute("INSERT INTO a VALUES (1)"); }));
    EXPECT_EQ(count(*database, "a"), 1);
}

TEST_F(SqliteTest, RefusesWhatIsNoDatabase) {
    ASSERT_TRUE(write_file(path_, as_bytes(std::string(8192, 'x'))));
    EXPECT_EQ(Sqlite::open(path_, schema).error().code, Errc::malformed);
    EXPECT_EQ(Sqlite::open(directory_.path() + "/none/state.db", schema).error().where, "database.open");
}

TEST_F(SqliteTest, AuthorityStateOutlivesTheProgram) {
    const inventory::StoredChange change{.revision = 1, .record = "{}", .kid = "k", .signature = {1}};
    {
        auto database = AuthorityDatabase::open(path_);
        ASSERT_TRUE((*database)->changes().append(change, 0));
        ASSERT_TRUE((*database)->records().save_evidence({"h-1"}, as_bytes("evidence")));
    }
    auto database = AuthorityDatabase::open(path_);
    EXPECT_EQ(*(*database)->changes().load(), std::vector{change});
    EXPECT_EQ(as_text(**(*database)->records().evidence({"h-1"})), "evidence");
    EXPECT_EQ((*database)->changes().append(change, 0).error().where, "change_log.revision");
}

// Another program that opens the file sees what has been committed, and nothing else.
TEST_F(SqliteTest, RecordsAreCommittedTogether) {
    auto database = AuthorityDatabase::open(path_);
    auto other = AuthorityDatabase::open(path_);
    ASSERT_TRUE(database && other);
    const auto save = [&](const std::string& host) {
        ASSERT_TRUE((*database)->records().save_evidence({host}, as_bytes(host)));
    };
    const auto is_committed = [&](const std::string& host) {
        return (*other)->records().evidence({host})->has_value();
    };
    save("h-1");
    EXPECT_FALSE(is_committed("h-1"));
    ASSERT_TRUE((*database)->changes().heartbeat({"authority-1"}, BootTime(1)));
    EXPECT_TRUE(is_committed("h-1"));

    save("h-2");
    ASSERT_TRUE(
        (*database)->changes().append({.revision = 1, .record = "{}", .kid = "k", .signature = {1}}, 0));
    EXPECT_TRUE(is_committed("h-2"));

    for (int i = 0; i < 257; ++i)
        save("h-many");
    EXPECT_TRUE(is_committed("h-many"));
}

// Two programs on one file, as after a start while the old one still runs: one change of each revision.
TEST_F(SqliteTest, TwoWritersDoNotForkTheChanges) {
    auto one = AuthorityDatabase::open(path_);
    auto two = AuthorityDatabase::open(path_);
    ASSERT_TRUE(one && two);
    ASSERT_TRUE((*one)->changes().append({.revision = 1, .record = "1", .kid = "", .signature = {}}, 0));
    EXPECT_EQ(
        (*two)->changes().append({.revision = 1, .record = "2", .kid = "", .signature = {}}, 0).error().where,
        "change_log.revision");
    EXPECT_EQ((*two)->changes().heartbeat({"authority-1"}, BootTime(1)), 1);
}

TEST_F(SqliteTest, OneOfManyThreadsWinsEachRevision) {
    auto database = AuthorityDatabase::open(path_);
    ASSERT_TRUE(database);
    constexpr std::int64_t revisions = 20;
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < 4; ++t)
            writers.emplace_back([&] {
                for (std::int64_t i = 0; i < revisions; ++i)
                    if ((*database)->changes().append(
                            {.revision = i + 1, .record = "{}", .kid = "k", .signature = {}}, i))
                        ++won;
            });
    }
    EXPECT_EQ((*database)->changes().load()->size(), static_cast<std::size_t>(won.load()));
    EXPECT_EQ(won.load(), revisions);
}

TEST_F(SqliteTest, DocumentsOutliveTheProgram) {
    {
        auto documents = SqliteDocuments::open(path_);
        ASSERT_TRUE((*documents)->put("vm", "1", json::object({{"n", 1}}), 0));
    }
    auto documents = SqliteDocuments::open(path_);
    EXPECT_EQ((*documents)->put("vm", "1", json::object({{"n", 2}}), 1), 2);
}

// What does not come back would spoil every list of its kind.
TEST_F(SqliteTest, RefusesADocumentThatCouldNotBeRead) {
    auto documents = SqliteDocuments::open(path_);
    const json::Value large(std::string((std::size_t{16} << 20U) + 1, 'x'));
    EXPECT_EQ((*documents)->put("vm", "1", large, 0).error().code, Errc::too_large);
    json::Value deep = json::Value("x");
    for (int i = 0; i < 40; ++i)
        deep = json::array({std::move(deep)});
    EXPECT_EQ((*documents)->put("vm", "1", deep, 0).error().code, Errc::too_large);
    EXPECT_TRUE((*documents)->list("vm")->empty());
}

TEST_F(SqliteTest, RefusesAnObservationThatCouldNotBeRead) {
    auto database = AuthorityDatabase::open(path_);
    inventory::HostObservation large{.host = {"h-1"},
                                     .counters = {},
                                     .boot_id = {},
                                     .log_positions = {},
                                     .accepted = {},
                                     .ima_pending = {},
                                     .tpm_firmware = {},
                                     .last_attested = {},
                                     .state = "refused",
                                     .tier = "none",
                                     .base_image = {},
                                     .reasons = {},
                                     .firmware = {},
                                     .firmware_set = {},
                                     .ak_name = {},
                                     .ak_public = {},
                                     .reporting_token = std::string(std::size_t{2} << 20U, 'x')};
    EXPECT_EQ((*database)->records().save_observation(large).error().code, Errc::too_large);
    EXPECT_TRUE((*database)->records().observations()->empty());
}

} // namespace
} // namespace vouchsafe::store
