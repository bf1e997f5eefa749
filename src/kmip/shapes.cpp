#include "kmip/shapes.h"

#include "kmip/failure.h"

#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

constexpr std::uint32_t uninterpreted_text = 1; // Name Type

} // namespace

std::unexpected<Error> wrong_shape(std::string_view what) {
    return std::unexpected(failure(FailureClass::protocol, what));
}

Item identifier(const KeyId& id) {
    return ttlv::text(Tag::unique_identifier, id.text);
}

Result<void> same_object(const Item& payload, const KeyId& asked) {
    const Item* const id = payload.find(Tag::unique_identifier);
    if (id == nullptr)
        return {};
    const auto* const text = id->as<std::string>();
    if (text == nullptr || *text != asked.text)
        return wrong_shape("the answer is about another object");
    return {};
}

Result<KeyId> new_object(const Item& payload, Operation operation) {
    const auto* const id = find_value<std::string>(payload, Tag::unique_identifier);
    if (id == nullptr || id->empty())
        return wrong_shape(to_string(operation) + " gave no identifier");
    return KeyId{*id};
}

RequestItem about(Operation operation, const KeyId& id) {
    return {.operation = operation, .payload = {identifier(id)}};
}

Item name_value(std::string_view name) {
    return ttlv::structure(
        Tag::name,
        {ttlv::text(Tag::name_value, name), ttlv::enumeration(Tag::name_type, uninterpreted_text)});
}

Item attribute_1x(std::string_view name, Item value) {
    value.tag = Tag::attribute_value;
    return ttlv::structure(Tag::attribute, {ttlv::text(Tag::attribute_name, name), std::move(value)});
}

Structure attribute_list(ProtocolVersion version, Structure typed) {
    if (version >= version_2)
        return typed;
    Structure named;
    for (Item& item : typed) {
        const std::string_view name = ttlv::name(item.tag);
        named.push_back(attribute_1x(name, std::move(item)));
    }
    return named;
}

Item attributes_of_object(ProtocolVersion version, Structure typed) {
    return ttlv::structure(version >= version_2 ? Tag::attributes : Tag::template_attribute,
                           attribute_list(version, std::move(typed)));
}

} // namespace vouchsafe::kmip
