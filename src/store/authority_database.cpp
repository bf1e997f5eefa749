#include "store/authority_database.h"

#include "json/parse.h"
#include "json/write.h"
#include "store/sqlite.h"

#include <algorithm>
#include <array>
#include <mutex>

namespace vouchsafe::store {

namespace {

constexpr std::array<std::string_view, 3> migrations = {R"sql(
CREATE TABLE changes (
    revision  INTEGER PRIMARY KEY,
    record    TEXT NOT NULL,
    kid       TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE TABLE heartbeats (
    host TEXT PRIMARY KEY,
    sent INTEGER NOT NULL
) STRICT;
CREATE TABLE observations (
    host     TEXT PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE evidence (
    host TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;
)sql",
                                                        R"sql(
CREATE TABLE audit_head (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    next     INTEGER NOT NULL,
    previous BLOB NOT NULL
) STRICT;
)sql",
                                                        R"sql(
CREATE TABLE generation_uses (
    provider   TEXT NOT NULL,
    generation INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    releases   INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    PRIMARY KEY (provider, generation, day)
) STRICT;
)sql"};

Result<std::int64_t> last_revision(Sqlite& database) {
    VS_TRY(Statement query, database.prepare("SELECT coalesce(max(revision), 0) FROM changes"));
    VS_TRY(const bool row, query.step());
    VS_CHECK(row);
    return query.integer(0);
}

/// One transaction for what many attestations leave behind: a commit for each would cost more than all the
/// rest of writing it. It ends with the next heartbeat or change, and after so many writes.
class OpenTransaction {
public:
    explicit OpenTransaction(Sqlite& database) : database_(database) {}

    OpenTransaction(const OpenTransaction&) = delete;
    OpenTransaction& operator=(const OpenTransaction&) = delete;

    ~OpenTransaction() { (void)end(); }

    /// Before each write.
    Result<void> join() {
        if (writes_ >= most_writes)
            VS_TRY_VOID(end());
        ++writes_;
        return database_.in_transaction() ? Result<void>() : database_.execute("BEGIN IMMEDIATE");
    }

    /// What was written can be seen by others from here on. Lost when it cannot.
    Result<void> end() {
        writes_ = 0;
        if (!database_.in_transaction())
            return {};
        auto committed = database_.execute("COMMIT");
        if (!committed)
            (void)database_.execute("ROLLBACK");
        return committed;
    }

private:
    static constexpr int most_writes = 256;

    Sqlite& database_;
    int writes_ = 0;
};

class Changes final : public inventory::ChangeLog {
public:
    Changes(Sqlite& database, OpenTransaction& records, std::mutex& mutex)
        : database_(database), records_(records), mutex_(mutex) {}

    Result<std::vector<inventory::StoredChange>> load() override {
        const std::scoped_lock lock(mutex_);
        VS_TRY(Statement query,
               database_.prepare("SELECT revision, record, kid, signature FROM changes ORDER BY revision"));
        std::vector<inventory::StoredChange> all;
        while (true) {
            VS_TRY(const bool row, query.step());
            if (!row)
                return all;
            all.push_back({.revision = query.integer(0),
                           .record = query.text(1),
                           .kid = query.text(2),
                           .signature = query.blob(3)});
        }
    }

    Result<void> append(const inventory::StoredChange& change, std::int64_t expected) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(records_.end());
        return database_.transaction([&]() -> Result<void> {
            VS_TRY(const std::int64_t last, last_revision(database_));
            if (last != expected || change.revision != expected + 1)
                return fail(Errc::conflict, "change_log.revision", "another change was committed meanwhile");
            VS_TRY(Statement insert,
                   database_.prepare(
                       "INSERT INTO changes (revision, record, kid, signature) VALUES (?, ?, ?, ?)"));
            return insert.bind(1, change.revision)
                .bind(2, change.record)
                .bind(3, change.kid)
                .bind(4, Bytes(change.signature))
                .run();
        });
    }

    Result<std::int64_t> heartbeat(const AuthorityHostId& host, BootTime sent) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(records_.end());
        return database_.transaction([&]() -> Result<std::int64_t> {
            VS_TRY(Statement insert,
                   database_.prepare("INSERT INTO heartbeats (host, sent) VALUES (?, ?) "
                                     "ON CONFLICT (host) DO UPDATE SET sent = excluded.sent"));
            VS_TRY_VOID(insert.bind(1, host.text).bind(2, std::int64_t{sent.count()}).run());
            return last_revision(database_);
        });
    }

private:
    Sqlite& database_;
    OpenTransaction& records_;
    std::mutex& mutex_;
};

class Records final : public inventory::AuthorityRecords {
public:
    Records(Sqlite& database, OpenTransaction& transaction, std::mutex& mutex)
        : database_(database), transaction_(transaction), mutex_(mutex) {}

