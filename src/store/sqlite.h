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

    std::string text(int column) const;
    std::int64_t integer(int column) const;
    Buffer blob(int column) const;

private:
    friend class Sqlite;

    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    sqlite3_stmt* statement_;
};

class Sqlite {
public:
    /// Makes the file with mode 0600 where it is missing, and brings its schema up to date.
    static Result<Sqlite> open(const std::string& path, Migrations migrations);

    Sqlite(Sqlite&& other) noexcept;
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;
    Sqlite& operator=(Sqlite&&) = delete;
    ~Sqlite();

    Result<Statement> prepare(std::string_view sql);
    Result<void> execute(const std::string& sql);

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

} // namespace vouchsafe::store
