// Signatures that are appended to kernel modules and kernels, as IMA lists them: PKCS #7 over the file
// without them [RFC 5652; Linux, scripts/sign-file].
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

#include <cstddef>

namespace vouchsafe::crypto {

inline constexpr std::size_t most_appended = std::size_t{64} << 10U; ///< bytes

/// A signature over the digest of the file: for verify_digest.
struct AppendedSignature {
    HashAlg hash{};
    Buffer signature; ///< RSA by PKCS #1 v1.5, or ECDSA as DER
};

/// The signature of a detached SignedData of one signer and no signed attributes, as sign-file makes it and
/// the kernel takes it. Who signed is not looked at: certificates in it and the signer's name decide nothing.
/// Where: "appended_signature"; `malformed` for anything else, `unsupported` where the signer has attributes
/// or another digest than SHA-256, 384 or 512, `too_large` beyond the limit.
Result<AppendedSignature> appended_signature(Bytes der);

} // namespace vouchsafe::crypto
