// Which records are wanted: what lists, exports and "who could read this VM?" ask of a log.
#pragma once

#include "audit/record.h"
#include "base/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::audit {

/// What is empty wants all.
struct Filter {
    std::vector<std::string> kinds{};
    std::string host{};     ///< of the fields: the trusted host, not the authority host
    std::string key{};      ///< of the fields: "key_id"
    std::string vm{};       ///< of the fields
    std::string provider{}; ///< of the fields
    std::optional<SysTime> since{};
    std::optional<SysTime> until{};       ///< itself not
    std::int64_t after = 0;               ///< sequence, itself not
    std::optional<std::int64_t> before{}; ///< sequence, itself not

    bool matches(const AuditRecord& record) const;
};

/// A text of the fields; empty when it is not there or no text.
std::string text_field(const AuditRecord& record, std::string_view name);

/// A stretch of time.
struct Span {
    SysTime first;
    SysTime end; ///< itself not; of an instant the next millisecond
};

/// As people write it: "2027-03", "2027-03-14", or an instant of time_from_text; UTC. Otherwise `malformed`.
Result<Span> span_from_text(std::string_view text);

} // namespace vouchsafe::audit
