// The audit log of an authority host: hash-chained lines, durable before anybody is told so, written in
// groups, vouched for by signed checkpoints, in files of bounded size.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "audit/sink.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "store/audit_disk.h"
#include "store/audit_segments.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vouchsafe::store {

/// A clock that differs from what the time since boot says by this much was set.
inline constexpr std::chrono::milliseconds clock_step{1'000};

struct AuditLimits {
    std::uint64_t file_bytes = std::uint64_t{64} << 20U; ///< a file that has them is put away
    std::int64_t checkpoint_records = 1'000;             ///< a checkpoint after so many records
    std::chrono::milliseconds checkpoint_age{60'000};    ///< or when the oldest without one is so old
    std::chrono::milliseconds company{2}; ///< how long a record waits for others that nobody flushes
};

/// One writer, with a thread of its own: what came while it wrote shares the next write and one fdatasync.
/// That thread calls what was submitted with the records. When the disk refuses, every record of that group
/// fails and the file is cut back to its last durable line, so that a disk that has room again works again
/// without a restart.
///
/// Besides what callers append it records by itself: a line that a crash tore and that was cut off (kind
/// "torn"), a clock that was set ("clock"), and checkpoints. Records stand in the order of their sequence
/// whatever the clock says.
class AuditFile final : public audit::AuditSink {
public:
    /// Makes the fields of a checkpoint that follows the head.
    using Sign = std::function<Result<json::Object>(const audit::ChainHead&, SysTime)>;

    struct Config {
        std::string path; ///< of the file that is written; full ones stand beside it
        AuthorityHostId host;
        const Clock& clock;
        /// Sees each record that the log has when it is opened.
        std::function<void(const audit::AuditRecord&)> on_record = [](const audit::AuditRecord&) {};
        Sign sign{}; ///< without it there are no checkpoints
        AuditLimits limits{};
        DiskCalls disk = DiskCalls::real();
    };

    /// Fails as AuditSegments::open does.
    static Result<std::unique_ptr<AuditFile>> open(const Config& config);

    ~AuditFile() override; ///< when all that was submitted is written

    void submit(std::string_view kind, json::Object fields, audit::Recorded then) override;
    void flush() override;
    Result<audit::AuditReceipt> append(std::string_view kind, json::Object fields) override;

    /// A checkpoint over what has none yet: where that is old enough, or at once. To be called from time to
    /// time, and at the end.
    enum class When : std::uint8_t { due, now };
    Result<void> checkpoint(When when);

    /// What is durable: the next sequence number and the digest of the last line.
    audit::ChainHead head() const;

    /// Bytes of a torn line that `open` cut off; 0 as a rule.
    std::uint64_t cut_off() const;

    /// Durable records in order, read from the files.
    Result<std::vector<audit::AuditRecord>> read(const AuditQuery& query) const;

private:
    struct Impl;
    explicit AuditFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::store