    Result<std::optional<inventory::HostObservation>> observation(const HostId& host) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY(const auto query, find_observation_.use());
        VS_TRY(const bool row, query->bind(1, host.text).step());
        if (!row)
            return std::nullopt;
        VS_TRY(inventory::HostObservation found, read(query->text(0)));
        return found;
    }

    Result<void> save_observation(const inventory::HostObservation& observation) override {
        const std::string document = json::canonical(observation.to_json());
        VS_TRY_VOID(read(document)); // one that could not be read back would spoil the list
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(transaction_.join());
        VS_TRY(const auto insert, save_observation_.use());
        return insert->bind(1, observation.host.text).bind(2, document).run();
    }

    Result<std::vector<inventory::HostObservation>> observations() override {
        const std::scoped_lock lock(mutex_);
        VS_TRY(Statement query, database_.prepare("SELECT document FROM observations ORDER BY host"));
        std::vector<inventory::HostObservation> all;
        while (true) {
            VS_TRY(const bool row, query.step());
            if (!row)
                return all;
            VS_TRY(auto found, read(query.text(0)));
            all.push_back(std::move(found));
        }
    }

    Result<std::optional<Buffer>> evidence(const HostId& host) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY(Statement query, database_.prepare("SELECT body FROM evidence WHERE host = ?"));
        VS_TRY(const bool row, query.bind(1, host.text).step());
        if (!row)
            return std::nullopt;
        return query.blob(0);
    }

    Result<void> save_evidence(const HostId& host, Bytes evidence) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(transaction_.join());
        VS_TRY(const auto insert, save_evidence_.use());
        return insert->bind(1, host.text).bind(2, evidence).run();
    }

    Result<void> forget(const HostId& host) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(transaction_.end());
        return database_.transaction([&]() -> Result<void> {
            for (const auto* const sql :
                 {"DELETE FROM observations WHERE host = ?", "DELETE FROM evidence WHERE host = ?"}) {
                VS_TRY(Statement erase, database_.prepare(sql));
                VS_TRY_VOID(erase.bind(1, host.text).run());
            }
            return {};
        });
    }

    Result<std::vector<inventory::GenerationUse>> generation_uses() override {
        const std::scoped_lock lock(mutex_);
        VS_TRY(Statement query,
               database_.prepare("SELECT provider, generation, day, releases, last FROM generation_uses "
                                 "ORDER BY provider, generation, day"));
        std::vector<inventory::GenerationUse> all;
        while (true) {
            VS_TRY(const bool row, query.step());
            if (!row)
                return all;
            all.push_back({.provider = query.text(0),
                           .generation = static_cast<std::uint32_t>(query.integer(1)),
                           .day = query.integer(2),
                           .releases = query.integer(3),
                           .last = SysTime(std::chrono::milliseconds(query.integer(4)))});
        }
    }

    Result<void> save_generation_uses(const std::vector<inventory::GenerationUse>& uses,
                                      std::int64_t oldest) override {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(transaction_.end());
        return database_.transaction([&]() -> Result<void> {
            for (const inventory::GenerationUse& use : uses) {
                VS_TRY(
                    Statement insert,
                    database_.prepare("INSERT OR REPLACE INTO generation_uses "
                                      "(provider, generation, day, releases, last) VALUES (?, ?, ?, ?, ?)"));
                VS_TRY_VOID(insert.bind(1, use.provider)
                                .bind(2, std::int64_t{use.generation})
                                .bind(3, use.day)
                                .bind(4, use.releases)
                                .bind(5, std::int64_t{use.last.time_since_epoch().count()})
                                .run());
            }
            VS_TRY(Statement erase, database_.prepare("DELETE FROM generation_uses WHERE day < ?"));
            return erase.bind(1, oldest).run();
        });
    }

