// RSA public keys: endorsement keys, attestation keys and certificates of others. We sign nothing with RSA.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace vouchsafe::crypto {

/// A key of 2048 to 8192 bits with an odd exponent from 65537 to 2^32-1. Cheap to copy.
class RsaPublicKey {
public:
    /// SubjectPublicKeyInfo of rsaEncryption, or of RSAES-OAEP as some TPM makers' EK certificates have it.
    static Result<RsaPublicKey> from_spki_der(Bytes der);
    static Result<RsaPublicKey> from_modulus(Bytes modulus, std::uint32_t exponent = 65537);

    std::size_t bits() const;
    Buffer modulus() const; ///< big-endian without leading zeros
    std::uint32_t exponent() const;
    Buffer spki_der() const; ///< always as rsaEncryption

    friend bool operator==(const RsaPublicKey& a, const RsaPublicKey& b);

    struct Impl;

    const Impl& impl() const { return *impl_; }

    explicit RsaPublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

private:
    std::shared_ptr<const Impl> impl_; ///< shared: immutable
};

/// RSAES-OAEP with `hash` for both label and mask [RFC 8017 §7.1]. The label goes in as it is: TPM labels
/// end with their NUL.
Result<Buffer> oaep_encrypt(const RsaPublicKey& key, HashAlg hash, Bytes label, const Secret& plain);

} // namespace vouchsafe::crypto
