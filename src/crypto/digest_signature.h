// Signatures over a message of which only the digest is at hand: of files, as IMA has them.
#pragma once

#include "crypto/signature.h"

namespace vouchsafe::crypto {

/// RSA by PKCS #1 v1.5, ECDSA as DER. SHA-1 and SM3 are refused as `unsupported`; a digest of another size
/// and a signature that does not hold are `untrusted`. Where: "signature.digest".
Result<void> verify_digest(const PublicKey& key, HashAlg hash, Bytes digest, Bytes signature);

/// SHA-1 of the key's bits without their algorithm: a name that certificates give it [RFC 5280, 4.2.1.2], no
/// proof of anything. The SubjectPublicKeyInfo must be one that can be read.
Buffer key_identifier(Bytes spki);

} // namespace vouchsafe::crypto
