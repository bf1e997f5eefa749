#include "vmcrypt/keys.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/kdf.h"

#include <string>
#include <utility>

namespace vouchsafe::vmcrypt {

std::string_view to_string(KeyUse use) {
    switch (use) {
    case KeyUse::disk:
        return "disk";
    case KeyUse::vtpm:
        return "vtpm";
    case KeyUse::nvram:
        return "nvram";
    case KeyUse::memory:
        return "memory";
    }
    std::unreachable();
}

Result<Secret> derive_key(const Secret& kek, KeyUse use, std::string_view object_uuid) {
    if (kek.size() != kek_bytes)
        return fail(Errc::malformed, "vmcrypt.kek", "a key-encryption key has 32 bytes");
    if (!is_uuid(object_uuid))
        return fail(Errc::malformed, "vmcrypt.object", "no UUID in lower case");
    std::string info = "vouchsafe/vm/1";
    info += to_string(use);
    info += object_uuid;
    return crypto::hkdf_sha256({}, kek, as_bytes(info), kek_bytes);
}

Result<Secret> luks_passphrase(const Secret& kek, KeyUse use, std::string_view object_uuid) {
    VS_TRY(const Secret key, derive_key(kek, use, object_uuid));
    Secret text(2 * key.size());
    // Not by to_hex: its string would not be wiped.
    text.fill([&key](std::span<std::uint8_t> digits) {
        key.expose([digits](Bytes bytes) {
            constexpr std::string_view hex = "0123456789abcdef";
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                digits[2 * i] = static_cast<std::uint8_t>(hex[bytes[i] >> 4U]);
                digits[2 * i + 1] = static_cast<std::uint8_t>(hex[bytes[i] & 0x0fU]);
            }
        });
    });
    return text;
}

} // namespace vouchsafe::vmcrypt
