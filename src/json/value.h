// JSON as values: strict in (parse.h), one encoding out (write.h), read member by member (members.h).
//
// Numbers are 64-bit integers only; texts are UTF-8; a member name occurs once. What is not promised: the
// order of members, and floating-point numbers. Secrets never go into a Value: its memory is not wiped.
#pragma once

#include "base/result.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vouchsafe::json {

class Value;
using Array = std::vector<Value>;
using Object = std::map<std::string, Value, std::less<>>; ///< byte order of names: the canonical order

class Value {
public:
    Value() = default;

    // Implicit on purpose: json::object({{"version", 1}, {"name", "x"}}) is how documents are written.
    // NOLINTBEGIN(google-explicit-constructor,hicpp-explicit-conversions)
    Value(std::nullptr_t) {}

    Value(std::same_as<bool> auto value) : value_(value) {}

    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    Value(Integer value) : value_(static_cast<std::int64_t>(value)) {
        VS_CHECK(std::in_range<std::int64_t>(value));
    }

    Value(const char* text) : value_(std::string(text)) {}

    Value(std::string_view text) : value_(std::string(text)) {}

    Value(std::string text) : value_(std::move(text)) {}

    Value(Array items) : value_(std::move(items)) {}

    Value(Object members) : value_(std::move(members)) {}

    /// Null when absent.
    template <class T> Value(const std::optional<T>& value) {
        if (value)
            *this = Value(*value);
    }

    // NOLINTEND(google-explicit-constructor,hicpp-explicit-conversions)

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

    bool is_bool() const { return std::holds_alternative<bool>(value_); }

    bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }

    bool is_string() const { return std::holds_alternative<std::string>(value_); }

    bool is_array() const { return std::holds_alternative<Array>(value_); }

    bool is_object() const { return std::holds_alternative<Object>(value_); }

    // The content; ends the process when the kind is another, so for values of our own making only.
    // Documents from outside are read through Members.
    bool as_bool() const;
    std::int64_t as_integer() const;
    const std::string& as_string() const;
    const Array& as_array() const;
    const Object& as_object() const;
    Array& as_array();
    Object& as_object();

    /// The member of that name; nullptr when there is none, or when this is no object.
    const Value* find(std::string_view name) const;

    friend bool operator==(const Value& a, const Value& b);

private:
    std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

/// The kind in words, for error texts ("an object").
std::string_view kind_name(const Value& value);

struct Field {
    std::string_view name;
    Value value;
};

/// object({{"a", 1}, {"b", "x"}}); a name given twice ends the process.
Value object(std::initializer_list<Field> fields);

/// array({1, "x"})
Value array(std::initializer_list<Value> items);

/// array_of(range, to_value): one item for each element of the range.
template <class Range, class ToValue> Value array_of(const Range& range, const ToValue& to_value) {
    Array items;
    for (const auto& element : range)
        items.emplace_back(to_value(element));
    return {std::move(items)};
}

/// array_of(range): for elements that are values by themselves (texts, integers).
template <class Range> Value array_of(const Range& range) {
    return array_of(range, [](const auto& element) { return Value(element); });
}

} // namespace vouchsafe::json
