// Signatures of EFI programs, as Secure Boot judges them [Authenticode PE Format; UEFI, Image Execution].
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/x509.h"

#include <cstddef>

namespace vouchsafe::crypto {

inline constexpr std::size_t most_authenticode = std::size_t{1} << 20U;

/// What a signature says of a program: the digest of what it covers.
struct AuthenticodeDigest {
    HashAlg hash{};
    Buffer digest; ///< of the hash's size
};

/// The digest that a PKCS#7 SignedData over an SpcIndirectDataContent names; who signed it is not looked at.
/// Zeros after it are an attribute certificate's padding. Where: "authenticode".
Result<AuthenticodeDigest> authenticode_digest(Bytes signed_data);

/// verify_authenticode establishes, as firmware does [EDK II, AuthenticodeVerify]:
///  1 the signed data is that of step authenticode_digest
///  2 each signer signed it, and a path leads from the signer to the anchor by certificates that the
///    signature has; the anchor need not be a root
/// Validity times, usages and revocation are not looked at, as firmware has no trusted time. `untrusted` at
/// "authenticode". The anchor may be any certificate that is X.509, also one with a weak key.
Result<void> verify_authenticode(Bytes signed_data, const Certificate& anchor);

} // namespace vouchsafe::crypto
