#include "tests/support/kmip_store.h"

#include "crypto/aead.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::test {

namespace {

using kmip::Operation;
using kmip::ProtocolVersion;
using kmip::ResultReason;
using kmip::State;
using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

/// What an operation on one key works with.
struct Call {
    const std::string& id;
    StoredKey& key;
    const Item& payload;
    ProtocolVersion version;
    KmipFault fault;
};

KmipAnswer refused(ResultReason reason) {
    return {.refused = reason};
}

/// The value of a Name attribute anywhere below.
const std::string* name_below(const Item& item) {
    if (const auto* const value = text_in(item, Tag::name_value))
        return value;
    const auto* const items = item.as<Structure>();
    if (items == nullptr)
        return nullptr;
    for (const Item& below : *items)
        if (const auto* const value = name_below(below))
            return value;
    return nullptr;
}

std::int32_t integer_in(const Item& item, Tag tag, std::int32_t otherwise) {
    const Item* const found = item.find(tag);
    const auto* const value = found != nullptr ? found->as<std::int32_t>() : nullptr;
    return value != nullptr ? *value : otherwise;
}

Bytes bytes_in(const Item& item, Tag tag) {
    const Item* const found = item.find(tag);
    const auto* const value = found != nullptr ? found->as<ttlv::WipedBytes>() : nullptr;
    return value != nullptr ? value->view() : Bytes{};
}

Item identifier_of(const Call& call) {
    return ttlv::text(Tag::unique_identifier, call.fault == KmipFault::other_object ? "other" : call.id);
}

KmipAnswer done(const Call& call) {
    return {.payload = {identifier_of(call)}};
}

KmipAnswer add(KmipStore& store, const Item& payload, ProtocolVersion version, Buffer material) {
    if (payload.find(version.major >= 2 ? Tag::attributes : Tag::template_attribute) == nullptr)
        return refused(ResultReason::invalid_message);
    const std::string id = std::to_string(++store.created);
    const auto* const name = name_below(payload);
    if (material.empty())
        material = Buffer(32, static_cast<std::uint8_t>(store.created));
    const auto bits = static_cast<std::int32_t>(material.size() * 8);
    store.keys[id] = {.material = std::move(material),
                      .state = State::pre_active,
                      .length = bits,
                      .name = name != nullptr ? *name : std::string()};
    return {
        .payload = {ttlv::enumeration(Tag::object_type, std::to_underlying(kmip::ObjectType::symmetric_key)),
                    ttlv::text(Tag::unique_identifier, id)}};
}

KmipAnswer register_object(KmipStore& store, const Item& payload, ProtocolVersion version) {
    const Item* at = &payload;
    for (const Tag tag : {Tag::symmetric_key, Tag::key_block, Tag::key_value})
        if (at = at->find(tag); at == nullptr)
            return refused(ResultReason::invalid_message);
    return add(store, payload, version, to_buffer(bytes_in(*at, Tag::key_material)));
}

KmipAnswer get(const Call& call) {
    const bool transparent = call.fault == KmipFault::transparent_key;
    Buffer bytes = call.key.material;
    if (call.fault == KmipFault::other_value)
        bytes.front() ^= 1U;
    Item material = ttlv::byte_string(Tag::key_material, bytes);
    if (transparent)
        material = ttlv::structure(Tag::key_material, {ttlv::byte_string(Tag::key, bytes)});
    Structure block = {ttlv::enumeration(Tag::key_format_type, transparent ? 7 : 1),
                       ttlv::structure(Tag::key_value, {std::move(material)}),
                       ttlv::enumeration(Tag::cryptographic_algorithm, 3),
                       ttlv::integer(Tag::cryptographic_length, call.key.length)};
    if (call.fault == KmipFault::wrapped_key)
        block.push_back(ttlv::structure(Tag::key_wrapping_data, {}));
    return {.payload = {
                ttlv::enumeration(Tag::object_type, std::to_underlying(call.key.type)),
                identifier_of(call),
                ttlv::structure(Tag::symmetric_key, {ttlv::structure(Tag::key_block, std::move(block))})}};
}

KmipAnswer get_attributes(const Call& call) {
    Structure typed = {
        ttlv::enumeration(Tag::object_type, std::to_underlying(call.key.type)),
        ttlv::enumeration(Tag::cryptographic_algorithm, 3),
        ttlv::integer(Tag::cryptographic_length, call.key.length),
        ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(call.key.usage_mask)),
        ttlv::date_time(Tag::activation_date, 1'700'000'000)};
    for (const auto& [tag, seconds] : call.key.dates)
        typed.push_back(ttlv::date_time(tag, seconds));
    if (call.fault != KmipFault::missing_attributes)
        typed.push_back(ttlv::enumeration(Tag::state, std::to_underlying(call.key.state)));
    KmipAnswer answer = done(call);
    if (call.version.major >= 2) {
        answer.payload.push_back(ttlv::structure(Tag::attributes, std::move(typed)));
        return answer;
    }
    for (Item& item : typed) {
        const Item name = ttlv::text(Tag::attribute_name, ttlv::name(item.tag));
        item.tag = Tag::attribute_value;
        answer.payload.push_back(ttlv::structure(Tag::attribute, {name, std::move(item)}));
    }
    return answer;
}

KmipAnswer get_attribute_list(const Call& call) {
    KmipAnswer answer = done(call);
    for (const Tag tag : {Tag::state, Tag::cryptographic_length})
        answer.payload.push_back(call.version.major >= 2
                                     ? ttlv::enumeration(Tag::attribute_reference, std::to_underlying(tag))
                                     : ttlv::text(Tag::attribute_name, ttlv::name(tag)));
    for (const auto& [name, value] : call.key.notes)
        answer.payload.push_back(
            call.version.major >= 2
                ? ttlv::structure(Tag::attribute_reference,
                                  {ttlv::text(Tag::vendor_identification, name.substr(0, 1)),
                                   ttlv::text(Tag::attribute_name, name.substr(2))})
                : ttlv::text(Tag::attribute_name, name));
    return answer;
}

KmipAnswer add_attribute(const Call& call) {
    const Item* at = &call.payload;
    if (call.version.major >= 2)
        at = at->find(Tag::new_attribute);
    if (at != nullptr)
        at = at->find(Tag::attribute);
    if (at == nullptr)
        return refused(ResultReason::invalid_message);
    const auto* const vendor = text_in(*at, Tag::vendor_identification);
    const auto* const name = text_in(*at, Tag::attribute_name);
    const auto* const value = text_in(*at, Tag::attribute_value);
    if (name == nullptr || value == nullptr || (call.version.major >= 2) != (vendor != nullptr))
        return refused(ResultReason::invalid_message);
    call.key.notes[(vendor != nullptr ? *vendor + "-" : "") + *name] = *value;
    return done(call);
}

KmipAnswer activate(const Call& call) {
    if (call.key.state != State::pre_active)
        return refused(ResultReason::permission_denied);
    call.key.state = State::active;
    return done(call);
}

KmipAnswer revoke(const Call& call) {
    call.key.state = State::deactivated;
    return done(call);
}

KmipAnswer check(const Call& call) {
    const auto wanted =
        static_cast<std::uint32_t>(integer_in(call.payload, Tag::cryptographic_usage_mask, 0));
    KmipAnswer answer = done(call);
    if ((wanted & ~call.key.usage_mask) != 0)
        answer.payload.push_back(*call.payload.find(Tag::cryptographic_usage_mask));
    return answer;
}

struct AeadInput {
    Secret key;
    Buffer nonce;
    Buffer additional_data;
};

/// What both directions look at; nothing where the key may not be used so, or the parameters are not whole.
std::optional<AeadInput> aead_input(const Call& call, std::uint32_t usage) {
    const Item* const parameters = call.payload.find(Tag::cryptographic_parameters);
    const Item* const mode = parameters != nullptr ? parameters->find(Tag::block_cipher_mode) : nullptr;
    const Bytes nonce = bytes_in(call.payload, Tag::iv_counter_nonce);
    if (call.key.state != State::active || (call.key.usage_mask & usage) == 0 || mode == nullptr ||
        *mode != ttlv::enumeration(Tag::block_cipher_mode, 9) || nonce.size() != crypto::gcm_nonce_size)
        return std::nullopt;
    AeadInput out{.key = Secret(call.key.material), .nonce = to_buffer(nonce), .additional_data = {}};
    if (call.fault != KmipFault::no_additional_data)
        out.additional_data =
            to_buffer(bytes_in(call.payload, Tag::authenticated_encryption_additional_data));
    return out;
}

KmipAnswer encrypt(const Call& call) {
    auto input = aead_input(call, kmip::usage::encrypt);
    if (!input)
        return refused(ResultReason::permission_denied);
    if (call.fault == KmipFault::own_nonce)
        input->nonce = Buffer(crypto::gcm_nonce_size, 0x77);
    const Bytes plain = bytes_in(call.payload, Tag::data);
    const Buffer sealed = crypto::aes256_gcm_seal(input->key, input->nonce, input->additional_data, plain);
    const Bytes tag = Bytes(sealed).last(crypto::gcm_tag_size);
    Bytes data = Bytes(sealed).first(plain.size());
    if (call.fault == KmipFault::short_data)
        data = data.first(data.size() - 1);
    KmipAnswer answer = done(call);
    answer.payload.push_back(ttlv::byte_string(Tag::data, data));
    if (call.fault == KmipFault::own_nonce)
        answer.payload.push_back(ttlv::byte_string(Tag::iv_counter_nonce, input->nonce));
    if (call.version >= kmip::aead_since && call.fault != KmipFault::no_tag)
        answer.payload.push_back(ttlv::byte_string(Tag::authenticated_encryption_tag, tag));
    return answer;
}

KmipAnswer decrypt(const Call& call) {
    const auto input = aead_input(call, kmip::usage::decrypt);
    if (!input)
        return refused(ResultReason::permission_denied);
    Buffer sealed = to_buffer(bytes_in(call.payload, Tag::data));
    const std::size_t size = sealed.size();
    Secret plain(size);
    if (call.fault != KmipFault::any_tag) {
        const Bytes tag = bytes_in(call.payload, Tag::authenticated_encryption_tag);
        sealed.insert(sealed.end(), tag.begin(), tag.end());
        auto opened = crypto::aes256_gcm_open(input->key, input->nonce, input->additional_data, sealed);
        if (!opened)
            return refused(ResultReason::cryptographic_failure);
        plain = std::move(*opened);
    }
    KmipAnswer answer = done(call);
    const std::size_t given = call.fault == KmipFault::short_data ? size - 1 : size;
    answer.payload.push_back(
        plain.expose([&](Bytes bytes) { return ttlv::byte_string(Tag::data, bytes.first(given)); }));
    return answer;
}

KmipAnswer locate(const KmipStore& store, const Item& payload, KmipFault fault) {
    const auto* const name = name_below(payload);
    std::int32_t skip = fault == KmipFault::no_pages ? 0 : integer_in(payload, Tag::offset_items, 0);
    std::int32_t most = integer_in(payload, Tag::maximum_items, 1000);
    KmipAnswer answer;
    for (const auto& [id, key] : store.keys)
        if (name != nullptr && key.name == *name && skip-- <= 0 && most-- > 0)
            answer.payload.push_back(ttlv::text(Tag::unique_identifier, id));
    return answer;
}

KmipAnswer rekey(KmipStore& store, const Call& call) {
    if (call.fault == KmipFault::same_key_rekeyed)
        return done(call);
    const std::string id = std::to_string(++store.created);
    StoredKey made = call.key;
    made.material = Buffer(32, static_cast<std::uint8_t>(store.created));
    store.keys[id] = std::move(made);
    return {.payload = {ttlv::text(Tag::unique_identifier, id)}};
}

KmipAnswer destroy(KmipStore& store, const Call& call) {
    if (call.key.state == State::active)
        return refused(ResultReason::permission_denied);
    KmipAnswer answer = done(call);
    if (call.fault != KmipFault::undestroyed)
        store.keys.erase(call.id);
    return answer;
}

struct Row {
    Operation operation;
    KmipAnswer (*perform)(const Call& call);
};

constexpr Row rows[] = {
    {Operation::get, get},
    {Operation::get_attributes, get_attributes},
    {Operation::get_attribute_list, get_attribute_list},
    {Operation::add_attribute, add_attribute},
    {Operation::set_attribute, add_attribute},
    {Operation::activate, activate},
    {Operation::revoke, revoke},
    {Operation::check, check},
    {Operation::encrypt, encrypt},
    {Operation::decrypt, decrypt},
};

} // namespace

const std::string* text_in(const Item& item, Tag tag) {
    const Item* const found = item.find(tag);
    return found != nullptr ? found->as<std::string>() : nullptr;
}

KmipAnswer perform(
    KmipStore& store, Operation operation, const Item& payload, ProtocolVersion version, KmipFault fault) {
    if (operation == Operation::create)
        return add(store, payload, version, {});
    if (operation == Operation::register_object)
        return register_object(store, payload, version);
    if (operation == Operation::locate)
        return locate(store, payload, fault);
    const bool cryptographic = operation == Operation::encrypt || operation == Operation::decrypt;
    if (cryptographic && (version < ProtocolVersion{1, 2} || fault == KmipFault::no_decryption))
        return refused(ResultReason::operation_not_supported);
    const auto* const asked = text_in(payload, Tag::unique_identifier);
    const auto found = asked != nullptr ? store.keys.find(*asked) : store.keys.end();
    if (found == store.keys.end())
        return refused(ResultReason::item_not_found);
    const std::string id = found->first;
    const Call call{.id = id, .key = found->second, .payload = payload, .version = version, .fault = fault};
    if (operation == Operation::rekey)
        return rekey(store, call);
    if (operation == Operation::destroy)
        return destroy(store, call);
    const auto* const row = std::ranges::find(rows, operation, &Row::operation);
    return row != std::end(rows) ? row->perform(call) : refused(ResultReason::operation_not_supported);
}

} // namespace vouchsafe::test
