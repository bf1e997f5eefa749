// The record of this authority host, for those who may read it.
#include "authority/administration.h"

#include <array>

namespace vouchsafe::authority {

namespace {

constexpr std::int64_t default_limit = 100;
constexpr std::int64_t most_records = 10'000;

std::string text_of(const Invocation& call, std::string_view member) {
    const json::Value* const value = call.find(member);
    return value == nullptr ? std::string() : value->as_string();
}

std::optional<std::int64_t> number_of(const Invocation& call, std::string_view member) {
    const json::Value* const value = call.find(member);
    return value == nullptr ? std::nullopt : std::optional(value->as_integer());
}

Result<std::optional<SysTime>> time_of(const Invocation& call, std::string_view member) {
    const std::string text = text_of(call, member);
    if (text.empty())
        return std::nullopt;
    const auto time = time_from_text(text);
    if (!time)
        return fail(Errc::malformed, "query.time", std::string(member) + ": expected an instant in UTC");
    return *time;
}

Result<store::AuditQuery> query_of(const Invocation& call) {
    const std::int64_t limit = number_of(call, "limit").value_or(default_limit);
    if (limit < 1 || limit > most_records)
        return fail(Errc::malformed, "query.limit", "limit: expected 1 to 10000");
    store::AuditQuery out{.limit = static_cast<std::size_t>(limit)};
    if (const json::Value* const kinds = call.find("kind"))
        for (const json::Value& kind : kinds->as_array())
            out.filter.kinds.push_back(kind.as_string());
    out.filter.host = text_of(call, "host");
    out.filter.key = text_of(call, "key");
    out.filter.vm = text_of(call, "vm");
    out.filter.provider = text_of(call, "provider");
    VS_TRY(out.filter.since, time_of(call, "since"));
    VS_TRY(out.filter.until, time_of(call, "until"));
    out.filter.before = number_of(call, "before");
    const auto after = number_of(call, "after");
    out.filter.after = after.value_or(0);
    out.end = after ? store::AuditQuery::End::first : store::AuditQuery::End::last;
    return out;
}

Result<json::Value> list_audit(const Invocation& call) {
    VS_TRY(const store::AuditQuery query, query_of(call));
    VS_TRY(const auto records, call.parts.audit.read(query));
    return json::array_of(records, audit::to_json);
}

constexpr std::array rows = {ServedOperation{"vouchsafe.audit", "list", list_audit}};

} // namespace

std::span<const ServedOperation> audit_operations() {
    return rows;
}

} // namespace vouchsafe::authority
