// SQLite, wrapped as thinly as its use here: one connection, statements, transactions.
//
// Durable means durable: WAL with synchronous=FULL. A database of a newer version than this program is
// refused.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace vouchsafe::store {

/// Each schema change is one SQL text; the database remembers how many it has had (user_version).
using Migrations = std::span<const std::string_view>;

class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    /// Parameters are numbered from 1. The text or bytes must live until the step.
    Statement& bind(int index, std::string_view value);
    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, Bytes value);

    /// True for a row, false at the end.
    Result<bool> step();
    /// For statements without rows.
    Result<void> run();

    /// As it was prepared: without parameters, before its first row.
    void reset();

    std::string text(int column) const;
    std::int64_t integer(int column) const;
    Buffer blob(int column) const;

private:
    friend class Sqlite;

    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    sqlite3_stmt* statement_;
};

/// When a commit is on the disk.
enum class Commits : std::uint8_t {
    durable,    ///< before it returns
    at_leisure, ///< some time later: a power cut may take back the last ones, but nothing by halves
};

class Sqlite {
public:
    /// Makes the file with mode 0600 where it is missing, and brings its schema up to date.
    static Result<Sqlite>
    open(const std::string& path, Migrations migrations, Commits commits = Commits::durable);

    Sqlite(Sqlite&& other) noexcept;
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;
    Sqlite& operator=(Sqlite&&) = delete;
    ~Sqlite();

    Result<Statement> prepare(std::string_view sql);
    Result<void> execute(const std::string& sql);
    bool in_transaction() const;

    /// BEGIN IMMEDIATE, work() -> Result<T>, COMMIT; ROLLBACK when either fails.
    template <class Work> auto transaction(Work&& work) -> decltype(work()) {
        VS_TRY_VOID(execute("BEGIN IMMEDIATE"));
        auto result = work();
        if (result) {
            if (auto committed = execute("COMMIT"); committed)
                return result;
            else
                result = std::unexpected(std::move(committed).error());
        }
        (void)execute("ROLLBACK");
        return result;
    }

private:
    explicit Sqlite(sqlite3* database) : database_(database) {}

    sqlite3* database_;
};

/// A statement that is used often: prepared at its first use, and reset after each. Not safe for several
/// threads; the database outlives it.
class Prepared {
public:
    Prepared(Sqlite& database, std::string_view sql) : database_(database), sql_(sql) {}

    class Use {
    public:
        explicit Use(Statement& statement) : statement_(&statement) {}

        Use(Use&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        Use& operator=(Use&&) = delete;

        ~Use() {
            if (statement_ != nullptr)
                statement_->reset();
        }

        Statement* operator->() const { return statement_; }

    private:
        Statement* statement_;
    };

    Result<Use> use() {
        if (!statement_) {
            VS_TRY(Statement made, database_.prepare(sql_));
            statement_.emplace(std::move(made));
        }
        return Use(*statement_);
    }

private:
    Sqlite& database_;
    std::string_view sql_;
    std::optional<Statement> statement_;
};

} // namespace vouchsafe::store