private:
    static Result<inventory::HostObservation> read(const std::string& text) {
        VS_TRY(const json::Value value, json::parse(text));
        return inventory::HostObservation::from_json(value);
    }

    Sqlite& database_;
    OpenTransaction& transaction_;
    std::mutex& mutex_;
    Prepared find_observation_{database_, "SELECT document FROM observations WHERE host = ?"};
    Prepared save_observation_{database_,
                               "INSERT INTO observations (host, document) VALUES (?, ?) "
                               "ON CONFLICT (host) DO UPDATE SET document = excluded.document"};
    Prepared save_evidence_{database_,
                            "INSERT INTO evidence (host, body) VALUES (?, ?) "
                            "ON CONFLICT (host) DO UPDATE SET body = excluded.body"};
};

} // namespace

// Two connections to one file: a change must be on the disk before it is in force, while what an attestation
// leaves behind may be lost with the power, for the price of another attestation. The mutex keeps the two
// from waiting for each other in SQLite, which would sleep.
struct AuthorityDatabase::Impl {
    Impl(Sqlite for_changes, Sqlite for_records)
        : change_database(std::move(for_changes)), record_database(std::move(for_records)) {}

    Sqlite change_database;
    Sqlite record_database;
    std::mutex mutex;
    OpenTransaction open_records{record_database};
    Changes changes{change_database, open_records, mutex};
    Records records{record_database, open_records, mutex};
};

AuthorityDatabase::AuthorityDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AuthorityDatabase::~AuthorityDatabase() = default;

Result<std::unique_ptr<AuthorityDatabase>> AuthorityDatabase::open(const std::string& path) {
    VS_TRY(Sqlite changes, Sqlite::open(path, migrations));
    VS_TRY(Sqlite records, Sqlite::open(path, migrations, Commits::at_leisure));
    return std::unique_ptr<AuthorityDatabase>(
        new AuthorityDatabase(std::make_unique<Impl>(std::move(changes), std::move(records))));
}

inventory::ChangeLog& AuthorityDatabase::changes() {
    return impl_->changes;
}

inventory::AuthorityRecords& AuthorityDatabase::records() {
    return impl_->records;
}

Result<std::optional<audit::ChainHead>> AuthorityDatabase::audit_head() {
    const std::scoped_lock lock(impl_->mutex);
    VS_TRY(Statement query, impl_->record_database.prepare("SELECT next, previous FROM audit_head"));
    VS_TRY(const bool row, query.step());
    if (!row)
        return std::nullopt;
    audit::ChainHead head{.next = query.integer(0)};
    const Buffer previous = query.blob(1);
    if (previous.size() != head.previous.size())
        return fail(Errc::malformed, "database.audit_head", "the head of the audit is no SHA-256");
    std::ranges::copy(previous, head.previous.begin());
    return head;
}

Result<void> AuthorityDatabase::save_audit_head(const audit::ChainHead& head) {
    const std::scoped_lock lock(impl_->mutex);
    VS_TRY_VOID(impl_->open_records.join());
    VS_TRY(Statement insert,
           impl_->record_database.prepare(
               "INSERT INTO audit_head (only, next, previous) VALUES (1, ?, ?) "
               "ON CONFLICT (only) DO UPDATE SET next = excluded.next, previous = excluded.previous"));
    return insert.bind(1, head.next).bind(2, Bytes(head.previous)).run();
}

} // namespace vouchsafe::store
