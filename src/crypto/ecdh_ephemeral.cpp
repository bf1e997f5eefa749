#include "crypto/ecdh_ephemeral.h"

#include "crypto/keys_impl.h"

#include <openssl/core_names.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace vouchsafe::crypto {

Result<EphemeralShare> ecdh_ephemeral(const EcPublicKey& peer) {
    const std::string curve(to_string(peer.curve()));
    const std::size_t size = coordinate_size(peer.curve());
    const OwnedPkey own(check(EVP_EC_gen(curve.c_str())));
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr)));
    check(EVP_PKEY_derive_init(context.get()));

    Secret z(size);
    const bool agreed = z.fill([&](std::span<std::uint8_t> out) {
        std::size_t written = out.size();
        return ok(EVP_PKEY_derive_set_peer(context.get(), peer.impl().key.get())) &&
               ok(EVP_PKEY_derive(context.get(), out.data(), &written)) && written == out.size();
    });
    if (!agreed)
        return fail(Errc::untrusted, "ecdh.peer", "no agreement with this key");
    return EphemeralShare{.x = number_of(*own, OSSL_PKEY_PARAM_EC_PUB_X, size),
                          .y = number_of(*own, OSSL_PKEY_PARAM_EC_PUB_Y, size),
                          .z = std::move(z)};
}

} // namespace vouchsafe::crypto
