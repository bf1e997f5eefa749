#include "authority/core.h"
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace vouchsafe::authority {
namespace {

using inventory::ClusterState;
using inventory::ClusterUpdate;
using inventory::RevocationAdd;
using inventory::RevocationKind;

class CoreTest : public ::testing::Test {
protected:
    Core::Parts parts() {
        return {.keys = house_.keys, .changes = house_.changes, .audit = audit_, .clock = house_.clock};
    }

    std::unique_ptr<Core> open() { return Core::open(parts()).value(); }

    static inventory::Author ada() { return {.issuer = test::manager_issuer, .subject = "ada@local"}; }

    static RevocationAdd revocation(const std::string& value) {
        return {.revocation = {.kind = RevocationKind::key, .value = value, .reason = ""}};
    }

    static ClusterUpdate rename(const std::string& name) {
        return {.cluster_name = name, .state = ClusterState::enabled};
    }

    std::vector<std::int64_t> recorded_revisions() const {
        std::vector<std::int64_t> out;
        for (const auto& line : audit_.lines)
            out.push_back(line.fields.at("revision").as_integer());
        return out;
    }

    test::AuthorityHouse house_;
    test::MemoryAudit audit_;
};

// --- opening

TEST_F(CoreTest, FoldsItsRecords) {
    const auto core = open();
    EXPECT_EQ(*core->state(), *house_.core->state());
    EXPECT_EQ(core->state()->anchor, house_.keys.identity().anchor);
    EXPECT_NE(core->token_keys()->find(house_.keys.key(token::KeyUse::token).public_key().thumbprint()),
              nullptr);
}

TEST_F(CoreTest, BeginsOnce) {
    const inventory::AuthorityInit init{
        .anchor = house_.keys.identity().anchor,
        .cluster_name = "again",
        .administrator_issuer = "https://mallory",
        .host = {.id = {"authority-1"}, .address = {}, .key_certificates = {}}};
    EXPECT_EQ(Core::initialise(parts(), init).error().where, "core.exists");
}

struct Damage {
    const char* name;
    const char* where;
    void (*spoil)(std::vector<inventory::StoredChange>&);
};

class DamagedRecords : public CoreTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedRecords, AreNotOpened) {
    ASSERT_TRUE(Core::open(parts()));
    GetParam().spoil(house_.changes.changes);
    const auto core = Core::open(parts());
    ASSERT_FALSE(core);
    EXPECT_EQ(core.error().code, Errc::untrusted);
    EXPECT_EQ(core.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Core,
    DamagedRecords,
    ::testing::Values(
        Damage{"changed_byte",
               "change.signature",
               [](auto& records) { records[1].record[records[1].record.find("administrator")] = 'b'; }},
        Damage{"changed_signature", "change.signature", [](auto& records) { records[1].signature[5] ^= 1U; }},
        Damage{"foreign_key",
               "change.key",
               [](auto& records) {
                   const auto key = crypto::EcPrivateKey::generate();
                   const auto record = inventory::ChangeRecord::parse(records[1].record);
                   records[1] = inventory::sign_record(record.value(), key);
               }},
        Damage{"gap", "change.revision", [](auto& records) { records.erase(records.begin() + 1); }},
        Damage{"twice", "change.revision", [](auto& records) { records.push_back(records.back()); }},
        Damage{"none", "change.first", [](auto& records) { records.clear(); }}),
    [](const auto& row) { return row.param.name; });

// The right key signs, but the record does not follow on: two histories of one cluster.
TEST_F(CoreTest, DoesNotOpenAForkedHistory) {
    auto record = inventory::ChangeRecord::parse(house_.changes.changes[2].record).value();
    record.previous[0] ^= 1U;
    house_.changes.changes[2] = inventory::sign_record(record, house_.keys.key(token::KeyUse::change));
    EXPECT_EQ(Core::open(parts()).error().where, "change.previous");
}

TEST_F(CoreTest, DoesNotOpenAnotherClustersRecords) {
    const authority::Keyring keys = test::make_keyring();
    const test::AuthorityHouse other(keys);
    house_.changes.changes = other.changes.changes;
    EXPECT_EQ(Core::open(parts()).error().where, "change.key");
}

TEST_F(CoreTest, DoesNotOpenAStateThatItsAuditHasSeenBeyond) {
    Core::Parts with_audit = parts();
    with_audit.audited_revision = house_.core->state()->revision;
    EXPECT_TRUE(Core::open(with_audit));
    house_.changes.changes.pop_back(); // as from a backup
    const auto core = Core::open(with_audit);
    ASSERT_FALSE(core);
    EXPECT_EQ(core.error().where, "core.older_than_audit");
    EXPECT_EQ(core.error().code, Errc::untrusted);
}

TEST_F(CoreTest, ReadsTheRevisionOutOfItsAudit) {
    std::int64_t highest = 0;
    const auto records = house_.audit->read({});
    for (const auto& record : records.value())
        highest = std::max(highest, audited_revision(record));
    EXPECT_EQ(highest, house_.core->state()->revision);
    const auto of_kind = [](std::string kind, json::Object fields) {
        return audited_revision({.sequence = 1,
                                 .previous = {},
                                 .time = {},
                                 .host = {},
                                 .kind = std::move(kind),
                                 .fields = std::move(fields)});
    };
    EXPECT_EQ(of_kind("start", {{"revision", 9}}), 9);
    EXPECT_EQ(of_kind("unsafe", {{"revision", 9}}), 0); // recorded before its change
    EXPECT_EQ(of_kind("start", {{"revision", "9"}}), 0);
    EXPECT_EQ(of_kind("start", {}), 0);
}

// --- committing

TEST_F(CoreTest, ChangesAreSignedStoredAndRecorded) {
    const auto core = open();
    const auto before = core->state();
    const auto after = core->commit(rename("New"), ada());
    ASSERT_TRUE(after);
    EXPECT_EQ((*after)->cluster_name, "New");
    EXPECT_EQ((*after)->revision, before->revision + 1);
    EXPECT_EQ((*after)->epoch, before->epoch);
    EXPECT_EQ(core->state()->cluster_name, "New");
    EXPECT_EQ(before->cluster_name, "Lab"); // who began with it keeps it
    EXPECT_EQ(open()->state()->cluster_name, "New");
    ASSERT_EQ(audit_.kinds(), std::vector<std::string>{"change"});
    const json::Object& fields = audit_.lines.front().fields;
    EXPECT_EQ(fields.at("change"), json::Value("cluster.update"));
    EXPECT_EQ(fields.at("subject"), json::Value("ada@local"));
    EXPECT_EQ(fields.at("revision"), json::Value((*after)->revision));
}

TEST_F(CoreTest, ChangesOfItsOwnHaveTheHostAsAuthor) {
    const auto core = open();
    ASSERT_TRUE(core->commit(rename("New")));
    EXPECT_EQ(audit_.lines.front().fields.at("subject"), json::Value("authority-1"));
    EXPECT_EQ(audit_.lines.front().fields.at("issuer"), json::Value(""));
}

TEST_F(CoreTest, OnlyTighteningRaisesTheEpoch) {
    const auto core = open();
    const std::int64_t epoch = core->state()->epoch;
    EXPECT_EQ((*core->commit(rename("a"), ada()))->epoch, epoch);
    EXPECT_EQ((*core->commit(revocation("k1"), ada()))->epoch, epoch + 1);
    EXPECT_EQ((*core->commit(rename("b"), ada()))->epoch, epoch + 1);
    EXPECT_EQ(
        (*core->commit(ClusterUpdate{.cluster_name = "b", .state = ClusterState::disabled}, ada()))->epoch,
        epoch + 2);
    EXPECT_EQ((*core->commit(rename("b"), ada()))->epoch, epoch + 2);
}

TEST_F(CoreTest, RefusedChangesLeaveNothing) {
    const auto core = open();
    const auto before = core->state();
    EXPECT_EQ(core->commit(inventory::CaRemove{.name = "none"}, ada()).error().code, Errc::not_found);
    EXPECT_EQ(core->state(), before);
    EXPECT_EQ(std::ssize(house_.changes.changes), before->revision);
    EXPECT_TRUE(audit_.lines.empty());
}

TEST_F(CoreTest, AStoreThatFailsChangesNothing) {
    const auto core = open();
    const auto before = core->state();
    house_.changes.broken = true;
    EXPECT_EQ(core->commit(rename("New"), ada()).error().code, Errc::unavailable);
    EXPECT_EQ(core->state(), before);
    EXPECT_TRUE(audit_.lines.empty());
    house_.changes.broken = false;
    EXPECT_TRUE(core->commit(rename("New"), ada()));
}

// Another one wrote to the store: this copy is behind, and must not go on from what it has.
TEST_F(CoreTest, DoesNotCommitOnAnOldCopy) {
    const auto core = open();
    const auto other = open();
    ASSERT_TRUE(other->commit(rename("theirs"), ada()));
    EXPECT_EQ(core->commit(rename("ours"), ada()).error().code, Errc::conflict);
    EXPECT_EQ(open()->state()->cluster_name, "theirs");
}

TEST_F(CoreTest, IsNotAcknowledgedWithoutItsAuditRecord) {
    const auto core = open();
    audit_.full = true;
    EXPECT_EQ(core->commit(revocation("k1"), ada()).error().where, "audit.full");
    EXPECT_TRUE(core->state()->is_revoked(RevocationKind::key, "k1")); // and in force all the same
    // Nothing further is changed before its record is there.
    EXPECT_EQ(core->commit(revocation("k2"), ada()).error().where, "audit.full");
    EXPECT_FALSE(core->state()->is_revoked(RevocationKind::key, "k2"));
    audit_.full = false;
    ASSERT_TRUE(core->commit(revocation("k2"), ada()));
    const auto revision = core->state()->revision;
    EXPECT_EQ(recorded_revisions(), (std::vector{revision - 1, revision}));
}

// A process may end between the change and its record.
TEST_F(CoreTest, CompletesTheAuditOfAnEarlierRun) {
    {
        const auto core = open();
        audit_.full = true;
        EXPECT_FALSE(core->commit(revocation("k1"), ada()));
        audit_.full = false;
    }
    Core::Parts later = parts();
    later.audited_revision = open()->state()->revision - 1;
    const auto core = *Core::open(later);
    ASSERT_TRUE(core->complete_audit());
    EXPECT_EQ(recorded_revisions(), std::vector{core->state()->revision});

    later.audited_revision = core->state()->revision;
    ASSERT_TRUE((*Core::open(later))->complete_audit());
    EXPECT_EQ(audit_.lines.size(), 1U);

    later.audited_revision = core->state()->revision - 1;
    audit_.full = true;
    EXPECT_EQ((*Core::open(later))->complete_audit().error().where, "audit.full");
}

TEST_F(CoreTest, UnsafeChangesAreRecordedBeforehand) {
    const auto core = open();
    inventory::Settings settings;
    settings.unsafe_auto_enrol = true;
    audit_.full = true;
    EXPECT_FALSE(core->commit(inventory::SettingsUpdate{.settings = settings}, ada()));
    EXPECT_FALSE(core->state()->settings.unsafe_auto_enrol);
    audit_.full = false;
    ASSERT_TRUE(core->commit(inventory::SettingsUpdate{.settings = settings}, ada()));
    EXPECT_EQ(audit_.kinds(), (std::vector<std::string>{"unsafe", "change"}));
}

TEST_F(CoreTest, NoEndorsementAtAllMustBeSaidUnsafe) {
    const auto core = open();
    inventory::Settings settings;
    settings.require_endorsement_keys = false;
    settings.require_certificate_validation = false;
    EXPECT_EQ(core->commit(inventory::SettingsUpdate{.settings = settings}, ada()).error().where,
              "settings.update.endorsement");
    EXPECT_TRUE(
        core->commit(inventory::SettingsUpdate{.settings = settings, .unsafe_no_endorsement = true}, ada()));
    EXPECT_EQ(audit_.kinds(), (std::vector<std::string>{"unsafe", "change"}));
}

// --- requests under way

TEST_F(CoreTest, TighteningWaitsForOlderRequests) {
    const auto core = open();
    std::atomic<std::int64_t> oldest = core->state()->revision; // a request that began under this revision
    std::promise<void> asked;
    std::atomic<bool> told = false;
    core->watch_requests([&]() -> std::optional<std::int64_t> {
        if (!told.exchange(true))
            asked.set_value();
        const std::int64_t revision = oldest.load();
        return revision == 0 ? std::nullopt : std::optional(revision);
    });
    auto committed = std::async(std::launch::async, [&] { return core->commit(revocation("k1"), ada()); });
    asked.get_future().wait();
    EXPECT_TRUE(core->state()->is_revoked(RevocationKind::key, "k1")); // in force for whoever looks now
    EXPECT_EQ(committed.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
    oldest = core->state()->revision; // one that began under the new state does not hold it up
    EXPECT_TRUE(committed.get());
}

TEST_F(CoreTest, OtherChangesWaitForNobody) {
    const auto core = open();
    core->watch_requests([] { return std::optional<std::int64_t>(1); }); // one that never ends
    EXPECT_TRUE(core->commit(rename("New"), ada()));
}

// --- the right to release

TEST_F(CoreTest, HasNoRightToReleaseBeforeItsFirstHeartbeat) {
    const auto core = open();
    EXPECT_FALSE(core->lease_valid(house_.clock.boot_now()));
    ASSERT_TRUE(core->heartbeat());
    EXPECT_TRUE(core->lease_valid(house_.clock.boot_now()));
}

TEST_F(CoreTest, LosesTheRightNineSecondsAfterItsLastHeartbeat) {
    const auto core = open();
    ASSERT_TRUE(core->heartbeat());
    const BootTime sent = house_.clock.boot_now();
    EXPECT_TRUE(core->lease_valid(sent + std::chrono::milliseconds(8'999)));
    EXPECT_FALSE(core->lease_valid(sent + std::chrono::milliseconds(9'000)));
    house_.changes.broken = true;
    house_.clock.pass(std::chrono::seconds(5));
    EXPECT_EQ(core->heartbeat().error().code, Errc::unavailable);
    EXPECT_TRUE(core->lease_valid(house_.clock.boot_now())); // not renewed, not taken either
    house_.clock.pass(std::chrono::seconds(5));
    EXPECT_FALSE(core->lease_valid(house_.clock.boot_now()));
    house_.changes.broken = false;
    EXPECT_TRUE(core->heartbeat());
    EXPECT_TRUE(core->lease_valid(house_.clock.boot_now()));
}

// What the store has and this copy has not is a change that a release might not respect.
TEST_F(CoreTest, IsNotRenewedWhileItsCopyIsBehind) {
    const auto core = open();
    const auto other = open();
    ASSERT_TRUE(other->commit(revocation("k1"), ada()));
    EXPECT_EQ(core->heartbeat().error().where, "core.revision");
    EXPECT_FALSE(core->lease_valid(house_.clock.boot_now()));
    EXPECT_TRUE(other->heartbeat());
}

// A store that answers late has not seen the state of that later moment.
TEST_F(CoreTest, CountsFromWhenTheHeartbeatWasSent) {
    struct Slow final : inventory::ChangeLog {
        Slow(inventory::ChangeLog& of, test::SteppedClock& with) : log(of), clock(with) {}

        Result<std::vector<inventory::StoredChange>> load() override { return log.load(); }

        Result<void> append(const inventory::StoredChange& change, std::int64_t expected) override {
            return log.append(change, expected);
        }

        Result<std::int64_t> heartbeat(const AuthorityHostId& host, BootTime sent) override {
            clock.pass(std::chrono::seconds(9));
            return log.heartbeat(host, sent);
        }

        inventory::ChangeLog& log;
        test::SteppedClock& clock;
    } slow(house_.changes, house_.clock);

    const auto core =
        Core::open({.keys = house_.keys, .changes = slow, .audit = audit_, .clock = house_.clock}).value();
    ASSERT_TRUE(core->heartbeat());
    EXPECT_FALSE(core->lease_valid(house_.clock.boot_now()));
}

TEST_F(CoreTest, HeartbeatsReportWhatFails) {
    const auto core = open();
    house_.changes.broken = true;
    std::promise<std::string> reported;
    std::atomic<bool> told = false;
    const Heartbeat heartbeat(*core, [&](const Error* error) {
        if (!told.exchange(true))
            reported.set_value(error == nullptr ? "" : error->where);
    });
    EXPECT_EQ(reported.get_future().get(), "change_log.disk");
}

TEST_F(CoreTest, HeartbeatsKeepHouseAlsoWhenAllIsWell) {
    const auto core = open();
    std::promise<void> kept;
    std::atomic<bool> told = false;
    const Heartbeat heartbeat(
        *core,
        [](const Error*) { ADD_FAILURE() << "nothing failed"; },
        [&] {
            if (!told.exchange(true))
                kept.set_value();
        });
    EXPECT_EQ(kept.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

} // namespace
} // namespace vouchsafe::authority
