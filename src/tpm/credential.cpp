#include "tpm/credential.h"

#include "base/reader.h"
#include "crypto/aead.h"
#include "crypto/ecdh_ephemeral.h"
#include "crypto/mac.h"
#include "crypto/rsa.h"
#include "tpm/wire.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace vouchsafe::tpm {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array<std::uint8_t, 16> zero_iv{};
constexpr std::size_t most_blob = 256;

// Labels take part with their NUL [TPM2 Part 1, Labels in key derivation].
constexpr auto identity_label = "IDENTITY\0"sv;
constexpr auto storage_label = "STORAGE\0"sv;
constexpr auto integrity_label = "INTEGRITY\0"sv;

// KDFa of at most one digest: HMAC(key, 1 ‖ label ‖ contextU ‖ bits) [TPM2 Part 1, KDFa; SP 800-108].
Secret
kdfa(crypto::HashAlg hash, const Secret& key, std::string_view label, Bytes context, std::size_t bytes) {
    VS_CHECK(bytes <= crypto::digest_size(hash));
    const Buffer counter = Writer().big(std::uint32_t{1}).done();
    const Buffer bits = Writer().big(static_cast<std::uint32_t>(8 * bytes)).done();
    const Secret whole = crypto::hmac(hash, key, {counter, as_bytes(label), context, bits});
    return whole.expose([bytes](Bytes all) { return Secret(all.first(bytes)); });
}

// KDFe of one digest: H(1 ‖ Z ‖ label ‖ party U ‖ party V) [TPM2 Part 1, KDFe; SP 800-56A].
Secret kdfe(crypto::HashAlg hash, const Secret& z, std::string_view label, Bytes party_u, Bytes party_v) {
    const Buffer counter = Writer().big(std::uint32_t{1}).done();
    return z.expose([&](Bytes shared) {
        Buffer out = crypto::digest(hash, {counter, shared, as_bytes(label), party_u, party_v});
        Secret seed{Bytes(out)};
        wipe(out);
        return seed;
    });
}

struct Seed {
    Secret value;
    Buffer encrypted; ///< what goes into the TPM2B_ENCRYPTED_SECRET
};

Result<Seed> make_seed(crypto::HashAlg hash, const crypto::RsaPublicKey& key, Random& random) {
    Secret value = random.secret(crypto::digest_size(hash));
    VS_TRY(Buffer encrypted, crypto::oaep_encrypt(key, hash, as_bytes(identity_label), value));
    return Seed{.value = std::move(value), .encrypted = std::move(encrypted)};
}

Result<Seed> make_seed(crypto::HashAlg hash, const crypto::EcPublicKey& key, Random&) {
    VS_TRY(const crypto::EphemeralShare share, crypto::ecdh_ephemeral(key));
    Writer point; // TPMS_ECC_POINT
    wire::write_sized(point, share.x);
    wire::write_sized(point, share.y);
    return Seed{.value = kdfe(hash, share.z, identity_label, share.x, key.x()), .encrypted = point.done()};
}

std::size_t symmetric_bytes(const PublicArea& ek) {
    return std::visit([](const auto& key) { return std::size_t{key.symmetric.key_bits} / 8; }, ek.key);
}

struct ProtectionKeys {
    Secret storage;   ///< encrypts the secret
    Secret integrity; ///< authenticates it together with the AK's name
};

ProtectionKeys protection_keys(const PublicArea& ek, const Secret& seed, Bytes ak_name) {
    return {.storage = kdfa(ek.name_alg, seed, storage_label, ak_name, symmetric_bytes(ek)),
            .integrity = kdfa(ek.name_alg, seed, integrity_label, {}, crypto::digest_size(ek.name_alg))};
}

// A secret as a TPM2B.
Secret sized(const Secret& secret) {
    Secret out(2 + secret.size());
    out.fill([&](std::span<std::uint8_t> bytes) {
        bytes[0] = static_cast<std::uint8_t>(secret.size() >> 8U);
        bytes[1] = static_cast<std::uint8_t>(secret.size());
        secret.expose([&](Bytes value) { std::memcpy(&bytes[2], value.data(), value.size()); });
    });
    return out;
}

} // namespace

Result<Credential>
make_credential(const EndorsementKey& ek, Bytes ak_name, const Secret& secret, Random& random) {
    const crypto::HashAlg hash = ek.area().name_alg;
    VS_CHECK(!secret.empty() && secret.size() <= crypto::digest_size(hash));
    VS_TRY(const Seed seed,
           std::visit([&](const auto& key) { return make_seed(hash, key, random); }, ek.key()));
    const ProtectionKeys keys = protection_keys(ek.area(), seed.value, ak_name);

    const Buffer encrypted = crypto::aes_cfb_encrypt(keys.storage, zero_iv, sized(secret));
    const Secret mac = crypto::hmac(hash, keys.integrity, {encrypted, ak_name});

    Writer id_object; // TPMS_ID_OBJECT: integrityHMAC, encIdentity
    mac.expose([&](Bytes bytes) { wire::write_sized(id_object, bytes); });
    id_object.bytes(encrypted);
    Writer blob;
    wire::write_sized(blob, id_object.view());
    Writer encrypted_secret;
    wire::write_sized(encrypted_secret, seed.encrypted);
    return Credential{.blob = blob.done(), .secret = encrypted_secret.done()};
}

Result<Secret> open_credential(const PublicArea& ek, const Secret& seed, Bytes ak_name, Bytes blob) {
    Reader outer(blob);
    VS_TRY(const Buffer id_object, wire::read_sized(outer, most_blob, "credential.blob"));
    VS_TRY_VOID(outer.finish("credential.blob"));
    Reader reader(id_object);
    VS_TRY(const Buffer mac, wire::read_sized(reader, crypto::digest_size(ek.name_alg), "credential.mac"));
    const Bytes encrypted = reader.rest();

    const ProtectionKeys keys = protection_keys(ek, seed, ak_name);
    if (!crypto::equal(crypto::hmac(ek.name_alg, keys.integrity, {encrypted, ak_name}), mac))
        return fail(Errc::untrusted, "credential.integrity", "made for another key");
    const Secret plain = crypto::aes_cfb_decrypt(keys.storage, zero_iv, encrypted);
    return plain.expose([](Bytes bytes) -> Result<Secret> {
        Reader inner(bytes);
        VS_TRY(const auto size, inner.big<std::uint16_t>("credential.secret"));
        VS_TRY(const Bytes value, inner.take(size, "credential.secret"));
        VS_TRY_VOID(inner.finish("credential.secret"));
        return Secret(value);
    });
}

} // namespace vouchsafe::tpm
