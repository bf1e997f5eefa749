#include "store/documents.h"

#include "json/parse.h"
#include "json/write.h"
#include "store/sqlite.h"

#include <array>
#include <mutex>

namespace vouchsafe::store {

namespace {

constexpr std::array<std::string_view, 1> migrations = {R"sql(
CREATE TABLE documents (
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
)sql"};

constexpr std::size_t largest_document = std::size_t{16} << 20U;

Result<json::Value> read(const std::string& body) {
    return json::parse(body, {.bytes = largest_document});
}

} // namespace

struct SqliteDocuments::Impl {
    explicit Impl(Sqlite opened) : database(std::move(opened)) {}

    Result<std::int64_t> revision(std::string_view kind, std::string_view id) {
        VS_TRY(Statement query, database.prepare("SELECT revision FROM documents WHERE kind = ? AND id = ?"));
        VS_TRY(const bool row, query.bind(1, kind).bind(2, id).step());
        return row ? query.integer(0) : 0;
    }

    Sqlite database;
    std::mutex mutex;
};

SqliteDocuments::SqliteDocuments(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SqliteDocuments::~SqliteDocuments() = default;

Result<std::unique_ptr<SqliteDocuments>> SqliteDocuments::open(const std::string& path) {
    VS_TRY(Sqlite database, Sqlite::open(path, migrations));
    return std::unique_ptr<SqliteDocuments>(new SqliteDocuments(std::make_unique<Impl>(std::move(database))));
}

Result<std::optional<inventory::Document>> SqliteDocuments::get(std::string_view kind, std::string_view id) {
    const std::scoped_lock lock(impl_->mutex);
    VS_TRY(Statement query,
           impl_->database.prepare("SELECT revision, body FROM documents WHERE kind = ? AND id = ?"));
    VS_TRY(const bool row, query.bind(1, kind).bind(2, id).step());
    if (!row)
        return std::nullopt;
    VS_TRY(json::Value value, read(query.text(1)));
    return inventory::Document{
        .id = std::string(id), .value = std::move(value), .revision = query.integer(0)};
}

Result<std::int64_t> SqliteDocuments::put(std::string_view kind,
                                          std::string_view id,
                                          const json::Value& value,
                                          std::int64_t expected) {
    const std::string body = json::canonical(value);
    VS_TRY_VOID(read(body)); // one that could not be read back would spoil every list of its kind
    const std::scoped_lock lock(impl_->mutex);
    return impl_->database.transaction([&]() -> Result<std::int64_t> {
        VS_TRY(const std::int64_t last, impl_->revision(kind, id));
        if (expected != inventory::any_revision && expected != last)
            return fail(Errc::conflict, "documents.revision", "it was changed meanwhile");
        VS_TRY(Statement insert,
               impl_->database.prepare("INSERT INTO documents (kind, id, revision, body) VALUES (?, ?, ?, ?) "
                                       "ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, "
                                       "body = excluded.body"));
        VS_TRY_VOID(insert.bind(1, kind).bind(2, id).bind(3, last + 1).bind(4, body).run());
        return last + 1;
    });
}

Result<void> SqliteDocuments::remove(std::string_view kind, std::string_view id) {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->database.transaction([&]() -> Result<void> {
        VS_TRY(const std::int64_t last, impl_->revision(kind, id));
        if (last == 0)
            return fail(Errc::not_found, "documents.id");
        VS_TRY(Statement erase, impl_->database.prepare("DELETE FROM documents WHERE kind = ? AND id = ?"));
        return erase.bind(1, kind).bind(2, id).run();
    });
}

Result<std::vector<inventory::Document>> SqliteDocuments::list(std::string_view kind) {
    const std::scoped_lock lock(impl_->mutex);
    VS_TRY(Statement query,
           impl_->database.prepare("SELECT id, revision, body FROM documents WHERE kind = ? ORDER BY id"));
    query.bind(1, kind);
    std::vector<inventory::Document> all;
    while (true) {
        VS_TRY(const bool row, query.step());
        if (!row)
            return all;
        VS_TRY(json::Value value, read(query.text(2)));
        all.push_back({.id = query.text(0), .value = std::move(value), .revision = query.integer(1)});
    }
}

} // namespace vouchsafe::store
