#include "crypto/ecdh_ephemeral.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>

namespace vouchsafe::crypto {

namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeKey>;

// The uncompressed point: 4, x, y.
Buffer point_of(const Key& key) {
    unsigned char* encoded = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(key.get(), &encoded);
    VS_CHECK(size > 1);
    Buffer out(encoded, encoded + size);
    OPENSSL_free(encoded);
    return out;
}

} // namespace

Result<EphemeralShare> ecdh_ephemeral(const EcPublicKey& peer) {
    const Buffer spki = peer.spki_der();
    const unsigned char* cursor = spki.data();
    const Key other(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())));
    const Key own(EVP_EC_gen(peer.curve() == Curve::p256 ? "P-256" : "P-384"));
    VS_CHECK(other != nullptr && own != nullptr);

    const Context context(EVP_PKEY_CTX_new(own.get(), nullptr));
    const std::size_t size = coordinate_size(peer.curve());
    Secret z(size);
    const bool agreed = z.fill([&](std::span<std::uint8_t> out) {
        std::size_t written = out.size();
        return EVP_PKEY_derive_init(context.get()) == 1 &&
               EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
               EVP_PKEY_derive(context.get(), out.data(), &written) == 1 && written == out.size();
    });
    if (!agreed)
        return fail(Errc::untrusted, "ecdh.peer", "no agreement with this key");

    const Buffer point = point_of(own);
    VS_CHECK(point.size() == 1 + 2 * size);
    const Bytes coordinates = Bytes(point).subspan(1);
    return EphemeralShare{.x = to_buffer(coordinates.first(size)),
                          .y = to_buffer(coordinates.subspan(size)),
                          .z = std::move(z)};
}

} // namespace vouchsafe::crypto
