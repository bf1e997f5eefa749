#include "json/parse.h"
#include "json/value.h"
#include "json/write.h"
#include "kmipforms/forms.h"
#include "kmipforms/value_text.h"
#include "ttlv/values.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::kmipforms {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;
using ttlv::Type;

namespace {

/// Where an item is, for people: RequestMessage/BatchItem/UniqueIdentifier.
class Path {
public:
    Path(const Path* parent, Tag tag) : parent_(parent), tag_(tag) {}

    std::string text() const { return (parent_ != nullptr ? parent_->text() + "/" : "") + tag_text(tag_); }

private:
    const Path* parent_;
    Tag tag_;
};

std::unexpected<Error> at(const Path& path, Error error) {
    error.detail += ", at " + path.text();
    return std::unexpected(std::move(error));
}

class Builder {
public:
    explicit Builder(const Reading& reading) : reading_(reading) {}

    Result<Item>
    item(const json::Value& form, const Path* parent, std::span<const Item> siblings, unsigned depth) {
        if (++items_ > reading_.limits.items)
            return fail(Errc::too_large, "form.limit", "too many items");
        const auto tag = tag_of(form);
        if (!tag)
            return parent != nullptr ? at(*parent, tag.error()) : std::unexpected(tag.error());
        const Path path(parent, *tag);
        if (const auto known = only_known_members(form); !known)
            return at(path, known.error());
        const auto type = type_of(form);
        if (!type)
            return at(path, type.error());
        const json::Value* const value = form.find("value");
        if (value == nullptr)
            return at(path, {Errc::malformed, "form.value", "an item without a value"});
        if (*type == Type::structure)
            return structure(*tag, *value, path, depth + 1);
        auto read = leaf(*type, ttlv::values_of(*tag, siblings), *value);
        if (!read)
            return at(path, read.error());
        return Item{*tag, *std::move(read)};
    }

private:
    static Result<Tag> tag_of(const json::Value& form) {
        const json::Value* const text = form.find("tag");
        if (text == nullptr || !text->is_string())
            return fail(Errc::malformed, "form.tag", "an item without a tag");
        const auto tag = tag_from_text(text->as_string());
        if (!tag)
            return fail(Errc::malformed, "form.tag", "no tag of KMIP");
        return *tag;
    }

    static Result<void> only_known_members(const json::Value& form) {
        for (const auto& [name, value] : form.as_object())
            if (name != "tag" && name != "type" && name != "value" && name != "name")
                return fail(Errc::malformed, "form.member", "a member other than tag, name, type, value");
        return {};
    }

    static Result<Type> type_of(const json::Value& form) {
        const json::Value* const text = form.find("type");
        if (text == nullptr)
            return Type::structure;
        const auto type = text->is_string() ? type_from_name(text->as_string()) : std::nullopt;
        if (!type)
            return fail(Errc::malformed, "form.type", "no type of TTLV");
        return *type;
    }

    Result<Item> structure(Tag tag, const json::Value& value, const Path& path, unsigned depth) {
        if (depth > reading_.limits.depth)
            return at(path, {Errc::too_large, "form.limit", "structures nested too deep"});
        if (!value.is_array())
            return at(path, {Errc::malformed, "form.value", "a structure's value is a list of items"});
        Structure items;
        for (const json::Value& child : value.as_array()) {
            VS_TRY(Item read, item(child, &path, items, depth));
            items.push_back(std::move(read));
        }
        return Item{tag, std::move(items)};
    }

    Result<ttlv::Value> leaf(Type type, ttlv::Values values, const json::Value& value) const {
        const bool counts = type == Type::integer || type == Type::long_integer ||
                            type == Type::enumeration || type == Type::interval;
        if (value.is_string())
            return value_from_template(type, values, value.as_string(), reading_);
        if (value.is_bool() && type == Type::boolean)
            return value.as_bool();
        if (value.is_integer() && counts)
            return value_from_text(type, values, std::to_string(value.as_integer()));
        if (value.is_integer() && type == Type::big_integer)
            return value_from_text(
                type, values, hex_number(static_cast<std::uint64_t>(value.as_integer()), 16));
        return fail(Errc::malformed, "form.value", "a value of another kind than the type has");
    }

    const Reading& reading_;
    std::size_t items_ = 0;
};

struct ValueJson {
    ttlv::Values values;

    json::Value operator()(const Structure& items) const;

    json::Value operator()(std::int32_t value) const {
        if (ttlv::is_mask(values) && value != 0)
            return ttlv::mask_to_text(values, static_cast<std::uint32_t>(value), '|');
        return value;
    }

    // Numbers of JSON are of 53 bits for many readers.
    json::Value operator()(std::int64_t value) const {
        return hex_number(static_cast<std::uint64_t>(value), 16);
    }

    json::Value operator()(const ttlv::BigInteger& value) const { return "0x" + digits_of(value); }

    json::Value operator()(ttlv::Enumeration value) const {
        return ttlv::value_to_camel(values, value.value);
    }

    json::Value operator()(bool value) const { return value; }

    json::Value operator()(const std::string& value) const { return value; }

    json::Value operator()(const ttlv::WipedBytes& value) const { return to_hex(value.view()); }

    json::Value operator()(ttlv::DateTime value) const { return date_text(value); }

    json::Value operator()(ttlv::Interval value) const { return value.seconds; }

    json::Value operator()(ttlv::DateTimeExtended value) const { return date_text(value); }

    json::Value operator()(const ttlv::WipedText& value) const { return as_text(value.bytes.view()); }
};

/// `before`: the items of the same structure that a reader will have read.
json::Value form_of(const Item& item, std::span<const Item> before) {
    json::Object form{{"tag", tag_text(item.tag)},
                      {"value", std::visit(ValueJson{ttlv::values_of(item.tag, before)}, item.value)}};
    if (item.type() != Type::structure)
        form.emplace("type", type_name(item.type()));
    return form;
}

json::Value ValueJson::operator()(const Structure& items) const {
    json::Array forms;
    for (std::size_t i = 0; i < items.size(); ++i)
        forms.push_back(form_of(items[i], std::span(items).first(i)));
    return forms;
}

} // namespace

Result<Item> from_json(std::string_view text, const Reading& reading) {
    // An item is an object of at most four members; a structure's is an array besides.
    const json::Limits limits{.bytes = 8 * reading.limits.bytes,
                              .depth = 2 * std::size_t{reading.limits.depth} + 2,
                              .items = 6 * reading.limits.items};
    VS_TRY(const json::Value form, json::parse(text, limits));
    VS_TRY(Item item, Builder(reading).item(form, nullptr, {}, 0));
    if (ttlv::encoded_size(item) > reading.limits.bytes)
        return fail(Errc::too_large, "form.limit", "the message is over the size limit");
    return item;
}

json::Value to_json_value(const Item& item) {
    return form_of(item, {});
}

std::string to_json(const Item& item) {
    return json::pretty(to_json_value(item));
}

} // namespace vouchsafe::kmipforms
