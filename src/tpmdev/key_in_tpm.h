// Keys that are in a TPM: made there, or kept at a persistent handle.
#pragma once

#include "tpm/keys.h"
#include "tpmdev/esys.h"

namespace vouchsafe::tpmdev {

/// A key in the TPM and its public area.
struct KeyInTpm {
    Loaded loaded;
    tpm::PublicArea area;
};

/// A primary key of the endorsement hierarchy, flushed with the answer [TPM 2.0 part 3, TPM2_CreatePrimary].
Result<KeyInTpm>
create_primary(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model);

/// The key at this persistent handle; Errc::not_found where there is none.
Result<KeyInTpm> persistent_key(ESYS_CONTEXT* esys, TPM2_HANDLE place);

/// A primary as above, usable with its `userAuth`.
Result<KeyInTpm>
made_attestation_key(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model);

/// Where an AK that is slow to make is kept: in the part that the TCG's registry of handles gives to
/// primaries of the endorsement hierarchy, apart from the EKs.
inline constexpr TPM2_HANDLE kept_ak_handle = 0x8101F001;

/// The key of this template, `unique` and `auth` kept at `kept_ak_handle`; one that isn't there is made and
/// kept. An earlier AK of ours there is replaced; a key of another kind is left alone. Where nothing can be
/// kept (another's key, no room, an owner's password) the key is made for this connection only.
Result<KeyInTpm>
kept_attestation_key(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model);

} // namespace vouchsafe::tpmdev
