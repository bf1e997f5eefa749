// Encrypt and Decrypt on the key server: AES in Galois/Counter mode [KMIP 1.4, Encrypt, Decrypt].
//
// KMIP carries additional data and tag since 1.4. Below that a server answers Encrypt and drops the tag, and
// what it encrypted is lost: the client refuses to ask.
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/secret.h"
#include "kmip/message.h"

#include <cstddef>

namespace vouchsafe::kmip {

inline constexpr ProtocolVersion aead_since{1, 4};
inline constexpr std::size_t aead_nonce_size = 12; ///< bytes
inline constexpr std::size_t aead_tag_size = 16;   ///< bytes

/// What an encryption is bound to.
struct AeadContext {
    KeyId key;
    Bytes nonce;           ///< 12 bytes of ours, used once with the key; the server is not asked to make one
    Bytes additional_data; ///< may be empty; not sent then
};

/// What Encrypt gave.
struct Sealed {
    Buffer nonce; ///< the one that was used: the server's where it says one, which need not be ours
    Buffer ciphertext;
    Buffer tag;
};

RequestItem encrypt(const AeadContext& context, const Secret& plain);
/// Refuses, as class protocol, an answer about another key, without data of the plain text's size, or without
/// a tag of 16 bytes.
Result<Sealed> read_encrypt(const ttlv::Item& payload, const AeadContext& context, std::size_t plain_size);

RequestItem decrypt(const AeadContext& context, Bytes ciphertext, Bytes tag);
/// Refuses, as class protocol, an answer about another key, or without data of the ciphertext's size.
Result<Secret>
read_decrypt(const ttlv::Item& payload, const AeadContext& context, std::size_t ciphertext_size);

} // namespace vouchsafe::kmip
