// The files of a quote as TPM tools write them, in any of their forms.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "tpm/attest.h"
#include "tpm/pcr.h"
#include "tpm/public_area.h"

#include <optional>

namespace vouchsafe::appraisal {

struct SigningKey {
    crypto::PublicKey key;
    std::optional<tpm::PublicArea> area; ///< only TPM forms say what the key may do
};

/// TPM2B_PUBLIC, TPMT_PUBLIC, SubjectPublicKeyInfo in DER or PEM, or a certificate in PEM.
Result<SigningKey> read_signing_key(Bytes file);

/// TPMS_ATTEST, with the size before it (TPM2B_ATTEST) or not.
Bytes read_attest(Bytes file);

struct SignatureFile {
    tpm::Signature signature;
    bool bare = false; ///< nothing in the file says the scheme: RSASSA or ECDSA with SHA-256 is a guess
};

/// TPMT_SIGNATURE, or the bare bytes of an RSA signature or of an ECDSA-Sig-Value in DER by `key`.
Result<SignatureFile> read_signature(Bytes file, const crypto::PublicKey& key);

/// PCR values, those that `selection` names, in one of these forms:
///   the values one after the other, in the order of the selection;
///   tpm2-tools' serialised form: a TPML_PCR_SELECTION and TPML_DIGESTs in the C layout, little-endian;
///   text, a line for each: bank, PCR, value (the last column that has one); or "bank:", then "PCR: value";
///   JSON: {bank:{"N":hex}}, alone or as the member "pcrs" of what `inspect` prints.
/// At most 1 MiB. `malformed` at "quote.pcrs", with the line where there are lines.
Result<tpm::PcrValues> read_pcr_values(Bytes file, const tpm::PcrSelectionList& selection);

} // namespace vouchsafe::appraisal
