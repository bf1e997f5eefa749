#include "protocol/parts.h"

#include "base/clock.h"

#include <algorithm>

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t sha256_bytes = 32;

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

Result<Buffer> within(Buffer value, Bounds bounds, const std::string& where) {
    if (value.size() > bounds.most)
        return fail(Errc::too_large, where, "too long");
    if (value.size() < bounds.least)
        return fail(Errc::malformed, where, "too short");
    return value;
}

} // namespace

std::string at(const json::Members& m, std::string_view member) {
    return m.where() + "." + std::string(member);
}

Result<std::string> word(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(std::string value, label(m, member, most));
    if (value.empty())
        return fail(Errc::malformed, at(m, member), "empty");
    return value;
}

Result<std::string> label(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(std::string value, text(m, member, most));
    if (!is_printable(value))
        return fail(Errc::malformed, at(m, member), "not printable ASCII");
    return value;
}

Result<std::string> text(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(std::string value, m.string(member));
    if (value.size() > most)
        return fail(Errc::too_large, at(m, member), "too long");
    return value;
}

Result<std::optional<std::string>>
optional_text(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(auto value, m.optional_string(member));
    if (value && value->size() > most)
        return fail(Errc::too_large, at(m, member), "too long");
    return value;
}

Result<Buffer> bytes(json::Members& m, std::string_view member, Bounds bounds) {
    VS_TRY(Buffer value, m.base64(member));
    return within(std::move(value), bounds, at(m, member));
}

Result<std::optional<Buffer>> optional_bytes(json::Members& m, std::string_view member, Bounds bounds) {
    if (!m.has(member)) {
        VS_TRY(auto absent, m.optional_base64(member));
        return absent;
    }
    VS_TRY(Buffer value, bytes(m, member, bounds));
    return value;
}

Result<std::string> sha256_hex(json::Members& m, std::string_view member) {
    VS_TRY(const Buffer value, m.hex(member));
    VS_TRY(const Buffer digest, within(value, {sha256_bytes, sha256_bytes}, at(m, member)));
    return to_hex(digest);
}

Result<std::optional<std::string>> optional_sha256_hex(json::Members& m, std::string_view member) {
    if (!m.has(member)) {
        VS_TRY(auto absent, m.optional_string(member));
        return absent;
    }
    VS_TRY(std::string value, sha256_hex(m, member));
    return value;
}

Result<std::string> id128(json::Members& m, std::string_view member) {
    VS_TRY(const Buffer value, m.hex(member));
    VS_TRY(const Buffer id, within(value, {16, 16}, at(m, member)));
    return to_hex(id);
}

Result<std::string> uuid(json::Members& m, std::string_view member) {
    VS_TRY(std::string value, m.string(member));
    if (!is_uuid(value))
        return fail(Errc::malformed, at(m, member), "not a UUID in lower case");
    return value;
}

json::Value base64_or_null(const std::optional<Buffer>& bytes) {
    return bytes ? json::Value(to_base64(*bytes)) : json::Value();
}

json::Value texts_to_json(const std::map<std::string, std::string>& texts) {
    json::Object out;
    for (const auto& [name, value] : texts)
        out.emplace(name, value);
    return json::Value(std::move(out));
}

Result<std::map<std::string, std::string>>
texts_from_json(const json::Value& value, std::string_view where, TextLimits limits) {
    if (!value.is_object())
        return fail(Errc::malformed, where, "not an object");
    if (value.as_object().size() > limits.items)
        return fail(Errc::too_large, where, "too many");
    std::map<std::string, std::string> out;
    for (const auto& [name, item] : value.as_object()) {
        VS_TRY(std::string content, json::to_string(item, where));
        if (name.size() > limits.bytes || content.size() > limits.bytes)
            return fail(Errc::too_large, where, "too long");
        out.emplace(name, std::move(content));
    }
    return out;
}

} // namespace vouchsafe::protocol
