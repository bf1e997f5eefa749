// The files of an audit log: the one that is written, and the full ones before it, by name
// "<stem>-<first sequence>.jsonl". The chain goes on across them.
#pragma once

#include "audit/chain.h"
#include "audit/filter.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/audit_disk.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::store {

/// What a reader of records asks for.
struct AuditQuery {
    audit::Filter filter{};
    std::size_t limit = 1000;                  ///< records
    std::size_t bytes = std::size_t{4} << 20U; ///< of their lines, about; one record is always given
    /// The first ones that match, or the last ones; in order of sequence either way.
    enum class End : std::uint8_t { first, last } end = End::last;
};

/// From the earliest to the latest time of some records; clocks that are set mix them.
struct TimeRange {
    SysTime earliest = SysTime::max();
    SysTime latest = SysTime::min();

    void note(SysTime time);
    void note(const TimeRange& other);
};

/// One writer (locked against a second process). `append` and `rotate` are for one thread at a time; what
/// reads is safe beside them.
class AuditSegments {
public:
    using OnRecord = std::function<void(const audit::AuditRecord&)>;

    /// Verifies the chain through all files and shows each record. A torn last line of the last file (never
    /// acknowledged) is cut off and given by `torn`; any other break is `untrusted`: somebody has changed the
    /// record. The oldest file may begin at a later record, as where older ones were put away.
    static Result<std::unique_ptr<AuditSegments>>
    open(const std::string& path, DiskCalls disk, const OnRecord& on_record);

    AuditSegments(const AuditSegments&) = delete;
    AuditSegments& operator=(const AuditSegments&) = delete;
    ~AuditSegments() = default;

    /// What a crash left of a line, as it was cut off by `open`; empty as a rule.
    const std::string& torn() const { return torn_; }

    /// Makes the lines durable. When the disk refuses, the file is cut back to what was durable before, now
    /// or at the next call, and nothing of the lines counts.
    Result<void> append(std::string_view lines, const audit::ChainHead& after, const TimeRange& times);

    /// Puts the file that is written among the full ones and begins another. Where that fails, all goes on
    /// in the old one.
    Result<void> rotate();

    audit::ChainHead head() const;
    std::uint64_t bytes() const; ///< of the file that is written

    Result<std::vector<audit::AuditRecord>> read(const AuditQuery& query) const;

private:
    /// One file, as far as it is durable.
    struct Segment {
        std::string path;
        std::shared_ptr<const AuditDescriptor>
            file; ///< of the one that is written, whatever its name becomes
        audit::ChainHead start;
        audit::ChainHead end;
        std::uint64_t bytes = 0;
        TimeRange times{};

        bool may_have(const audit::Filter& filter) const;
    };

    class Found;

    AuditSegments(std::string path, DiskCalls disk);
    Result<void> open_all(const OnRecord& on_record);
    Result<Segment> open_full(const std::string& path, const OnRecord& on_record);
    Result<void> open_last(const OnRecord& on_record);
    Result<void> cut_torn(std::uint64_t size);
    Result<void> cut_back();
    Result<void> write_durably(std::string_view lines, std::uint64_t at);
    static Result<void> read(const Segment& segment, Found& found);
    std::string full_path(std::int64_t first) const;
    std::vector<std::string> full_paths() const;

    std::string path_;
    DiskCalls disk_;
    std::shared_ptr<const AuditDescriptor> lock_;
    std::string torn_;
    bool uncut_ = false;            ///< bytes that do not count stand behind the durable ones
    mutable std::mutex mutex_;      ///< guards:
    std::vector<Segment> segments_; ///< the last is the one that is written
};

} // namespace vouchsafe::store
