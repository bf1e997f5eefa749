// The audit file: hash-chained lines, durable before `append` returns, written in groups.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "audit/sink.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vouchsafe::store {

/// One file, one writer (locked against a second). Callers that append at the same time share one write and
/// one fdatasync. When the disk refuses, every caller of that group gets the error and the file is cut back
/// to its last durable line, so that a disk that has room again works again without a restart.
class AuditFile final : public audit::AuditSink {
public:
    struct Config {
        std::string path;
        AuthorityHostId host;
        const Clock& clock;
        /// Sees each record that the file has when it is opened.
        std::function<void(const audit::AuditRecord&)> on_record{};
    };

    /// Verifies the whole chain. A torn last line (never acknowledged) is cut off; any other break is
    /// `untrusted`: somebody has changed the record, and the authority does not start on it.
    static Result<std::unique_ptr<AuditFile>> open(const Config& config);

    ~AuditFile() override;

    Result<audit::AuditReceipt> append(std::string_view kind, json::Object fields) override;

    /// What is durable: the next sequence number and the digest of the last line.
    audit::ChainHead head() const;

    /// Bytes of a torn line that `open` cut off; 0 as a rule.
    std::uint64_t cut_off() const;

    struct Selection {
        std::int64_t from = 1;   ///< sequence
        std::size_t most = 1000; ///< records
        std::string kind{};      ///< empty: all
        std::string vm{};        ///< the field "vm"; empty: all
    };

    /// Durable records in order, read from the file; the last `most` of those that match.
    Result<std::vector<audit::AuditRecord>> read(const Selection& selection) const;

private:
    struct Impl;
    explicit AuditFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::store
