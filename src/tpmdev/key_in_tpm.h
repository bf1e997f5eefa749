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

} // namespace vouchsafe::tpmdev
