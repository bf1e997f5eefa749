#include "crypto/kdf.h"

#include "crypto/digest.h"
#include "crypto/mac.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace vouchsafe::crypto {

Secret hkdf_sha256(Bytes salt, const Secret& ikm, Bytes info, std::size_t size) {
    constexpr std::size_t block_size = 32;
    VS_CHECK(size >= 1 && size <= 255 * block_size);

    // An empty salt stands for a block of zeros [RFC 5869 §2.2], which HMAC pads it to anyway.
    const Secret salt_key(salt);
    const Secret prk = ikm.expose([&](Bytes key) { return hmac(HashAlg::sha256, salt_key, {key}); });

    Secret out(size);
    out.fill([&](std::span<std::uint8_t> rest) {
        Secret block;
        for (std::uint8_t number = 1; !rest.empty(); ++number) {
            block = block.expose([&](Bytes previous) {
                return hmac(HashAlg::sha256, prk, {previous, info, std::array{number}});
            });
            const std::size_t used = std::min(rest.size(), block_size);
            block.expose([&](Bytes bytes) { std::ranges::copy(bytes.first(used), rest.begin()); });
            rest = rest.subspan(used);
        }
    });
    return out;
}

} // namespace vouchsafe::crypto
