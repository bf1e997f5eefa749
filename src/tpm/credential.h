// Credentials: a secret that only the TPM with this EK opens, and only while it holds the AK of this Name.
#pragma once

#include "base/clock.h"
#include "base/secret.h"
#include "tpm/keys.h"

namespace vouchsafe::tpm {

struct Credential {
    Buffer blob;   ///< TPM2B_ID_OBJECT
    Buffer secret; ///< TPM2B_ENCRYPTED_SECRET

    friend bool operator==(const Credential&, const Credential&) = default;
};

/// TPM2_MakeCredential without a TPM [TPM2 Part 1, Credential Protection]. `secret` is at most the digest
/// size of the EK's name algorithm. The name is the caller's own computation (name_of), never the host's
/// word.
Result<Credential>
make_credential(const EndorsementKey& ek, Bytes ak_name, const Secret& secret, Random& random);

/// TPM2_ActivateCredential once the seed is recovered: the part that MakeCredential and a TPM share, here so
/// that a software TPM in tests opens what make_credential made.
Result<Secret> open_credential(const PublicArea& ek, const Secret& seed, Bytes ak_name, Bytes blob);

} // namespace vouchsafe::tpm
