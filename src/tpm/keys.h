// The two keys that make a TPM a host's identity, each only after its public area was judged.
#pragma once

#include "tpm/public_area.h"

#include <cstdint>
#include <string_view>

namespace vouchsafe::tpm {

/// An endorsement key whose public area is one of the TCG's templates, to the bit. Its private half then
/// decrypts credentials and nothing else, and TPM and parent never change.
///
/// `from` establishes, in this order:
///  1 key type and size or curve are a template's: RSA 2048/3072/4096, ECC P-256/P-384
///  2 the name algorithm is the template's          3 the attributes are exactly the template's
///  4 the authorisation policy is the template's    5 symmetric AES-CFB of its size, no scheme, no KDF
///  6 the public key is sound (public_key_of)
/// [TCG EK Credential Profile, templates L-1, L-2, H-1, H-2, H-3, H-6, H-7]
class EndorsementKey {
public:
    static Result<EndorsementKey> from(PublicArea area);

    const PublicArea& area() const { return area_; }

    const crypto::PublicKey& key() const { return key_; }

    /// The template's short name in the TCG's profile, such as "L-1".
    std::string_view template_name() const { return template_; }

private:
    EndorsementKey(PublicArea area, crypto::PublicKey key, std::string_view name)
        : area_(std::move(area)), key_(std::move(key)), template_(name) {}

    PublicArea area_;
    crypto::PublicKey key_;
    std::string_view template_;
};

/// The template itself, with the `unique` from which a TPM makes its EK: zeros for L, nothing for H. `name`
/// is one of those above; anything else ends the process.
PublicArea ek_template(std::string_view name);

/// An attestation key: one that signs only what its TPM made itself.
///
/// `from` establishes, in this order:
///  1 restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin and userWithAuth are set
///  2 decrypt is not set                              3 no other attribute is set but noDA
///  4 there is no authorisation policy                5 the name algorithm is SHA-256
///  6 the scheme is ECDSA with SHA-256 on P-256 or with SHA-384 on P-384, or RSASSA or RSAPSS with SHA-256 or
///    SHA-384 on RSA of 2048 bits or more
///  7 the public key is sound (public_key_of)
class AttestationKey {
public:
    static Result<AttestationKey> from(PublicArea area);

    const PublicArea& area() const { return area_; }

    const crypto::PublicKey& key() const { return key_; }

    const Scheme& scheme() const;

    Buffer name() const { return name_of(area_); }

private:
    AttestationKey(PublicArea area, crypto::PublicKey key) : area_(std::move(area)), key_(std::move(key)) {}

    PublicArea area_;
    crypto::PublicKey key_;
};

/// What AttestationKey::from takes, without its `unique`: ECDSA on P-256 or P-384, or RSASSA on RSA-2048;
/// noDA is set, so that somebody else's wrong passwords do not lock the key.
enum class AkKind : std::uint8_t { ecc_p256, ecc_p384, rsa_2048 };
PublicArea ak_template(AkKind kind);

} // namespace vouchsafe::tpm
