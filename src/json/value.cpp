#include "json/value.h"

namespace vouchsafe::json {

bool Value::as_bool() const {
    VS_CHECK(is_bool());
    return std::get<bool>(value_);
}

std::int64_t Value::as_integer() const {
    VS_CHECK(is_integer());
    return std::get<std::int64_t>(value_);
}

const std::string& Value::as_string() const {
    VS_CHECK(is_string());
    return std::get<std::string>(value_);
}

const Array& Value::as_array() const {
    VS_CHECK(is_array());
    return std::get<Array>(value_);
}

const Object& Value::as_object() const {
    VS_CHECK(is_object());
    return std::get<Object>(value_);
}

Array& Value::as_array() {
    VS_CHECK(is_array());
    return std::get<Array>(value_);
}

Object& Value::as_object() {
    VS_CHECK(is_object());
    return std::get<Object>(value_);
}

const Value* Value::find(std::string_view name) const {
    const auto* const members = std::get_if<Object>(&value_);
    if (members == nullptr)
        return nullptr;
    const auto found = members->find(name);
    return found == members->end() ? nullptr : &found->second;
}

bool operator==(const Value& a, const Value& b) {
    return a.value_ == b.value_;
}

std::string_view kind_name(const Value& value) {
    if (value.is_null())
        return "null";
    if (value.is_bool())
        return "a boolean";
    if (value.is_integer())
        return "an integer";
    if (value.is_string())
        return "a string";
    return value.is_array() ? "an array" : "an object";
}

Value object(std::initializer_list<Field> fields) {
    Object members;
    for (const Field& field : fields)
        VS_CHECK(members.emplace(field.name, field.value).second);
    return {std::move(members)};
}

Value array(std::initializer_list<Value> items) {
    return {Array(items)};
}

} // namespace vouchsafe::json
