// Verifying a log as an auditor does: the files in order, and a public key.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "auditlog/checkpoint.h"
#include "base/clock.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace vouchsafe::auditlog {

/// How far a log goes.
struct Extent {
    AuthorityHostId host;   ///< whose log it is
    std::int64_t first = 0; ///< sequence; 0: no records
    std::int64_t last = 0;
    SysTime first_time;
    SysTime last_time;
    std::int64_t checkpoints = 0;
    std::int64_t vouched_until = 0;   ///< the last record that a verified checkpoint speaks of; 0: none
    std::int64_t times_went_back = 0; ///< records whose time is before that of the one before
    audit::ChainHead head;            ///< after the last record
};

/// The first record of a file, from the file's beginning. What it says is believed only as far as a
/// checkpoint of the chain, or the file before, bears it out. A torn first line, or none, is `malformed` at
/// "chain.torn".
Result<audit::AuditRecord> first_record(std::string_view beginning);

/// Where the chain attaches to it.
Result<audit::ChainHead> head_at(std::string_view beginning);

/// Reads a log's bytes in pieces of any size, through all of its files in order, and stops at the first
/// break: those of ChainVerifier, and
///  log.host      a record of another authority host than the first's
///  checkpoint.*, token.*   a checkpoint that does not verify, where there is somebody to trust
class LogVerifier {
public:
    /// `from`: head_at the first file. Without trust the chain alone is verified, and nothing is vouched for.
    LogVerifier(audit::ChainHead from, std::optional<CheckpointTrust> trust)
        : chain_(from), trust_(std::move(trust)) {}

    template <class OnRecord>
    std::expected<void, audit::Break> feed(std::string_view bytes, const OnRecord& on_record) {
        auto fed = chain_.feed(bytes, [&](const audit::AuditRecord& record) {
            if (!broken_)
                broken_ = take(record);
            if (!broken_)
                on_record(record);
        });
        if (broken_)
            return std::unexpected(*broken_);
        return fed;
    }

    /// At the end of each file: fails with chain.torn when a line was begun.
    std::expected<void, audit::Break> finish() const { return chain_.finish(); }

    /// Of all that was fed, the end of the last good line.
    std::uint64_t good_bytes() const { return chain_.good_bytes(); }

    const Extent& extent() const { return extent_; }

private:
    std::optional<audit::Break> take(const audit::AuditRecord& record);
    Result<void> check(const audit::AuditRecord& record) const;

    audit::ChainVerifier chain_;
    std::optional<audit::Break> broken_; ///< of what the chain alone does not show
    std::optional<CheckpointTrust> trust_;
    Extent extent_;
};

} // namespace vouchsafe::auditlog
