#include "inventory/json_parts.h"

#include <algorithm>
#include <set>

namespace vouchsafe::inventory {

namespace {

std::string at(const json::Members& m, std::string_view member) {
    return m.where() + "." + std::string(member);
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

Result<std::string> check_pem(std::string text, const std::string& where) {
    if (text.size() > max_pem_bytes)
        return fail(Errc::too_large, where, "longer than a certificate may be");
    if (!text.starts_with("-----BEGIN "))
        return fail(Errc::malformed, where, "not PEM");
    return text;
}

} // namespace

bool is_name(std::string_view text) {
    const auto fits = [](char c) { return !is_control(c) && c != '/' && c != '\\'; };
    return !text.empty() && text.size() <= max_name_bytes && is_utf8(text) &&
           std::ranges::all_of(text, fits) && text.front() != ' ' && text.back() != ' ';
}

Result<std::string> name(json::Members& m, std::string_view member) {
    VS_TRY(std::string text, m.string(member));
    if (!is_name(text))
        return fail(Errc::malformed,
                    at(m, member),
                    "not a name: no control characters, slashes, or spaces at its ends");
    return text;
}

Result<std::vector<std::string>> names(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(auto out, m.strings(member));
    if (out.size() > most)
        return fail(Errc::too_large, at(m, member), "too many");
    if (!std::ranges::all_of(out, [](const std::string& text) { return is_name(text); }))
        return fail(Errc::malformed,
                    at(m, member),
                    "not a name: no control characters, slashes, or spaces at its ends");
    if (std::set<std::string>(out.begin(), out.end()).size() != out.size())
        return fail(Errc::malformed, at(m, member), "one of them twice");
    return out;
}

Result<std::string> short_text(json::Members& m, std::string_view member) {
    VS_TRY(std::string text, m.string(member));
    if (text.size() > max_text_bytes)
        return fail(Errc::too_large, at(m, member), "too long");
    return text;
}

Result<std::string> label_text(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(std::string text, m.string(member));
    const auto printable = [](char c) { return c >= 0x20 && c < 0x7F; };
    if (text.size() > most || !std::ranges::all_of(text, printable))
        return fail(Errc::malformed, at(m, member), "too long, or not printable ASCII");
    return text;
}

Result<std::string> hex_text(json::Members& m, std::string_view member) {
    VS_TRY(const Buffer bytes, m.hex(member));
    return to_hex(bytes);
}

Result<std::string> sha256_text(json::Members& m, std::string_view member) {
    VS_TRY(const Buffer bytes, m.hex(member));
    if (bytes.size() != 32)
        return fail(Errc::malformed, at(m, member), "not a SHA-256");
    return to_hex(bytes);
}

Result<std::optional<std::string>> optional_hex_text(json::Members& m, std::string_view member) {
    VS_TRY(const auto bytes, m.optional_hex(member));
    return bytes ? std::optional(to_hex(*bytes)) : std::nullopt;
}

Result<std::vector<std::string>> pems(json::Members& m, std::string_view member, std::size_t most) {
    VS_TRY(auto out, m.strings(member));
    if (out.size() > most)
        return fail(Errc::too_large, at(m, member), "too many");
    for (const std::string& text : out)
        VS_TRY_VOID(check_pem(text, at(m, member)));
    return out;
}

Result<std::optional<std::string>> optional_pem(json::Members& m, std::string_view member) {
    VS_TRY(auto text, m.optional_string(member));
    if (text)
        VS_TRY_VOID(check_pem(*text, at(m, member)));
    return text;
}

json::Value texts_to_json(const std::map<std::string, std::string>& texts) {
    json::Object out;
    for (const auto& [key, text] : texts)
        out.emplace(key, text);
    return json::Value(std::move(out));
}

Result<std::map<std::string, std::string>> texts_from_json(const json::Value& value, std::string_view where) {
    if (!value.is_object())
        return fail(Errc::malformed, where, "not an object");
    std::map<std::string, std::string> out;
    for (const auto& [key, item] : value.as_object()) {
        VS_TRY(auto text, json::to_string(item, where));
        out.emplace(key, std::move(text));
    }
    return out;
}

json::Value base64_or_null(const std::optional<Buffer>& bytes) {
    return bytes ? json::Value(to_base64(*bytes)) : json::Value();
}

json::Value time_or_null(const std::optional<SysTime>& time) {
    return time ? json::Value(to_text(*time)) : json::Value();
}

} // namespace vouchsafe::inventory
