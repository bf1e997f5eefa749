#include "audit/record.h"

#include "base/bytes.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::audit {

namespace {

constexpr std::size_t max_kind_bytes = 32;
constexpr std::size_t max_host_bytes = 128;
constexpr json::Limits line_limits{.bytes = max_line_bytes, .depth = 8, .items = 4096};

bool is_kind(std::string_view kind) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !kind.empty() && kind.size() <= max_kind_bytes && std::ranges::all_of(kind, fits);
}

} // namespace

json::Value to_json(AuditRecord record) {
    return json::object({{"version", 1},
                         {"seq", record.sequence},
                         {"prev", to_hex(record.previous)},
                         {"time", to_text(record.time)},
                         {"host", std::move(record.host.text)},
                         {"kind", std::move(record.kind)},
                         {"fields", json::Value(std::move(record.fields))}});
}

Result<std::string> encode_line(AuditRecord record) {
    VS_CHECK(is_kind(record.kind) && record.sequence >= 1);
    std::string line = json::canonical(to_json(std::move(record)));
    line += '\n';
    if (line.size() > max_line_bytes)
        return fail(Errc::too_large, "audit.size", "fields do not fit a record");
    return line;
}

Result<AuditRecord> parse_line(std::string_view line) {
    if (line.size() >= max_line_bytes)
        return fail(Errc::too_large, "audit.size", "longer than a record may be");
    VS_TRY(const json::Value value, json::parse_canonical(line, line_limits));
    return from_json(value);
}

Result<AuditRecord> from_json(const json::Value& value) {
    json::Members m(value, "audit");
    AuditRecord out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.sequence, m.integer("seq", {.least = 1, .most = max_sequence}));
    VS_TRY(const Buffer previous, m.hex("prev"));
    VS_TRY(const auto time, m.string("time"));
    VS_TRY(out.host.text, m.string("host"));
    VS_TRY(out.kind, m.string("kind"));
    VS_TRY(const json::Value* const fields, m.value("fields"));
    VS_TRY_VOID(m.finish());
    if (previous.size() != out.previous.size())
        return fail(Errc::malformed, "audit.prev", "not a SHA-256");
    std::ranges::copy(previous, out.previous.begin());
    VS_TRY(out.time, time_from_text(time));
    if (to_text(out.time) != time)
        return fail(Errc::malformed, "audit.time", "not in its one form");
    if (out.host.text.empty() || out.host.text.size() > max_host_bytes)
        return fail(Errc::malformed, "audit.host", "empty or too long");
    if (!is_kind(out.kind))
        return fail(Errc::malformed, "audit.kind", "not a word of a-z and _");
    if (!fields->is_object())
        return fail(Errc::malformed, "audit.fields", "not an object");
    out.fields = fields->as_object();
    return out;
}

crypto::Sha256Digest line_digest(std::string_view line) {
    return crypto::sha256({as_bytes("vouchsafe/audit/1"), as_bytes(line)});
}

} // namespace vouchsafe::audit
