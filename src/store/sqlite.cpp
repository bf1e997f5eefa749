#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace vouchsafe::store {

namespace {

std::unexpected<Error> sqlite_error(sqlite3* database, std::string_view where) {
    const int code = sqlite3_extended_errcode(database) & 0xFF;
    const Errc kind = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? Errc::malformed : Errc::unavailable;
    return fail(kind, where, std::string("database: ") + sqlite3_errmsg(database));
}

Result<void> migrate(Sqlite& database, Migrations migrations) {
    std::int64_t version = 0;
    {
        VS_TRY(Statement query, database.prepare("PRAGMA user_version"));
        VS_TRY(const bool row, query.step());
        VS_CHECK(row);
        version = query.integer(0);
    }
    const auto known = static_cast<std::int64_t>(migrations.size());
    if (version > known)
        return fail(Errc::unsupported,
                    "database.version",
                    "the database was written by a newer version of this program (schema " +
                        std::to_string(version) + ", this one knows " + std::to_string(known) + ")");
    for (; version < known; ++version) {
        const std::string sql(migrations[static_cast<std::size_t>(version)]);
        VS_TRY_VOID(database.transaction([&]() -> Result<void> {
            VS_TRY_VOID(database.execute(sql));
            return database.execute("PRAGMA user_version = " + std::to_string(version + 1));
        }));
    }
    return {};
}

} // namespace

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

// A view of nothing may point nowhere, which SQLite would take for NULL.
Statement& Statement::bind(int index, std::string_view value) {
    const char* const text = value.empty() ? "" : value.data();
    VS_CHECK(sqlite3_bind_text64(statement_, index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8) ==
             SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
    VS_CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int index, Bytes value) {
    const void* const bytes = value.empty() ? static_cast<const void*>("") : value.data();
    VS_CHECK(sqlite3_bind_blob64(statement_, index, bytes, value.size(), SQLITE_STATIC) == SQLITE_OK);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    return sqlite_error(sqlite3_db_handle(statement_), "database.step");
}

Result<void> Statement::run() {
    VS_TRY(const bool row, step());
    VS_CHECK(!row);
    return {};
}

void Statement::reset() {
    sqlite3_reset(statement_); // says once more what the step said
    sqlite3_clear_bindings(statement_);
}

std::string Statement::text(int column) const {
    const Buffer bytes = blob(column);
    return std::string(as_text(bytes));
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

Buffer Statement::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? Buffer() : Buffer(data, data + size);
}

Sqlite::Sqlite(Sqlite&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Sqlite::~Sqlite() {
    sqlite3_close(database_);
}

Result<Sqlite> Sqlite::open(const std::string& path, Migrations migrations, Commits commits) {
    // Made here first, so that it never exists with a mode that others can read.
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(Errc::unavailable, "database.open", path + ": cannot be opened or made");
    ::close(fd);
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
    Sqlite database(raw);
    if (code != SQLITE_OK)
        return sqlite_error(raw, "database.open");
    sqlite3_busy_timeout(raw, 5000);
    sqlite3_extended_result_codes(raw, 1);
    VS_TRY_VOID(database.execute("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;"
                                 "PRAGMA trusted_schema = OFF"));
    VS_TRY_VOID(database.execute(commits == Commits::durable
                                     ? "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"
                                     : "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST"));
    VS_TRY_VOID(migrate(database, migrations));
    return database;
}

bool Sqlite::in_transaction() const {
    return sqlite3_get_autocommit(database_) == 0;
}

Result<Statement> Sqlite::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
        SQLITE_OK)
        return sqlite_error(database_, "database.prepare");
    return Statement(statement);
}

Result<void> Sqlite::execute(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(database_, "database.execute");
    return {};
}

} // namespace vouchsafe::store
