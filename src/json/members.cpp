#include "json/members.h"

#include <algorithm>
#include <type_traits>

namespace vouchsafe::json {

namespace {

// A sentence that names the member: what is read is often far from what a person typed.
std::unexpected<Error> says(std::string_view where, std::string_view what, Errc code = Errc::malformed) {
    return fail(code, where, std::string(where.empty() ? "the document" : where) + " " + std::string(what));
}

std::unexpected<Error> wrong(std::string_view where, std::string_view wanted, const Value& got) {
    return says(where, "must be " + std::string(wanted) + ", not " + std::string(kind_name(got)));
}

Result<bool> to_boolean(const Value& value, std::string_view where) {
    if (!value.is_bool())
        return wrong(where, "a boolean", value);
    return value.as_bool();
}

Result<const Array*> to_array(const Value& value, std::string_view where) {
    if (!value.is_array())
        return wrong(where, "an array", value);
    return &value.as_array();
}

Result<Members> to_members(const Value& value, std::string_view where) {
    if (!value.is_object())
        return wrong(where, "an object", value);
    return Members(value, std::string(where));
}

Result<const Value*> to_pointer(const Value& value, std::string_view) {
    return &value;
}

Result<std::vector<std::string>> to_strings(const Value& value, std::string_view where) {
    VS_TRY(const Array* const items, to_array(value, where));
    std::vector<std::string> out;
    out.reserve(items->size());
    for (const Value& item : *items) {
        VS_TRY(auto text, to_string(item, where));
        out.push_back(std::move(text));
    }
    return out;
}

/// A text that a decoder of base takes; its error is reported as this member's.
template <class Decode> auto decoded(const Value& value, std::string_view where, const Decode& decode) {
    using Decoded = std::invoke_result_t<const Decode&, std::string_view>;
    if (!value.is_string())
        return Decoded(wrong(where, "a string", value));
    Decoded out = decode(value.as_string());
    if (!out)
        return Decoded(says(where, "is refused by " + out.error().where));
    return out;
}

Result<Buffer> to_base64_bytes(const Value& value, std::string_view where) {
    return decoded(value, where, from_base64);
}

Result<Buffer> to_base64url_bytes(const Value& value, std::string_view where) {
    return decoded(value, where, from_base64url);
}

Result<Buffer> to_hex_bytes(const Value& value, std::string_view where) {
    return decoded(value, where, [](std::string_view text) -> Result<Buffer> {
        if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; }))
            return fail(Errc::malformed, "hex.case");
        return from_hex(text);
    });
}

Result<SysTime> to_time(const Value& value, std::string_view where) {
    return decoded(value, where, time_from_text);
}

/// An unknown member's name, where it is a plain short word: people who mistype an option want to see it.
std::string in_words(std::string_view name) {
    const bool plain = name.size() <= 32 && std::ranges::all_of(name, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
    return plain ? ": " + std::string(name) : std::string();
}

} // namespace

Result<std::string> to_string(const Value& value, std::string_view where) {
    if (!value.is_string())
        return wrong(where, "a string", value);
    return value.as_string();
}

Result<std::int64_t> to_integer(const Value& value, std::string_view where, IntegerRange range) {
    if (!value.is_integer())
        return wrong(where, "an integer", value);
    const std::int64_t number = value.as_integer();
    if (number < range.least || number > range.most)
        return says(where,
                    "must be from " + std::to_string(range.least) + " to " + std::to_string(range.most));
    return number;
}

Members::Members(const Value& value, std::string where)
    : members_(value.is_object() ? &value.as_object() : nullptr), where_(std::move(where)) {}

std::string Members::at(std::string_view name) const {
    return where_.empty() ? std::string(name) : where_ + "." + std::string(name);
}

bool Members::has(std::string_view name) const {
    if (members_ == nullptr)
        return false;
    const auto found = members_->find(name);
    return found != members_->end() && !found->second.is_null();
}

const Value* Members::find(std::string_view name) {
    const auto found = members_->find(name);
    if (found == members_->end())
        return nullptr;
    read_.emplace(name);
    return found->second.is_null() ? nullptr : &found->second;
}

namespace {

/// Where the member stands is put together only for an error.
template <class Read, class At> auto read_member(const Value& value, const Read& read, const At& at) {
    auto out = read(value, {});
    return out ? std::move(out) : read(value, at());
}

} // namespace

