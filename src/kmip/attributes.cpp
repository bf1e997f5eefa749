#include "kmip/attributes.h"

#include "kmip/shapes.h"
#include "ttlv/values.h"

#include <array>
#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

/// What we ask Get Attributes for; the names of the tags are the names of the attributes.
constexpr std::array judged_attributes = {
    Tag::state,
    Tag::object_type,
    Tag::cryptographic_algorithm,
    Tag::cryptographic_length,
    Tag::cryptographic_usage_mask,
    Tag::activation_date,
    Tag::process_start_date,
    Tag::protect_stop_date,
    Tag::deactivation_date,
    Tag::compromise_date,
};

template <class Out> void take_enumeration(std::optional<Out>& out, const Item& value) {
    if (const auto* const number = value.as<ttlv::Enumeration>())
        out = Out{number->value};
}

void take_date(std::optional<std::int64_t>& out, const Item& value) {
    if (const auto* const date = value.as<ttlv::DateTime>())
        out = date->seconds;
}

void take_attribute(Attributes& out, Tag tag, const Item& value) {
    const auto* const integer = value.as<std::int32_t>();
    if (tag == Tag::state)
        take_enumeration(out.state, value);
    else if (tag == Tag::object_type)
        take_enumeration(out.object_type, value);
    else if (tag == Tag::cryptographic_algorithm)
        take_enumeration(out.algorithm, value);
    else if (tag == Tag::cryptographic_length && integer != nullptr)
        out.length = *integer;
    else if (tag == Tag::cryptographic_usage_mask && integer != nullptr)
        out.usage_mask = static_cast<std::uint32_t>(*integer);
    else if (tag == Tag::activation_date)
        take_date(out.activation, value);
    else if (tag == Tag::process_start_date)
        take_date(out.process_start, value);
    else if (tag == Tag::protect_stop_date)
        take_date(out.protect_stop, value);
    else if (tag == Tag::deactivation_date)
        take_date(out.deactivation, value);
    else if (tag == Tag::compromise_date)
        take_date(out.compromise, value);
}

void take_named_attribute(Attributes& out, const Item& attribute) {
    const auto* const name = find_value<std::string>(attribute, Tag::attribute_name);
    const Item* const value = attribute.find(Tag::attribute_value);
    if (name == nullptr || value == nullptr)
        return;
    for (const Tag tag : judged_attributes)
        if (ttlv::name(tag) == *name)
            take_attribute(out, tag, *value);
}

/// What one item of an attribute list names: text in 1.x; in 2.x a tag, or a vendor's name in a structure.
std::optional<std::string> listed_name(const Item& item) {
    if (item.tag == Tag::attribute_name)
        if (const auto* const text = item.as<std::string>())
            return *text;
    if (item.tag != Tag::attribute_reference)
        return std::nullopt;
    if (const auto* const tag = item.as<ttlv::Enumeration>()) {
        const std::string_view name = ttlv::name(Tag{tag->value});
        return name.empty() ? ttlv::value_to_camel(ttlv::Values::none, tag->value) : std::string(name);
    }
    const auto* const vendor = find_value<std::string>(item, Tag::vendor_identification);
    const auto* const name = find_value<std::string>(item, Tag::attribute_name);
    if (name == nullptr)
        return std::nullopt;
    return vendor != nullptr ? *vendor + "-" + *name : *name;
}

Item new_attribute(const VendorAttribute& attribute) {
    return ttlv::structure(Tag::new_attribute,
                           {ttlv::structure(Tag::attribute,
                                            {ttlv::text(Tag::vendor_identification, attribute.vendor),
                                             ttlv::text(Tag::attribute_name, attribute.name),
                                             ttlv::text(Tag::attribute_value, attribute.text)})});
}

} // namespace

RequestItem get_attributes(ProtocolVersion version, const KeyId& id) {
    RequestItem out = about(Operation::get_attributes, id);
    for (const Tag tag : judged_attributes)
        out.payload.push_back(version >= version_2
                                  ? ttlv::enumeration(Tag::attribute_reference, std::to_underlying(tag))
                                  : ttlv::text(Tag::attribute_name, ttlv::name(tag)));
    return out;
}

Result<Attributes> read_get_attributes(const Item& payload, const KeyId& asked) {
    VS_TRY_VOID(same_object(payload, asked));
    Attributes out;
    for (const Item& item : *payload.as<Structure>())
        if (item.tag == Tag::attribute)
            take_named_attribute(out, item);
    if (const auto* const typed = find_value<Structure>(payload, Tag::attributes))
        for (const Item& item : *typed)
            take_attribute(out, item.tag, item);
    return out;
}

RequestItem get_attribute_list(const KeyId& id) {
    return about(Operation::get_attribute_list, id);
}

Result<std::vector<std::string>> read_get_attribute_list(const Item& payload, const KeyId& asked) {
    VS_TRY_VOID(same_object(payload, asked));
    std::vector<std::string> out;
    for (const Item& item : *payload.as<Structure>())
        if (auto name = listed_name(item))
            out.push_back(*std::move(name));
    return out;
}

RequestItem add_attribute(ProtocolVersion version, const KeyId& id, const VendorAttribute& attribute) {
    RequestItem out = about(Operation::add_attribute, id);
    if (version >= version_2)
        out.payload.push_back(new_attribute(attribute));
    else
        out.payload.push_back(attribute_1x(attribute.vendor + "-" + attribute.name,
                                           ttlv::text(Tag::attribute_value, attribute.text)));
    return out;
}

RequestItem set_attribute(const KeyId& id, const VendorAttribute& attribute) {
    RequestItem out = about(Operation::set_attribute, id);
    out.payload.push_back(new_attribute(attribute));
    return out;
}

} // namespace vouchsafe::kmip
