#include "api/shape.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <algorithm>
#include <string>

namespace vouchsafe::api {

namespace {

constexpr std::size_t max_text = std::size_t{64} << 10U;
constexpr std::size_t max_binary = std::size_t{6} << 20U; // base64 of 4 MiB, and a little
constexpr std::size_t max_id = 255;

std::unexpected<Error> wrong(std::string_view where, std::string_view expected) {
    return fail(Errc::malformed, where, std::string(where) + ": expected " + std::string(expected));
}

// Neither ASCII's control characters nor Unicode's second block of them, which terminals obey too.
bool printable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        if (c < 0x20 || c == 0x7F || (c == 0xC2 && next >= 0x80 && next <= 0x9F))
            return false;
    }
    return true;
}

Result<void> check_text(const std::string& value, const Type& type, std::string_view where) {
    if (type.kind == Kind::binary) {
        if (value.size() > max_binary)
            return fail(Errc::too_large, where, std::string(where) + ": over 4 MiB");
        return from_base64(value) ? Result<void>{} : wrong(where, "base64");
    }
    if (value.size() > max_text)
        return fail(Errc::too_large, where, std::string(where) + ": over 64 KiB");
    if (type.kind == Kind::id && (value.empty() || value.size() > max_id || !printable(value)))
        return wrong(where, "an identifier of 1 to 255 printable characters");
    if (type.kind == Kind::time && !time_from_text(value))
        return wrong(where, "a time such as 2026-11-23T20:52:01Z");
    if (type.kind == Kind::word && std::ranges::find(type.words, value) == type.words.end()) {
        std::string words;
        for (const std::string_view choice : type.words)
            words += (words.empty() ? "" : ", ") + std::string(choice);
        return wrong(where, "one of " + words);
    }
    return {};
}

Result<void>
check_structure(const json::Object& members, const Structure& structure, std::string_view where) {
    const auto at = [where](std::string_view name) { return std::string(where) + "." + std::string(name); };
    for (const auto& [name, value] : members)
        if (std::ranges::find(structure.fields, std::string_view(name), &Field::name) ==
            structure.fields.end())
            return fail(Errc::malformed, at(name), at(name) + ": there is no such member");
    for (const Field& field : structure.fields) {
        const auto member = members.find(field.name);
        if (member == members.end() || member->second.is_null()) {
            if (field.need == Need::required)
                return fail(Errc::malformed, at(field.name), at(field.name) + ": is missing");
            continue;
        }
        VS_TRY_VOID(check_shape(member->second, field.type, at(field.name)));
    }
    return {};
}

} // namespace

Result<void> check_shape(const json::Value& value, const Type& type, std::string_view where) {
    switch (type.kind) {
    case Kind::none:
        return value.is_null() ? Result<void>{} : wrong(where, "nothing");
    case Kind::text:
    case Kind::id:
    case Kind::secret:
    case Kind::binary:
    case Kind::time:
    case Kind::word:
        if (!value.is_string())
            return wrong(where, "a string");
        return check_text(value.as_string(), type, where);
    case Kind::integer:
        return value.is_integer() ? Result<void>{} : wrong(where, "an integer");
    case Kind::boolean:
        return value.is_bool() ? Result<void>{} : wrong(where, "true or false");
    case Kind::document:
        return value.is_object() ? Result<void>{} : wrong(where, "an object");
    case Kind::structure:
        if (!value.is_object())
            return wrong(where, "an object");
        return check_structure(value.as_object(), *type.structure, where);
    case Kind::list:
        if (!value.is_array())
            return wrong(where, "an array");
        if (value.as_array().size() > max_list_items)
            return fail(Errc::too_large, where, std::string(where) + ": too many items");
        for (std::size_t i = 0; i < value.as_array().size(); ++i)
            VS_TRY_VOID(check_shape(
                value.as_array()[i], *type.element, std::string(where) + "[" + std::to_string(i) + "]"));
        return {};
    }
    std::unreachable();
}

} // namespace vouchsafe::api
