// HMAC [RFC 2104].
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <initializer_list>

namespace vouchsafe::crypto {

/// HMAC over the parts after each other; a Secret, because TPM key derivations are made of it.
Secret hmac(HashAlg alg, const Secret& key, std::initializer_list<Bytes> parts);

/// HMAC-SHA-256 as a proof that may be shown. Compare with crypto::equal.
Sha256Digest hmac_sha256(const Secret& key, Bytes message);
Sha256Digest hmac_sha256(const Secret& key, std::initializer_list<Bytes> parts);

} // namespace vouchsafe::crypto
