#include "kmipforms/value_text.h"

#include "ttlv/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <memory>
#include <span>
#include <utility>

namespace vouchsafe::kmipforms {

using ttlv::Tag;
using ttlv::Type;
using ttlv::Values;

namespace {

struct TypeName {
    Type type;
    std::string_view name;
};

constexpr std::array type_names = {
    TypeName{Type::structure, "Structure"},
    TypeName{Type::integer, "Integer"},
    TypeName{Type::long_integer, "LongInteger"},
    TypeName{Type::big_integer, "BigInteger"},
    TypeName{Type::enumeration, "Enumeration"},
    TypeName{Type::boolean, "Boolean"},
    TypeName{Type::text, "TextString"},
    TypeName{Type::bytes, "ByteString"},
    TypeName{Type::date_time, "DateTime"},
    TypeName{Type::interval, "Interval"},
    TypeName{Type::date_time_extended, "DateTimeExtended"},
};

std::unexpected<Error> bad_value(std::string detail) {
    return fail(Errc::malformed, "form.value", std::move(detail));
}

constexpr std::string_view white_space = " \t\r\n";

/// XML Schema's types have white space around them that means nothing.
std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
    return text.substr(0, text.find_last_not_of(white_space) + 1);
}

bool is_hex_number(std::string_view text) {
    return text.starts_with("0x") || text.starts_with("0X");
}

/// A whole text that is a number, within the type's range.
template <std::integral Number> std::optional<Number> number(std::string_view text, int base) {
    Number value{};
    const std::span characters(text);
    const auto [stop, error] =
        std::from_chars(std::to_address(characters.begin()), std::to_address(characters.end()), value, base);
    const bool whole = error == std::errc() && stop == std::to_address(characters.end());
    return whole && !text.empty() ? std::optional(value) : std::nullopt;
}

/// Decimal, or the two's complement in hex with all its digits or fewer.
template <std::integral Number> std::optional<Number> integer(std::string_view text) {
    if (!is_hex_number(text))
        return number<Number>(text, 10);
    const auto raw = number<std::make_unsigned_t<Number>>(text.substr(2), 16);
    return raw ? std::optional(static_cast<Number>(*raw)) : std::nullopt;
}

/// Components separated by white space (XML) or a bar (JSON), each a name or a number.
std::optional<std::uint32_t> mask(Values values, std::string_view text) {
    constexpr std::string_view separators = " \t\r\n|";
    std::uint32_t sum = 0;
    bool any = false;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
        if (text.empty())
            break;
        const std::string_view component = text.substr(0, text.find_first_of(separators));
        auto bits = integer<std::uint32_t>(component);
        if (!bits)
            bits = ttlv::value_from_camel(values, component);
        if (!bits)
            return std::nullopt;
        sum |= *bits;
        any = true;
        text.remove_prefix(component.size());
    }
    return any ? std::optional(sum) : std::nullopt;
}

Result<ttlv::Value> read_integer(Values values, std::string_view text) {
    if (const auto value = integer<std::int32_t>(text))
        return *value;
    if (!ttlv::is_mask(values))
        return bad_value("not a 32-bit integer");
    const auto bits = mask(values, text);
    if (!bits)
        return bad_value("neither a 32-bit integer nor components of the mask");
    return static_cast<std::int32_t>(*bits);
}

Result<ttlv::Value> read_enumeration(Values values, std::string_view text) {
    auto value = integer<std::uint32_t>(text);
    if (!value)
        value = ttlv::value_from_camel(values, text);
    if (!value)
        return bad_value("neither a name of this enumeration nor a number for one");
    return ttlv::Enumeration{*value};
}

/// Sign-extended to whole words of eight bytes, as TTLV wants it.
Result<ttlv::Value> read_big_integer(std::string_view text) {
    const auto bytes = from_hex(is_hex_number(text) ? text.substr(2) : text);
    if (!bytes || bytes->empty())
        return bad_value("not hex digits of whole bytes");
    const std::size_t missing = (8 - bytes->size() % 8) % 8;
    Buffer extended(missing, (bytes->front() & 0x80U) != 0 ? 0xFF : 0x00);
    extended.insert(extended.end(), bytes->begin(), bytes->end());
    return ttlv::BigInteger{ttlv::WipedBytes(extended)};
}

Result<ttlv::Value> read_boolean(std::string_view text) {
    if (text == "true" || text == "1" || text == "0x0000000000000001")
        return true;
    if (text == "false" || text == "0" || text == "0x0000000000000000")
        return false;
    return bad_value("neither true nor false");
}

std::int64_t floor_seconds(std::int64_t microseconds) {
    constexpr std::int64_t second = 1'000'000;
    return microseconds / second - (microseconds % second < 0 ? 1 : 0);
}

/// The number on the wire in hex, or an instant in microseconds.
Result<std::pair<std::int64_t, bool>> read_instant(std::string_view text) {
    if (is_hex_number(text)) {
        if (const auto raw = integer<std::int64_t>(text))
            return std::pair(*raw, true);
    } else if (const auto microseconds = microseconds_from_text(text)) {
        return std::pair(*microseconds, false);
    }
    return bad_value("no instant such as 2001-01-01T10:00:00+10:00");
}

struct Reference {
    std::string_view name;
    std::int32_t seconds = 0;
};

bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// $NAME, $NAME+60, $NAME-60.
std::optional<Reference> placeholder(std::string_view text) {
    constexpr std::size_t longest = 64;
    if (!text.starts_with('$'))
        return std::nullopt;
    text.remove_prefix(1);
    const auto* const end = std::ranges::find_if_not(text, is_name_character);
    Reference out{.name = text.substr(0, static_cast<std::size_t>(end - text.begin()))};
    text.remove_prefix(out.name.size());
    if (out.name.empty() || out.name.size() > longest)
        return std::nullopt;
    if (text.empty())
        return out;
    const auto seconds = number<std::int32_t>(text.substr(1), 10);
    if ((text.front() != '+' && text.front() != '-') || !seconds || *seconds < 0)
        return std::nullopt;
    out.seconds = text.front() == '-' ? -*seconds : *seconds;
    return out;
}

