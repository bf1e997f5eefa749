// What the ports of inventory promise, asked of each of their adapters: SQLite, and the fakes that other
// tests believe.
#include "inventory/ports.h"
#include "store/authority_database.h"
#include "store/documents.h"
#include "tests/support/authority_history.h"
#include "tests/support/inventory_fakes.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

namespace vouchsafe::store {
namespace {

struct Adapter {
    Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    virtual ~Adapter() = default;

    virtual inventory::ChangeLog& changes() = 0;
    virtual inventory::AuthorityRecords& records() = 0;
    virtual inventory::Documents& documents() = 0;
};

struct InMemory final : Adapter {
    inventory::ChangeLog& changes() override { return changes_; }

    inventory::AuthorityRecords& records() override { return records_; }

    inventory::Documents& documents() override { return documents_; }

    test::MemoryChangeLog changes_;
    test::MemoryAuthorityRecords records_;
    test::MemoryDocuments documents_;
};

struct OnSqlite final : Adapter {
    inventory::ChangeLog& changes() override { return authority_->changes(); }

    inventory::AuthorityRecords& records() override { return authority_->records(); }

    inventory::Documents& documents() override { return *documents_; }

    test::TestDirectory directory_;
    std::unique_ptr<AuthorityDatabase> authority_ =
        AuthorityDatabase::open(directory_.path() + "/authority.db").value();
    std::unique_ptr<SqliteDocuments> documents_ =
        SqliteDocuments::open(directory_.path() + "/manager.db").value();
};

struct Row {
    const char* name;
    std::unique_ptr<Adapter> (*make)();
};

class Ports : public ::testing::TestWithParam<Row> {
protected:
    inventory::ChangeLog& changes() { return adapter_->changes(); }

    inventory::AuthorityRecords& records() { return adapter_->records(); }

    inventory::Documents& documents() { return adapter_->documents(); }

