// One side of an ECDH with a key made for this once: what a TPM credential for an ECC endorsement key needs.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/ec_key.h"

namespace vouchsafe::crypto {

struct EphemeralShare {
    Buffer x; ///< of the ephemeral public key, padded to the coordinate's size
    Buffer y;
    Secret z; ///< the x-coordinate of the shared point
};

/// Makes a key on the peer's curve (P-256 or P-384), agrees with it, and forgets its private half.
Result<EphemeralShare> ecdh_ephemeral(const EcPublicKey& peer);

} // namespace vouchsafe::crypto
