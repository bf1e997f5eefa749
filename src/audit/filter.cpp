#include "audit/filter.h"

#include <algorithm>
#include <chrono>

namespace vouchsafe::audit {

namespace {

constexpr std::size_t month_size = 7; // "2027-03"
constexpr std::size_t day_size = 10;  // "2027-03-14"

SysTime next_month(SysTime first) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(first)};
    return {std::chrono::sys_days(day + std::chrono::months(1))};
}

Result<Span> read_span(std::string_view text) {
    if (text.size() == month_size) {
        VS_TRY(const SysTime first, time_from_text(std::string(text) + "-01T00:00:00Z"));
        return Span{.first = first, .end = next_month(first)};
    }
    if (text.size() == day_size) {
        VS_TRY(const SysTime first, time_from_text(std::string(text) + "T00:00:00Z"));
        return Span{.first = first, .end = first + std::chrono::days(1)};
    }
    VS_TRY(const SysTime instant, time_from_text(text));
    return Span{.first = instant, .end = instant + std::chrono::milliseconds(1)};
}

} // namespace

std::string text_field(const AuditRecord& record, std::string_view name) {
    const auto found = record.fields.find(name);
    return found != record.fields.end() && found->second.is_string() ? found->second.as_string()
                                                                     : std::string();
}

bool Filter::matches(const AuditRecord& record) const {
    const auto wants = [&record](const std::string& value, std::string_view field) {
        return value.empty() || text_field(record, field) == value;
    };
    return record.sequence > after && (!before || record.sequence < *before) &&
           (kinds.empty() || std::ranges::find(kinds, record.kind) != kinds.end()) && wants(host, "host") &&
           wants(key, "key_id") && wants(vm, "vm") && wants(provider, "provider") &&
           (!since || record.time >= *since) && (!until || record.time < *until);
}

Result<Span> span_from_text(std::string_view text) {
    auto span = read_span(text);
    if (!span)
        return fail(
            Errc::malformed,
            "audit.span",
            "expected a month (2027-03), a day (2027-03-14) or an instant (2027-03-14T15:09:26Z), in UTC");
    return span;
}

} // namespace vouchsafe::audit