Result<ttlv::Value> moved(ttlv::Value value, std::int32_t seconds) {
    if (seconds == 0)
        return value;
    std::int64_t* number = nullptr;
    std::int64_t distance = seconds;
    if (auto* const date = std::get_if<ttlv::DateTime>(&value)) {
        number = &date->seconds;
    } else if (auto* const extended = std::get_if<ttlv::DateTimeExtended>(&value)) {
        number = &extended->microseconds;
        distance *= 1'000'000;
    }
    if (number == nullptr)
        return fail(Errc::malformed, "form.placeholder", "only an instant can be moved by seconds");
    if (__builtin_add_overflow(*number, distance, number))
        return bad_value("an instant out of range");
    return value;
}

} // namespace

std::string_view type_name(Type type) {
    return std::ranges::find(type_names, type, &TypeName::type)->name;
}

std::optional<Type> type_from_name(std::string_view name) {
    const auto* const found = std::ranges::find(type_names, name, &TypeName::name);
    return found != type_names.end() ? std::optional(found->type) : std::nullopt;
}

std::string hex_number(std::uint64_t value, unsigned digits) {
    std::string out(digits, '0');
    for (unsigned i = 0; i < digits; ++i)
        out[digits - 1 - i] = "0123456789abcdef"[(value >> (4U * i)) & 0xFU];
    return "0x" + out;
}

std::string tag_text(Tag tag) {
    const std::string_view name = ttlv::name(tag);
    return name.empty() ? hex_number(std::to_underlying(tag), 6) : ttlv::camel(name);
}

std::optional<Tag> tag_from_text(std::string_view text) {
    if (!is_hex_number(text))
        return ttlv::tag_from_camel(text);
    const auto code = text.size() == 8 ? number<std::uint32_t>(text.substr(2), 16) : std::nullopt;
    return code && ttlv::is_tag(*code) ? std::optional(Tag{*code}) : std::nullopt;
}

Result<ttlv::Value> value_from_text(Type type, Values values, std::string_view text) {
    if (type != Type::text)
        text = trimmed(text);
    switch (type) {
    case Type::structure:
        return bad_value("a structure has items, not a value");
    case Type::integer:
        return read_integer(values, text);
    case Type::long_integer:
        if (const auto value = integer<std::int64_t>(text))
            return *value;
        return bad_value("not a 64-bit integer");
    case Type::big_integer:
        return read_big_integer(text);
    case Type::enumeration:
        return read_enumeration(values, text);
    case Type::boolean:
        return read_boolean(text);
    case Type::text:
        if (!is_utf8(text))
            return bad_value("not UTF-8");
        return std::string(text);
    case Type::bytes:
        if (const auto bytes = from_hex(text))
            return ttlv::WipedBytes(*bytes);
        return bad_value("not hex digits of whole bytes");
    case Type::date_time: {
        VS_TRY(const auto instant, read_instant(text));
        return ttlv::DateTime{instant.second ? instant.first : floor_seconds(instant.first)};
    }
    case Type::interval:
        if (const auto value = integer<std::uint32_t>(text))
            return ttlv::Interval{*value};
        return bad_value("not a number of seconds");
    case Type::date_time_extended: {
        VS_TRY(const auto instant, read_instant(text));
        return ttlv::DateTimeExtended{instant.first};
    }
    }
    std::unreachable();
}

Result<ttlv::Value>
value_from_template(Type type, Values values, std::string_view text, const Reading& reading) {
    const auto reference = placeholder(text);
    if (!reference)
        return value_from_text(type, values, text);
    const auto filled = reading.placeholders.find(reference->name);
    if (filled != reading.placeholders.end()) {
        VS_TRY(ttlv::Value value, value_from_text(type, values, filled->second));
        return moved(std::move(value), reference->seconds);
    }
    if (type == Type::text)
        return value_from_text(type, values, text);
    const bool instant = type == Type::date_time || type == Type::date_time_extended;
    if (instant && reading.now && reference->name == "NOW") {
        VS_TRY(ttlv::Value value, value_from_text(type, values, to_text(*reading.now)));
        return moved(std::move(value), reference->seconds);
    }
    return fail(Errc::malformed,
                "form.placeholder",
                "nothing is given for the placeholder $" + std::string(reference->name));
}

std::string digits_of(const ttlv::BigInteger& value) {
    return to_hex(value.bytes.view());
}

std::string date_text(ttlv::DateTime value) {
    constexpr std::int64_t widest = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    const bool sayable = value.seconds > -widest && value.seconds < widest;
    const auto text = sayable ? instant_to_text(value.seconds * 1'000'000, false) : std::nullopt;
    return text ? *text : hex_number(static_cast<std::uint64_t>(value.seconds), 16);
}

std::string date_text(ttlv::DateTimeExtended value) {
    const auto text = instant_to_text(value.microseconds, true);
    return text ? *text : hex_number(static_cast<std::uint64_t>(value.microseconds), 16);
}

Result<Buffer> from_hex_text(std::string_view text) {
    std::string digits;
    digits.reserve(text.size());
    for (const char c : text)
        if (!white_space.contains(c))
            digits += c;
    auto bytes = from_hex(digits);
    if (!bytes)
        return fail(Errc::malformed, "form.hex", "not hex digits of whole bytes");
    return bytes;
}

} // namespace vouchsafe::kmipforms
