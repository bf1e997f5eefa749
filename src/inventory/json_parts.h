// What the documents of this library have in common: names, texts with bounds, optional parts.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/members.h"
#include "json/value.h"

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

inline constexpr std::size_t max_name_bytes = 128;
inline constexpr std::size_t max_text_bytes = 1024;
inline constexpr std::size_t max_groups = 64;
inline constexpr std::size_t max_pem_bytes = std::size_t{64} << 10U;
inline constexpr std::size_t max_chain = 16;
/// CA certificates that one entry holds: what a maker of TPMs publishes, or all makers together.
inline constexpr std::size_t max_ca_certificates = 4096;

/// What an administrator may call a thing: 1 to max_name_bytes of printable UTF-8 without control
/// characters, '/' or '\\', not beginning or ending with a space.
bool is_name(std::string_view text);

/// A member that is such a name.
Result<std::string> name(json::Members& m, std::string_view member);
/// A list of names, each once.
Result<std::vector<std::string>> names(json::Members& m, std::string_view member, std::size_t most);
/// At most max_text_bytes; may be empty.
Result<std::string> short_text(json::Members& m, std::string_view member);
/// At most `most` bytes of printable ASCII; may be empty.
Result<std::string> label_text(json::Members& m, std::string_view member, std::size_t most);
/// Lower-case hex, as text; the second of exactly 32 bytes.
Result<std::string> hex_text(json::Members& m, std::string_view member);
Result<std::string> sha256_text(json::Members& m, std::string_view member);
Result<std::optional<std::string>> optional_hex_text(json::Members& m, std::string_view member);
/// PEM texts, one certificate each; bounded, not parsed.
Result<std::vector<std::string>> pems(json::Members& m, std::string_view member, std::size_t most);
Result<std::optional<std::string>> optional_pem(json::Members& m, std::string_view member);

/// {"name": text}: an open set of names.
json::Value texts_to_json(const std::map<std::string, std::string>& texts);
Result<std::map<std::string, std::string>> texts_from_json(const json::Value& value, std::string_view where);

json::Value base64_or_null(const std::optional<Buffer>& bytes);
json::Value time_or_null(const std::optional<SysTime>& time);

template <class Part> json::Value json_or_null(const std::optional<Part>& part) {
    return part ? part->to_json() : json::Value();
}

template <class Part> Result<std::optional<Part>> optional_part(json::Members& m, std::string_view member) {
    VS_TRY(const json::Value* const value, m.optional_value(member));
    if (value == nullptr)
        return std::nullopt;
    VS_TRY(Part part, Part::from_json(*value, m.where() + "." + std::string(member)));
    return part;
}

/// The enumerator whose to_string is `text`.
template <class Enum>
Result<Enum> enum_from_text(std::initializer_list<Enum> all, std::string_view text, std::string_view where) {
    for (const Enum value : all)
        if (to_string(value) == text)
            return value;
    return fail(Errc::malformed, where, "not one of its words");
}

} // namespace vouchsafe::inventory
