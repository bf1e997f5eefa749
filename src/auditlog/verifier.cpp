#include "auditlog/verifier.h"

namespace vouchsafe::auditlog {

Result<audit::AuditRecord> first_record(std::string_view beginning) {
    const std::size_t end = beginning.substr(0, audit::max_line_bytes).find('\n');
    if (end == std::string_view::npos)
        return fail(beginning.size() >= audit::max_line_bytes ? Errc::too_large : Errc::malformed,
                    beginning.size() >= audit::max_line_bytes ? "audit.size" : "chain.torn",
                    "the first record has no end");
    return audit::parse_line(beginning.substr(0, end));
}

Result<audit::ChainHead> head_at(std::string_view beginning) {
    VS_TRY(const audit::AuditRecord first, first_record(beginning));
    return audit::ChainHead{.next = first.sequence, .previous = first.previous};
}

Result<void> LogVerifier::check(const audit::AuditRecord& record) const {
    if (extent_.first != 0 && record.host != extent_.host)
        return fail(Errc::untrusted, "log.host", "a record of another authority host");
    if (record.kind == audit::kind::checkpoint && trust_)
        return verify_checkpoint(record, *trust_);
    return {};
}

std::optional<audit::Break> LogVerifier::take(const audit::AuditRecord& record) {
    if (auto checked = check(record); !checked) {
        const auto line = audit::encode_line(record);
        return audit::Break{.sequence = record.sequence,
                            .offset = chain_.good_bytes() - (line ? line->size() : 0),
                            .cause = std::move(checked).error()};
    }
    if (extent_.first == 0) {
        extent_.first = record.sequence;
        extent_.first_time = extent_.last_time = record.time;
        extent_.host = record.host;
    }
    if (record.kind == audit::kind::checkpoint) {
        ++extent_.checkpoints;
        extent_.vouched_until = trust_ ? record.sequence - 1 : 0;
    }
    extent_.times_went_back += record.time < extent_.last_time ? 1 : 0;
    extent_.last = record.sequence;
    extent_.last_time = record.time;
    extent_.head = chain_.head();
    return std::nullopt;
}

} // namespace vouchsafe::auditlog
