// The managers' documents on one SQLite file.
#pragma once

#include "base/result.h"
#include "inventory/ports.h"

#include <memory>
#include <string>

namespace vouchsafe::store {

/// Safe to use from several threads: calls wait for one another.
class SqliteDocuments final : public inventory::Documents {
public:
    static Result<std::unique_ptr<SqliteDocuments>> open(const std::string& path);
    ~SqliteDocuments() override;

    Result<std::optional<inventory::Document>> get(std::string_view kind, std::string_view id) override;
    Result<std::int64_t>
    put(std::string_view kind, std::string_view id, const json::Value& value, std::int64_t expected) override;
    Result<void> remove(std::string_view kind, std::string_view id) override;
    Result<std::vector<inventory::Document>> list(std::string_view kind) override;

private:
    struct Impl;
    explicit SqliteDocuments(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::store
