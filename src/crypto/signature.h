// Signatures of others over messages, by the schemes that TPMs and certificates use.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "crypto/rsa.h"

#include <cstdint>
#include <variant>

namespace vouchsafe::crypto {

using PublicKey = std::variant<EcPublicKey, RsaPublicKey>;

/// From a SubjectPublicKeyInfo; refuses what EcPublicKey and RsaPublicKey refuse, and any other algorithm.
Result<PublicKey> public_key_from_spki_der(Bytes der);
Buffer spki_der(const PublicKey& key);
/// From the PEM of a SubjectPublicKeyInfo ("PUBLIC KEY") or of a certificate, whose other parts are not
/// judged; the first block counts. `malformed` at "signature.pem".
Result<PublicKey> public_key_from_pem(std::string_view pem);

enum class RsaScheme : std::uint8_t { pkcs1, pss }; ///< TPM_ALG_RSASSA, TPM_ALG_RSAPSS

/// SHA-1 and SM3 are refused as `unsupported`; a signature that does not hold is `untrusted`. Where:
/// "signature.rsa". PSS takes any salt length, with MGF1 over the same hash.
Result<void>
verify_rsa(const RsaPublicKey& key, RsaScheme scheme, HashAlg hash, Bytes message, Bytes signature);

/// r and s big-endian, at most a coordinate long after leading zeros, neither zero. Where: "signature.ecdsa".
Result<void> verify_ecdsa(const EcPublicKey& key, HashAlg hash, Bytes message, Bytes r, Bytes s);

/// ECDSA-Sig-Value DER of r and s, and back to r ‖ s, each `size` bytes.
Buffer ecdsa_to_der(Bytes r, Bytes s);
Result<Buffer> ecdsa_from_der(Bytes der, std::size_t size);

} // namespace vouchsafe::crypto
