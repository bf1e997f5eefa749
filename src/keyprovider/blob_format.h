// The blob: a VM key wrapped under a provider's primary key, as it is stored beside the VM.
//
// "VSKB" ‖ u8 version 1 ‖ u8 scheme 1 ‖ provider uid (16) ‖ u32be generation ‖ u8 algorithm 1 (AES-256-GCM) ‖
// nonce (12) ‖ ciphertext (32) ‖ tag (16). The additional data is SHA-256(all before the ciphertext ‖
// canonical context). This header is the format alone; blob.h opens and makes them.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace vouchsafe::keyprovider {

inline constexpr std::size_t blob_size = 87;

using ProviderUid = std::array<std::uint8_t, 16>;

/// Which primary key wraps.
struct BlobKey {
    ProviderUid provider{};
    std::uint32_t generation = 0;

    friend bool operator==(const BlobKey&, const BlobKey&) = default;
};

struct Blob {
    BlobKey key;
    std::array<std::uint8_t, 12> nonce{};
    std::array<std::uint8_t, 48> sealed{}; ///< ciphertext, then tag

    friend bool operator==(const Blob&, const Blob&) = default;
};

/// By `where`: blob.size, blob.magic, blob.version, blob.scheme, blob.generation (0), blob.algorithm. What is
/// accepted encodes to the same bytes.
Result<Blob> parse_blob(Bytes bytes);
Buffer encode_blob(const Blob& blob);

/// The bytes before the ciphertext.
Buffer blob_header(const Blob& blob);

/// Hex SHA-256 of an encoded blob: its name in audit and revocations.
std::string blob_digest(Bytes encoded);

/// From the 32 hex digits of the inventory.
Result<ProviderUid> provider_uid_from_text(std::string_view text);

} // namespace vouchsafe::keyprovider
