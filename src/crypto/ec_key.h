// Elliptic curve keys: P-256 of our own, P-256 and P-384 of others to verify with.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::crypto {

enum class Curve : std::uint8_t { p256, p384 };

/// "P-256", "P-384", as JWK says them.
std::string_view to_string(Curve curve);
/// Bytes of a coordinate, and of r and s.
std::size_t coordinate_size(Curve curve);

using Es256Signature = std::array<std::uint8_t, 64>; ///< r ‖ s

/// A point that is on its curve and not infinity. Cheap to copy.
class EcPublicKey {
public:
    /// SubjectPublicKeyInfo with a named curve and an uncompressed point, and nothing after it.
    static Result<EcPublicKey> from_spki_der(Bytes der);
    /// Coordinates as TPM and JWK give them; shorter ones are padded on the left, longer ones refused.
    static Result<EcPublicKey> from_coordinates(Curve curve, Bytes x, Bytes y);
    /// JWK's coordinates: exactly 32 bytes each, P-256.
    static Result<EcPublicKey> from_jwk(Bytes x, Bytes y);

    Curve curve() const;
    Buffer x() const; ///< padded to the coordinate's size
    Buffer y() const;
    Buffer spki_der() const;

    /// base64url(SHA-256 of the canonical JWK) [RFC 7638].
    std::string thumbprint() const;

    friend bool operator==(const EcPublicKey& a, const EcPublicKey& b);

    struct Impl;

    const Impl& impl() const { return *impl_; }

    explicit EcPublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

private:
    std::shared_ptr<const Impl> impl_; ///< shared: immutable, and copied into every token verifier
};

/// A private key on P-256, held by libcrypto. Move-only.
class EcPrivateKey {
public:
    static EcPrivateKey generate();
    /// PKCS#8 or SEC 1 DER; P-256 only, private and public part must fit.
    static Result<EcPrivateKey> from_secret_der(const Secret& der);

    EcPrivateKey(EcPrivateKey&&) noexcept;
    EcPrivateKey& operator=(EcPrivateKey&&) noexcept;
    EcPrivateKey(const EcPrivateKey&) = delete;
    EcPrivateKey& operator=(const EcPrivateKey&) = delete;
    ~EcPrivateKey();

    Secret to_secret_der() const; ///< PKCS#8
    Secret to_secret_pem() const; ///< PKCS#8 PEM, for TLS contexts
    const EcPublicKey& public_key() const;
    EcPrivateKey clone() const; ///< another handle of the same key

    struct Impl;

    const Impl& impl() const { return *impl_; }

    explicit EcPrivateKey(std::unique_ptr<Impl> impl);

private:
    std::unique_ptr<Impl> impl_;
};

/// ECDSA P-256 with SHA-256 over the message.
Es256Signature sign_es256(const EcPrivateKey& key, Bytes message);
/// `untrusted` at "signature.es256"; a key on another curve too.
Result<void> verify_es256(const EcPublicKey& key, Bytes message, Bytes signature);

/// The x-coordinate of the shared point, 32 bytes; the other key must be on P-256.
Result<Secret> ecdh_p256(const EcPrivateKey& own, const EcPublicKey& other);

} // namespace vouchsafe::crypto
