// Making and opening blobs: the only two places where a VM key meets its primary key.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "keyprovider/blob_format.h"
#include "keyprovider/gate.h"

namespace vouchsafe::keyprovider {

struct NewVmKey {
    Buffer blob;
    Secret key; ///< 32 bytes
};

/// A new VM key for what the grant allows; a grant of another use ends the process.
NewVmKey generate_key(const ReleaseGrant& grant, const Secret& primary_key, Random& random);

/// The key inside. `denied` at "blob.grant" when the grant is not for this blob; `untrusted` at "blob.open"
/// when primary key, header, context or ciphertext is not what was wrapped.
Result<Secret> unwrap(const ReleaseGrant& grant, const Secret& primary_key, Bytes blob);

} // namespace vouchsafe::keyprovider
