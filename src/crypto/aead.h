// AES-256-GCM, and the AES-CFB of TPM credentials.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

#include <cstddef>

namespace vouchsafe::crypto {

inline constexpr std::size_t aes256_key_size = 32;
inline constexpr std::size_t gcm_nonce_size = 12;
inline constexpr std::size_t gcm_tag_size = 16;

/// Ciphertext, then the 16-byte tag. A key of another size than 32, or a nonce of another than 12, ends the
/// process. The caller promises that a nonce is used once with a key.
Buffer aes256_gcm_seal(const Secret& key, Bytes nonce, Bytes aad, Bytes plain);
Buffer aes256_gcm_seal(const Secret& key, Bytes nonce, Bytes aad, const Secret& plain);

/// The plain text; `untrusted` at "aead.open" when key, nonce, additional data or ciphertext is not the one
/// that was sealed, or is too short to be one.
Result<Secret> aes256_gcm_open(const Secret& key, Bytes nonce, Bytes aad, Bytes sealed);

/// AES-CFB128 by the key's size (16 or 32 bytes) [TPM2 Part 1, Protected storage]. It authenticates nothing:
/// only for TPM credentials and sensitive areas, below an HMAC. `iv` is 16 bytes.
Buffer aes_cfb_encrypt(const Secret& key, Bytes iv, const Secret& plain);
Secret aes_cfb_decrypt(const Secret& key, Bytes iv, Bytes cipher);

} // namespace vouchsafe::crypto
