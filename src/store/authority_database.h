// The authority's ports on one SQLite file: change records, heartbeats, and what attestations leave behind.
#pragma once

#include "audit/chain.h"
#include "base/result.h"
#include "inventory/ports.h"

#include <memory>
#include <optional>
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

    /// How far the audit went when it was last said here; nothing before the first time. What is said may be
    /// lost with the power, so that the audit has gone further.
    Result<std::optional<audit::ChainHead>> audit_head();
    Result<void> save_audit_head(const audit::ChainHead& head);

private:
    struct Impl;
    explicit AuthorityDatabase(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::store
