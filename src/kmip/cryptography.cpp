#include "kmip/cryptography.h"

#include "kmip/shapes.h"

#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

constexpr std::uint32_t galois_counter_mode = 0x09; // Block Cipher Mode

// All of it is said, though the key knows its algorithm: some servers take parameters only whole.
Item parameters() {
    return ttlv::structure(
        Tag::cryptographic_parameters,
        {ttlv::enumeration(Tag::block_cipher_mode, galois_counter_mode),
         ttlv::enumeration(Tag::cryptographic_algorithm, std::to_underlying(Algorithm::aes)),
         ttlv::integer(Tag::tag_length, static_cast<std::int32_t>(aead_tag_size))});
}

// The order of the fields is the specification's: servers read by it.
RequestItem request(Operation operation, const AeadContext& context, Bytes data) {
    VS_CHECK(context.nonce.size() == aead_nonce_size);
    RequestItem out = about(operation, context.key);
    out.payload.push_back(parameters());
    out.payload.push_back(ttlv::byte_string(Tag::data, data));
    out.payload.push_back(ttlv::byte_string(Tag::iv_counter_nonce, context.nonce));
    if (!context.additional_data.empty())
        out.payload.push_back(
            ttlv::byte_string(Tag::authenticated_encryption_additional_data, context.additional_data));
    return out;
}

const ttlv::WipedBytes* find_bytes(const Item& payload, Tag tag, std::size_t size) {
    const auto* const found = find_value<ttlv::WipedBytes>(payload, tag);
    return found != nullptr && found->view().size() == size ? found : nullptr;
}

} // namespace

RequestItem encrypt(const AeadContext& context, const Secret& plain) {
    return plain.expose([&](Bytes data) { return request(Operation::encrypt, context, data); });
}

Result<Sealed> read_encrypt(const Item& payload, const AeadContext& context, std::size_t plain_size) {
    VS_TRY_VOID(same_object(payload, context.key));
    const auto* const data = find_bytes(payload, Tag::data, plain_size);
    if (data == nullptr)
        return wrong_shape("Encrypt gave no data of the size that was sent");
    const auto* const tag = find_bytes(payload, Tag::authenticated_encryption_tag, aead_tag_size);
    if (tag == nullptr)
        return wrong_shape("Encrypt gave no authentication tag of 16 bytes");
    const auto* const nonce = find_value<ttlv::WipedBytes>(payload, Tag::iv_counter_nonce);
    return Sealed{.nonce = to_buffer(nonce != nullptr ? nonce->view() : context.nonce),
                  .ciphertext = to_buffer(data->view()),
                  .tag = to_buffer(tag->view())};
}

RequestItem decrypt(const AeadContext& context, Bytes ciphertext, Bytes tag) {
    RequestItem out = request(Operation::decrypt, context, ciphertext);
    out.payload.push_back(ttlv::byte_string(Tag::authenticated_encryption_tag, tag));
    return out;
}

Result<Secret> read_decrypt(const Item& payload, const AeadContext& context, std::size_t ciphertext_size) {
    VS_TRY_VOID(same_object(payload, context.key));
    const auto* const data = find_bytes(payload, Tag::data, ciphertext_size);
    if (data == nullptr)
        return wrong_shape("Decrypt gave no data of the size that was sent");
    return Secret(data->view());
}

} // namespace vouchsafe::kmip
