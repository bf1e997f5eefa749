#include "authority/audit_start.h"

#include "authority/core.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace vouchsafe::authority {

void AuditStart::take(const audit::AuditRecord& record) {
    audited_revision_ = std::max(audited_revision_, authority::audited_revision(record));
    last_ = record.sequence;
    if (!expected_ || record.sequence != expected_->next - 1)
        return;
    const auto line = audit::encode_line(record);
    held_ = line &&
            audit::line_digest(std::string_view(*line).substr(0, line->size() - 1)) == expected_->previous;
}

Result<void> AuditStart::check() const {
    if (!expected_ || held_ || expected_->next == 1)
        return {};
    return fail(Errc::untrusted,
                "audit.cut_back",
                "the audit had record " + std::to_string(expected_->next - 1) + ", digest " +
                    to_hex(expected_->previous) + ", and has it no more: it ends at record " +
                    std::to_string(last_) + "; put the missing files back, or find out who took them away");
}

} // namespace vouchsafe::authority
