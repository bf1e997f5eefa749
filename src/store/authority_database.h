// The authority's ports on one SQLite file: change records, heartbeats, and what attestations leave behind.
#pragma once

#include "base/result.h"
#include "inventory/ports.h"

#include <memory>
#include <string>

namespace vouchsafe::store {

/// Safe to use from several threads: calls wait for one another.
class AuthorityDatabase {
public:
    static Result<std::unique_ptr<AuthorityDatabase>> open(const std::string& path);

    AuthorityDatabase(const AuthorityDatabase&) = delete;
    AuthorityDatabase& operator=(const AuthorityDatabase&) = delete;
    ~AuthorityDatabase();

    inventory::ChangeLog& changes();
    inventory::AuthorityRecords& records();

private:
    struct Impl;
    explicit AuthorityDatabase(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::store