    std::unique_ptr<Adapter> adapter_ = GetParam().make();
    test::AuthorityHistory history_;
    AuthorityHostId host_{"authority-1"};
};

INSTANTIATE_TEST_SUITE_P(
    Every,
    Ports,
    ::testing::Values(
        Row{"sqlite", []() -> std::unique_ptr<Adapter> { return std::make_unique<OnSqlite>(); }},
        Row{"memory", []() -> std::unique_ptr<Adapter> { return std::make_unique<InMemory>(); }}),
    [](const auto& row) { return row.param.name; });

inventory::StoredChange change_of(std::int64_t revision) {
    return {.revision = revision,
            .record = "{\"revision\":" + std::to_string(revision) + "}",
            .kid = "kid",
            .signature = {0, 1, 0xFF}};
}

inventory::HostObservation observation_of(const std::string& host, const std::string& tier = "affirming") {
    return {.host = {host},
            .counters = inventory::Counters{.reset = 3, .restart = 1, .clock = 12'345},
            .boot_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            .log_positions = {},
            .accepted = {},
            .ima_pending = {},
            .tpm_firmware = {},
            .last_attested = from_seconds(1'800'000'000),
            .state = "trusted",
            .tier = tier,
            .base_image = "1.0",
            .reasons = {},
            .firmware = inventory::FirmwarePin{.pcr0 = "00", .pcr2 = "02", .version = "1"},
            .firmware_set = {},
            .ak_name = "000b22",
            .ak_public = Buffer{4, 5, 6},
            .reporting_token = "a.b.c"};
}

// --- change log

TEST_P(Ports, KeepChangesAsTheyCame) {
    EXPECT_TRUE(changes().load()->empty());
    history_.must(
        inventory::ClusterUpdate{.cluster_name = "Lab 2", .state = inventory::ClusterState::enabled});
    for (const inventory::StoredChange& change : history_.records)
        ASSERT_TRUE(changes().append(change, change.revision - 1));
    EXPECT_EQ(*changes().load(), history_.records);
    EXPECT_EQ(*inventory::fold(*changes().load(), history_.keys(), history_.anchor), history_.state);
}

TEST_P(Ports, RefuseAChangeThatDoesNotFollow) {
    ASSERT_TRUE(changes().append(change_of(1), 0));

    struct Wrong {
        std::int64_t revision;
        std::int64_t expected;
    };

    for (const Wrong& wrong :
         {Wrong{1, 0}, Wrong{2, 0}, Wrong{2, 2}, Wrong{3, 1}, Wrong{1, 1}, Wrong{3, 2}}) {
        const auto refused = changes().append(change_of(wrong.revision), wrong.expected);
        ASSERT_FALSE(refused) << wrong.revision << " after " << wrong.expected;
        EXPECT_EQ(refused.error().code, Errc::conflict);
        EXPECT_EQ(refused.error().where, "change_log.revision");
    }
    EXPECT_EQ(changes().load()->size(), 1U);
    EXPECT_TRUE(changes().append(change_of(2), 1));
}

TEST_P(Ports, HeartbeatsReadTheLastRevision) {
    EXPECT_EQ(changes().heartbeat(host_, BootTime(10)), 0);
    ASSERT_TRUE(changes().append(change_of(1), 0));
    EXPECT_EQ(changes().heartbeat(host_, BootTime(20)), 1);
    EXPECT_EQ(changes().heartbeat({"authority-2"}, BootTime(5)), 1);
}

// --- records of attestations

TEST_P(Ports, KeepTheLastObservationOfEachHost) {
    EXPECT_EQ(*records().observation({"h-1"}), std::nullopt);
    ASSERT_TRUE(records().save_observation(observation_of("h-2")));
    ASSERT_TRUE(records().save_observation(observation_of("h-1", "none")));
    ASSERT_TRUE(records().save_observation(observation_of("h-1", "warning")));
    EXPECT_EQ(**records().observation({"h-1"}), observation_of("h-1", "warning"));
    EXPECT_EQ(*records().observations(),
              (std::vector{observation_of("h-1", "warning"), observation_of("h-2")}));
}

TEST_P(Ports, KeepTheLastEvidenceOfEachHost) {
    const Buffer first{0, 1, 2, 0};
    EXPECT_EQ(*records().evidence({"h-1"}), std::nullopt);
    ASSERT_TRUE(records().save_evidence({"h-1"}, Buffer(100'000, 7)));
    ASSERT_TRUE(records().save_evidence({"h-1"}, first));
    EXPECT_EQ(*records().evidence({"h-1"}), first);
    EXPECT_EQ(*records().evidence({"h-2"}), std::nullopt);
}

TEST_P(Ports, TellEmptyEvidenceFromNone) {
    ASSERT_TRUE(records().save_evidence({"h-1"}, {}));
    EXPECT_EQ(*records().evidence({"h-1"}), Buffer());
}

TEST_P(Ports, ForgetOneHost) {
    for (const auto* const host : {"h-1", "h-2"}) {
        ASSERT_TRUE(records().save_observation(observation_of(host)));
        ASSERT_TRUE(records().save_evidence({host}, as_bytes(host)));
    }
    EXPECT_TRUE(records().forget({"h-1"}));
    EXPECT_EQ(*records().observation({"h-1"}), std::nullopt);
    EXPECT_EQ(*records().evidence({"h-1"}), std::nullopt);
    EXPECT_EQ(records().observations()->size(), 1U);
    EXPECT_EQ(as_text(**records().evidence({"h-2"})), "h-2");
    EXPECT_TRUE(records().forget({"h-1"}));
}

TEST_P(Ports, KeepUsesOfGenerationsByDay) {
    EXPECT_TRUE(records().generation_uses()->empty());
    const auto use = [](std::uint32_t generation, std::int64_t day, std::int64_t releases) {
        return inventory::GenerationUse{.provider = "uid",
                                        .generation = generation,
                                        .day = day,
                                        .releases = releases,
                                        .last = from_seconds(day * 86'400 + releases)};
    };
    ASSERT_TRUE(records().save_generation_uses({use(2, 20'001, 5), use(1, 20'000, 1), use(1, 19'000, 9)}, 0));
    ASSERT_TRUE(records().save_generation_uses({use(1, 20'000, 3)}, 19'001)); // in place of what was
    EXPECT_EQ(*records().generation_uses(), (std::vector{use(1, 20'000, 3), use(2, 20'001, 5)}));
}

// --- documents

TEST_P(Ports, CountTheRevisionsOfADocument) {
    EXPECT_EQ(*documents().get("vm", "1"), std::nullopt);
    EXPECT_EQ(documents().put("vm", "1", json::object({{"name", "a"}}), 0), 1);
    EXPECT_EQ(documents().put("vm", "1", json::object({{"name", "b"}}), 1), 2);
    EXPECT_EQ(documents().put("vm", "1", json::object({{"name", "c"}}), inventory::any_revision), 3);
    EXPECT_EQ(documents().put("vm", "2", json::Value("new"), inventory::any_revision), 1);
    const inventory::Document expected{.id = "1", .value = json::object({{"name", "c"}}), .revision = 3};
    EXPECT_EQ(**documents().get("vm", "1"), expected);
}

TEST_P(Ports, RefuseALostUpdate) {
    ASSERT_TRUE(documents().put("vm", "1", json::Value("a"), 0));
    ASSERT_TRUE(documents().put("vm", "1", json::Value("b"), 1));
    for (const std::int64_t expected : {0, 1, 3}) {
        const auto refused = documents().put("vm", "1", json::Value("lost"), expected);
        ASSERT_FALSE(refused) << expected;
        EXPECT_EQ(refused.error().code, Errc::conflict);
        EXPECT_EQ(refused.error().where, "documents.revision");
    }
    EXPECT_EQ(documents().put("vm", "none", json::Value("lost"), 1).error().where, "documents.revision");
    EXPECT_EQ(*documents().get("vm", "none"), std::nullopt);
    EXPECT_EQ((*documents().get("vm", "1"))->value, json::Value("b"));
}

TEST_P(Ports, ListOneKindInOrder) {
    for (const auto* const id : {"b", "a", "c"})
        ASSERT_TRUE(documents().put("vm", id, json::Value(id), 0));
    ASSERT_TRUE(documents().put("host", "a", json::Value("other"), 0));
    const auto list = documents().list("vm");
    ASSERT_TRUE(list);
    std::string ids;
    for (const inventory::Document& document : *list)
        ids += document.id + document.value.as_string();
    EXPECT_EQ(ids, "aabbcc");
    EXPECT_EQ(list->front().revision, 1);
    EXPECT_TRUE(documents().list("none")->empty());
}

TEST_P(Ports, RemoveADocumentOnce) {
    ASSERT_TRUE(documents().put("vm", "1", json::Value("a"), 0));
    ASSERT_TRUE(documents().put("host", "1", json::Value("a"), 0));
    EXPECT_TRUE(documents().remove("vm", "1"));
    EXPECT_EQ(*documents().get("vm", "1"), std::nullopt);
    EXPECT_TRUE((*documents().get("host", "1")).has_value());
    const auto again = documents().remove("vm", "1");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::not_found);
    EXPECT_EQ(again.error().where, "documents.id");
    EXPECT_EQ(documents().put("vm", "1", json::Value("anew"), 0), 1);
}

TEST_P(Ports, TakeEmptyNames) {
    EXPECT_EQ(documents().put({}, {}, json::Value(), 0), 1);
    EXPECT_EQ((*documents().get({}, {}))->revision, 1);
}

TEST(AuthorityDatabaseFile, RemembersHowFarTheAuditWent) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/authority.db";
    const audit::ChainHead head{.next = 7, .previous = {1, 2, 3}};
    {
        const auto database = AuthorityDatabase::open(path).value();
        EXPECT_EQ(*database->audit_head(), std::nullopt);
        ASSERT_TRUE(database->save_audit_head({.next = 6, .previous = {}}));
        ASSERT_TRUE(database->save_audit_head(head));
    }
    EXPECT_EQ(*AuthorityDatabase::open(path).value()->audit_head(), head);
}

} // namespace
} // namespace vouchsafe::store
