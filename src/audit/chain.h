// The chain: each record names the digest of the one before it, so none can be altered, dropped or moved
// without every later one saying so.
#pragma once

#include "audit/record.h"
#include "base/result.h"
#include "crypto/digest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::audit {

/// Where the next record attaches.
struct ChainHead {
    std::int64_t next = 1;
    crypto::Sha256Digest previous{};

    friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

/// What is to be recorded; sequence and previous digest come from the head.
struct Entry {
    SysTime time;
    AuthorityHostId host;
    std::string_view kind;
    json::Object fields;
};

struct Link {
    std::string line; ///< with its line end: what must reach the disk
    ChainHead head;   ///< after the line
};

Result<Link> append(const ChainHead& head, Entry entry);

/// Where a chain breaks.
struct Break {
    std::int64_t sequence; ///< that was expected there
    std::uint64_t offset;  ///< of the line's first byte, from the first byte fed
    Error cause;

    friend bool operator==(const Break&, const Break&) = default;
};

/// Reads a file's bytes in pieces of any size and stops at the first break. Causes by `where`:
///  audit.*          a line that is no record (audit.size: longer than max_line_bytes)
///  chain.sequence   the number does not follow
///  chain.previous   the digest is not that of the line before
///  chain.torn       the bytes end within a line: what an interrupted write leaves, never acknowledged
class ChainVerifier {
public:
    /// From the first record, or from a head that is known (a checkpoint's).
    explicit ChainVerifier(ChainHead from = {}) : head_(from) {}

    /// Verifies what is complete; `on_record(const AuditRecord&)` sees each good record.
    template <class OnRecord>
    std::expected<void, Break> feed(std::string_view bytes, const OnRecord& on_record) {
        while (!bytes.empty()) {
            auto record = next(bytes);
            if (!record)
                return std::unexpected(std::move(record).error());
            if (const std::optional<AuditRecord>& complete = *record)
                on_record(*complete);
        }
        return {};
    }

    std::expected<void, Break> feed(std::string_view bytes) {
        return feed(bytes, [](const AuditRecord&) {});
    }

    /// No more bytes: fails with chain.torn when a line was begun.
    std::expected<void, Break> finish() const;

    const ChainHead& head() const { return head_; }

    /// End of the last good line: where a torn tail may be cut off.
    std::uint64_t good_bytes() const { return offset_; }

private:
    /// Takes bytes up to and with the next line end; nothing when the line goes on.
    std::expected<std::optional<AuditRecord>, Break> next(std::string_view& bytes);
    std::unexpected<Break> broken(Error cause) const;

    ChainHead head_;
    std::uint64_t offset_ = 0;
    std::string pending_; ///< begun, without its line end
};

} // namespace vouchsafe::audit
