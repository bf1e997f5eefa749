// Making and opening blobs: the only place where a VM key meets its primary key.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "keyprovider/blob_format.h"
#include "keyprovider/gate.h"
#include "keyprovider/primary_key_use.h"

namespace vouchsafe::keyprovider {

struct NewVmKey {
    Buffer blob;
    Secret key; ///< 32 bytes
};

/// A new VM key for what the grant allows; a grant of another use ends the process. Fails as the key server
/// does that wraps it; under a key in memory never.
Result<NewVmKey> generate_key(const ReleaseGrant& grant, const PrimaryKeyUse& primary_key, Random& random);

/// The key inside. `denied` at "blob.grant" when the grant is not for this blob; `untrusted` at "blob.open"
/// when primary key, header, context or ciphertext is not what was wrapped.
Result<Secret> unwrap(const ReleaseGrant& grant, const PrimaryKeyUse& primary_key, Bytes blob);

/// The primary keys of rewrap.
struct RewrapKeys {
    PrimaryKeyUse primary_key; ///< opens the blob
    PrimaryKeyUse newest_key;  ///< of the grant's newest_key()
};

/// A new blob of the same VM key and context; the VM key is seen by nobody. Fails as unwrap does; a grant of
/// another use is `denied`.
Result<Buffer> rewrap(const ReleaseGrant& grant, const RewrapKeys& keys, Bytes blob, Random& random);

} // namespace vouchsafe::keyprovider