template <class Read> auto Members::required(std::string_view name, const Read& read) {
    using Out = std::invoke_result_t<const Read&, const Value&, std::string_view>;
    if (members_ == nullptr)
        return Out(says(where_, "must be an object"));
    const Value* const value = find(name);
    if (value == nullptr)
        return Out(says(at(name), "is missing"));
    return read_member(*value, read, [&] { return at(name); });
}

template <class Read> auto Members::optional(std::string_view name, const Read& read) {
    using Content = std::invoke_result_t<const Read&, const Value&, std::string_view>::value_type;
    // Pointers say absence by themselves.
    using Maybe = std::conditional_t<std::is_pointer_v<Content>, Content, std::optional<Content>>;
    using Out = Result<Maybe>;
    if (members_ == nullptr)
        return Out(says(where_, "must be an object"));
    const Value* const value = find(name);
    if (value == nullptr)
        return Out(Maybe{});
    auto content = read_member(*value, read, [&] { return at(name); });
    if (!content)
        return Out(std::unexpected(std::move(content).error()));
    return Out(Maybe(*std::move(content)));
}

Result<std::string> Members::string(std::string_view name) {
    return required(name, to_string);
}

Result<std::int64_t> Members::integer(std::string_view name, IntegerRange range) {
    return required(name, [range](const Value& value, std::string_view where) {
        return to_integer(value, where, range);
    });
}

Result<bool> Members::boolean(std::string_view name) {
    return required(name, to_boolean);
}

Result<const Array*> Members::array(std::string_view name) {
    return required(name, to_array);
}

Result<Members> Members::object(std::string_view name) {
    return required(name, [&](const Value& value, std::string_view) { return to_members(value, at(name)); });
}

Result<const Value*> Members::value(std::string_view name) {
    return required(name, to_pointer);
}

Result<Buffer> Members::base64(std::string_view name) {
    return required(name, to_base64_bytes);
}

Result<Buffer> Members::base64url(std::string_view name) {
    return required(name, to_base64url_bytes);
}

Result<Buffer> Members::hex(std::string_view name) {
    return required(name, to_hex_bytes);
}

Result<SysTime> Members::time(std::string_view name) {
    return required(name, to_time);
}

Result<std::vector<std::string>> Members::strings(std::string_view name) {
    return required(name, to_strings);
}

Result<std::optional<std::string>> Members::optional_string(std::string_view name) {
    return optional(name, to_string);
}

Result<std::optional<std::int64_t>> Members::optional_integer(std::string_view name, IntegerRange range) {
    return optional(name, [range](const Value& value, std::string_view where) {
        return to_integer(value, where, range);
    });
}

Result<std::optional<bool>> Members::optional_boolean(std::string_view name) {
    return optional(name, to_boolean);
}

Result<const Array*> Members::optional_array(std::string_view name) {
    return optional(name, to_array);
}

Result<std::optional<Members>> Members::optional_object(std::string_view name) {
    return optional(name, [&](const Value& value, std::string_view) { return to_members(value, at(name)); });
}

Result<const Value*> Members::optional_value(std::string_view name) {
    return optional(name, to_pointer);
}

Result<std::optional<Buffer>> Members::optional_base64(std::string_view name) {
    return optional(name, to_base64_bytes);
}

Result<std::optional<Buffer>> Members::optional_base64url(std::string_view name) {
    return optional(name, to_base64url_bytes);
}

Result<std::optional<Buffer>> Members::optional_hex(std::string_view name) {
    return optional(name, to_hex_bytes);
}

Result<std::optional<SysTime>> Members::optional_time(std::string_view name) {
    return optional(name, to_time);
}

Result<std::optional<std::vector<std::string>>> Members::optional_strings(std::string_view name) {
    return optional(name, to_strings);
}

Result<void> Members::version(std::int64_t expected, std::string_view name) {
    VS_TRY(const std::int64_t found, integer(name));
    if (found != expected)
        return says(
            at(name), "must be " + std::to_string(expected) + ": no other is known here", Errc::unsupported);
    return {};
}

Result<void> Members::finish() const {
    if (members_ == nullptr)
        return says(where_, "must be an object");
    for (const auto& [name, value] : *members_)
        if (!read_.contains(name))
            return says(where_, "has a member that is not known here" + in_words(name));
    return {};
}

} // namespace vouchsafe::json
