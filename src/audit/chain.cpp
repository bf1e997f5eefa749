#include "audit/chain.h"

namespace vouchsafe::audit {

Result<Link> append(const ChainHead& head, Entry entry) {
    VS_TRY(std::string line,
           encode_line(AuditRecord{.sequence = head.next,
                                   .previous = head.previous,
                                   .time = entry.time,
                                   .host = std::move(entry.host),
                                   .kind = std::string(entry.kind),
                                   .fields = std::move(entry.fields)}));
    const std::string_view text = std::string_view(line).substr(0, line.size() - 1);
    const ChainHead after{.next = head.next + 1, .previous = line_digest(text)};
    return Link{.line = std::move(line), .head = after};
}

std::unexpected<Break> ChainVerifier::broken(Error cause) const {
    return std::unexpected(Break{.sequence = head_.next, .offset = offset_, .cause = std::move(cause)});
}

std::expected<std::optional<AuditRecord>, Break> ChainVerifier::next(std::string_view& bytes) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (pending_.size() + piece.size() >= max_line_bytes)
        return broken(Error{Errc::too_large, "audit.size", "longer than a record may be"});
    pending_ += piece;
    if (end == std::string_view::npos) {
        bytes = {};
        return std::nullopt;
    }
    auto record = parse_line(pending_);
    if (!record)
        return broken(std::move(record).error());
    if (record->sequence != head_.next)
        return broken(Error{Errc::untrusted, "chain.sequence", "the number does not follow"});
    if (record->previous != head_.previous)
        return broken(Error{Errc::untrusted, "chain.previous", "does not follow the line before"});
    head_ = ChainHead{.next = head_.next + 1, .previous = line_digest(pending_)};
    offset_ += pending_.size() + 1;
    pending_.clear();
    bytes.remove_prefix(end + 1);
    return *std::move(record);
}

std::expected<void, Break> ChainVerifier::finish() const {
    if (!pending_.empty())
        return broken(Error{Errc::malformed, "chain.torn", "the last line has no end"});
    return {};
}

} // namespace vouchsafe::audit
