#include "kmip/operations.h"

#include "kmip/failure.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

constexpr ProtocolVersion version_2{2, 0};
constexpr std::uint32_t uninterpreted_text = 1; // Name Type

/// The server said success, and what it sent is not what the operation gives.
std::unexpected<Error> wrong_shape(std::string_view what) {
    return std::unexpected(failure(FailureClass::protocol, what));
}

template <class T> const T* find_value(const Item& in, Tag tag) {
    const Item* const found = in.find(tag);
    return found != nullptr ? found->as<T>() : nullptr;
}

Item identifier(const KeyId& id) {
    return ttlv::text(Tag::unique_identifier, id.text);
}

/// A missing identifier is forgiven, another one never: it would be another object.
Result<void> same_object(const Item& payload, const KeyId& asked) {
    const Item* const id = payload.find(Tag::unique_identifier);
    if (id == nullptr)
        return {};
    const auto* const text = id->as<std::string>();
    if (text == nullptr || *text != asked.text)
        return wrong_shape("the answer is about another object");
    return {};
}

RequestItem about(Operation operation, const KeyId& id) {
    return {.operation = operation, .payload = {identifier(id)}};
}

Item attribute_1x(std::string_view name, Item value) {
    value.tag = Tag::attribute_value;
    return ttlv::structure(Tag::attribute, {ttlv::text(Tag::attribute_name, name), std::move(value)});
}

Item name_value(std::string_view name) {
    return ttlv::structure(
        Tag::name,
        {ttlv::text(Tag::name_value, name), ttlv::enumeration(Tag::name_type, uninterpreted_text)});
}

/// The attributes in the shape of the version: typed tags in 2.x, named values in 1.x.
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

/// The bytes of a raw key, or of a transparent symmetric key.
const ttlv::WipedBytes* material_bytes(const Item& material) {
    if (const auto* const raw = material.as<ttlv::WipedBytes>())
        return raw;
    return find_value<ttlv::WipedBytes>(material, Tag::key);
}

} // namespace

RequestItem discover_versions(std::span<const ProtocolVersion> offered) {
    RequestItem out{.operation = Operation::discover_versions, .payload = {}};
    for (const ProtocolVersion version : offered)
        out.payload.push_back(ttlv::structure(Tag::protocol_version,
                                              {ttlv::integer(Tag::protocol_version_major, version.major),
                                               ttlv::integer(Tag::protocol_version_minor, version.minor)}));
    return out;
}

Result<ServerVersions> read_discover_versions(const Item& payload) {
    ServerVersions out;
    for (const Item& item : *payload.as<Structure>()) {
        if (item.tag != Tag::protocol_version)
            continue;
        const auto* const major = find_value<std::int32_t>(item, Tag::protocol_version_major);
        const auto* const minor = find_value<std::int32_t>(item, Tag::protocol_version_minor);
        if (major == nullptr || minor == nullptr)
            return wrong_shape("Discover Versions gave no version numbers");
        out.push_back({*major, *minor});
    }
    return out;
}

RequestItem query() {
    const auto function = [](QueryFunction value) {
        return ttlv::enumeration(Tag::query_function, std::to_underlying(value));
    };
    return {.operation = Operation::query,
            .payload = {function(QueryFunction::operations), function(QueryFunction::server_information)}};
}

Result<ServerFacts> read_query(const Item& payload) {
    ServerFacts out;
    for (const Item& item : *payload.as<Structure>()) {
        const auto* const number = item.as<ttlv::Enumeration>();
        if (item.tag == Tag::operation && number != nullptr)
            out.operations.insert(number->value);
    }
    if (const auto* const vendor = find_value<std::string>(payload, Tag::vendor_identification))
        out.vendor = *vendor;
    return out;
}

RequestItem create(ProtocolVersion version, const NewKey& key) {
    Structure wanted;
    wanted.push_back(ttlv::enumeration(Tag::cryptographic_algorithm, std::to_underlying(Algorithm::aes)));
    wanted.push_back(ttlv::integer(Tag::cryptographic_length, key.length));
    wanted.push_back(ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(key.usage_mask)));
    if (!key.name.empty())
        wanted.push_back(name_value(key.name));
    return {.operation = Operation::create,
            .payload = {
                ttlv::enumeration(Tag::object_type, std::to_underlying(ObjectType::symmetric_key)),
                ttlv::structure(version >= version_2 ? Tag::attributes : Tag::template_attribute,
                                attribute_list(version, std::move(wanted))),
            }};
}

Result<KeyId> read_create(const Item& payload) {
    const auto* const id = find_value<std::string>(payload, Tag::unique_identifier);
    if (id == nullptr || id->empty())
        return wrong_shape("Create gave no identifier");
    return KeyId{*id};
}

RequestItem get(const KeyId& id) {
    return about(Operation::get, id);
}

Result<SymmetricKey> read_get(const Item& payload, const KeyId& asked) {
    VS_TRY_VOID(same_object(payload, asked));
    const Item* const key = payload.find(Tag::symmetric_key);
    const Item* const block = key != nullptr ? key->find(Tag::key_block) : nullptr;
    if (block == nullptr)
        return wrong_shape("Get gave no symmetric key");
    if (block->find(Tag::key_wrapping_data) != nullptr)
        return wrong_shape("Get gave a wrapped key, which was not asked for");
    const Item* const value = block->find(Tag::key_value);
    const Item* const material = value != nullptr ? value->find(Tag::key_material) : nullptr;
    const ttlv::WipedBytes* const bytes = material != nullptr ? material_bytes(*material) : nullptr;
    if (bytes == nullptr)
        return wrong_shape("Get gave no key material");
    SymmetricKey out{.algorithm = {}, .length = {}, .material = Secret(bytes->view())};
    if (const auto* const algorithm = find_value<ttlv::Enumeration>(*block, Tag::cryptographic_algorithm))
        out.algorithm = Algorithm{algorithm->value};
    if (const auto* const length = find_value<std::int32_t>(*block, Tag::cryptographic_length))
        out.length = *length;
    return out;
}

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

RequestItem locate_by_name(ProtocolVersion version, std::string_view name, std::int32_t most) {
    RequestItem out{.operation = Operation::locate, .payload = {ttlv::integer(Tag::maximum_items, most)}};
    Structure wanted = attribute_list(version, {name_value(name)});
    if (version >= version_2)
        out.payload.push_back(ttlv::structure(Tag::attributes, std::move(wanted)));
    else
        std::ranges::move(wanted, std::back_inserter(out.payload));
    return out;
}

Result<std::vector<KeyId>> read_locate(const Item& payload) {
    std::vector<KeyId> out;
    for (const Item& item : *payload.as<Structure>())
        if (const auto* const id = item.as<std::string>();
            id != nullptr && item.tag == Tag::unique_identifier)
            out.push_back(KeyId{*id});
    return out;
}

RequestItem activate(const KeyId& id) {
    return about(Operation::activate, id);
}

RequestItem revoke(const KeyId& id, RevocationReason reason) {
    RequestItem out = about(Operation::revoke, id);
    out.payload.push_back(
        ttlv::structure(Tag::revocation_reason,
                        {ttlv::enumeration(Tag::revocation_reason_code, std::to_underlying(reason))}));
    return out;
}

RequestItem destroy(const KeyId& id) {
    return about(Operation::destroy, id);
}

Result<void> read_identifier(const Item& payload, const KeyId& asked) {
    return same_object(payload, asked);
}

} // namespace vouchsafe::kmip
