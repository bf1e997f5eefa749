#include "kmip/objects.h"

#include "kmip/failure.h"
#include "kmip/shapes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

/// The bytes of a raw key, or of a transparent symmetric key.
const ttlv::WipedBytes* material_bytes(const Item& material) {
    if (const auto* const raw = material.as<ttlv::WipedBytes>())
        return raw;
    return find_value<ttlv::WipedBytes>(material, Tag::key);
}

Item symmetric_key_type() {
    return ttlv::enumeration(Tag::object_type, std::to_underlying(ObjectType::symmetric_key));
}

} // namespace

RequestItem create(ProtocolVersion version, const NewKey& key) {
    Structure wanted;
    wanted.push_back(ttlv::enumeration(Tag::cryptographic_algorithm, std::to_underlying(Algorithm::aes)));
    wanted.push_back(ttlv::integer(Tag::cryptographic_length, key.length));
    wanted.push_back(ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(key.usage_mask)));
    if (!key.name.empty())
        wanted.push_back(name_value(key.name));
    return {.operation = Operation::create,
            .payload = {symmetric_key_type(), attributes_of_object(version, std::move(wanted))}};
}

Result<KeyId> read_create(const Item& payload) {
    return new_object(payload, Operation::create);
}

RequestItem register_key(ProtocolVersion version, const RegisteredKey& key) {
    Structure wanted;
    wanted.push_back(ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(key.usage_mask)));
    if (!key.name.empty())
        wanted.push_back(name_value(key.name));
    const auto bits = static_cast<std::int32_t>(key.material.size() * 8);
    Item value = ttlv::structure(Tag::key_value, {key.material.expose([](Bytes bytes) {
                                     return ttlv::byte_string(Tag::key_material, bytes);
                                 })});
    Item block =
        ttlv::structure(Tag::key_block,
                        {ttlv::enumeration(Tag::key_format_type, std::to_underlying(KeyFormat::raw)),
                         std::move(value),
                         ttlv::enumeration(Tag::cryptographic_algorithm, std::to_underlying(Algorithm::aes)),
                         ttlv::integer(Tag::cryptographic_length, bits)});
    return {.operation = Operation::register_object,
            .payload = {symmetric_key_type(),
                        attributes_of_object(version, std::move(wanted)),
                        ttlv::structure(Tag::symmetric_key, {std::move(block)})}};
}

Result<KeyId> read_register(const Item& payload) {
    return new_object(payload, Operation::register_object);
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

RequestItem locate_by_name(ProtocolVersion version, std::string_view name, Page page) {
    RequestItem out{.operation = Operation::locate,
                    .payload = {ttlv::integer(Tag::maximum_items, page.most)}};
    if (page.skip != 0)
        out.payload.push_back(ttlv::integer(Tag::offset_items, page.skip));
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

RequestItem rekey(const KeyId& id) {
    return about(Operation::rekey, id);
}

Result<KeyId> read_rekey(const Item& payload, const KeyId& old) {
    VS_TRY(KeyId made, new_object(payload, Operation::rekey));
    if (made == old)
        return wrong_shape("Re-key gave the old key");
    return made;
}

RequestItem check(const KeyId& id, std::uint32_t usage_mask) {
    RequestItem out = about(Operation::check, id);
    out.payload.push_back(
        ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(usage_mask)));
    return out;
}

Result<void> read_check(const Item& payload, const KeyId& asked) {
    VS_TRY_VOID(same_object(payload, asked));
    if (payload.find(Tag::cryptographic_usage_mask) != nullptr)
        return std::unexpected(
            failure(FailureClass::final, "the key server's policy does not allow that use of the key"));
    return {};
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
