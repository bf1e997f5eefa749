// Reading the log: only the files that may have something, each verified from where it attaches.
#include "store/audit_segments.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace vouchsafe::store {

namespace {

using End = AuditQuery::End;

struct Item {
    audit::AuditRecord record;
    std::size_t bytes;
};

} // namespace

/// Records that match, as many as the query may have.
class AuditSegments::Found {
public:
    explicit Found(const AuditQuery& query) : query_(query) {}

    void take(const audit::AuditRecord& record, std::size_t bytes) {
        if (!query_.filter.matches(record) || (query_.end == End::first && full_))
            return;
        if (query_.end == End::first && !items_.empty() &&
            (items_.size() >= query_.limit || bytes_ + bytes > query_.bytes)) {
            full_ = true;
            return;
        }
        items_.push_back({.record = record, .bytes = bytes});
        bytes_ += bytes;
        if (query_.end == End::last)
            trim();
    }

    /// What an older file has stands before what is here.
    void put_before(Found older) {
        full_ = full_ || older.full_;
        bytes_ += older.bytes_;
        for (auto item = older.items_.rbegin(); item != older.items_.rend(); ++item)
            items_.push_front(std::move(*item));
        trim();
    }

    /// There is more than the query may have.
    bool full() const { return full_; }

    std::vector<audit::AuditRecord> records() {
        std::vector<audit::AuditRecord> out;
        for (Item& item : items_)
            out.push_back(std::move(item.record));
        return out;
    }

private:
    void trim() {
        while (items_.size() > 1 && (items_.size() > query_.limit || bytes_ > query_.bytes)) {
            bytes_ -= items_.front().bytes;
            items_.pop_front();
            full_ = true;
        }
    }

    const AuditQuery& query_;
    std::deque<Item> items_;
    std::size_t bytes_ = 0;
    bool full_ = false;
};

bool AuditSegments::Segment::may_have(const audit::Filter& filter) const {
    return bytes > 0 && end.next - 1 > filter.after && (!filter.before || start.next < *filter.before) &&
           (!filter.since || times.latest >= *filter.since) &&
           (!filter.until || times.earliest < *filter.until);
}

Result<void> AuditSegments::read(const Segment& segment, Found& found) {
    std::shared_ptr<const AuditDescriptor> file = segment.file;
    if (file == nullptr) {
        VS_TRY(file, AuditDescriptor::open(segment.path, O_RDONLY));
    }
    audit::ChainVerifier verifier(segment.start);
    std::uint64_t before = 0;
    VS_TRY(const auto verdict,
           read_records(*file, segment.path, segment.bytes, verifier, [&](const audit::AuditRecord& record) {
               found.take(record, static_cast<std::size_t>(verifier.good_bytes() - before));
               before = verifier.good_bytes();
           }));
    if (!verdict)
        return std::unexpected(verdict.error().cause);
    return {};
}

Result<std::vector<audit::AuditRecord>> AuditSegments::read(const AuditQuery& query) const {
    std::vector<Segment> segments;
    {
        const std::scoped_lock lock(mutex_);
        segments = segments_;
    }
    std::erase_if(segments, [&query](const Segment& one) { return !one.may_have(query.filter); });
    if (query.end == End::last)
        std::ranges::reverse(segments);
    Found found(query);
    for (const Segment& segment : segments) {
        Found here(query);
        VS_TRY_VOID(read(segment, query.end == End::first ? found : here));
        if (query.end == End::last)
            found.put_before(std::move(here));
        if (found.full())
            break;
    }
    return found.records();
}

} // namespace vouchsafe::store
