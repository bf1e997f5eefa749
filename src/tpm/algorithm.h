// TPM 2.0: the structures that a host's evidence is made of, as values; names, credentials, and the
// verification of quotes. No device is needed here (that is tpmdev).
//
//     bytes -> PublicArea -> AttestationKey, EndorsementKey     a check leaves a type behind
//     attest, signature, AttestationKey -> VerifiedQuote        the only way to believe PCR values
//     EndorsementKey, AK name, secret -> Credential             what only that TPM can open
//
// Names of structures are those of [TPM2 Part 2]. This header: the algorithm identifiers.
#pragma once

#include "crypto/digest.h"

#include <cstdint>
#include <optional>

namespace vouchsafe::tpm {

/// [TPM2 Part 2, TPM_ALG_ID]: the identifiers that this library knows.
enum class AlgId : std::uint16_t {
    rsa = 0x0001,
    sha1 = 0x0004,
    aes = 0x0006,
    sha256 = 0x000B,
    sha384 = 0x000C,
    sha512 = 0x000D,
    null = 0x0010,
    sm3_256 = 0x0012,
    rsassa = 0x0014,
    rsaes = 0x0015,
    rsapss = 0x0016,
    oaep = 0x0017,
    ecdsa = 0x0018,
    ecdh = 0x0019,
    ecc = 0x0023,
    cfb = 0x0043,
};

/// [TPM2 Part 2, TPM_ECC_CURVE]
enum class EccCurve : std::uint16_t { nist_p256 = 0x0003, nist_p384 = 0x0004, nist_p521 = 0x0005 };

AlgId to_alg_id(crypto::HashAlg hash);
std::optional<crypto::HashAlg> to_hash(AlgId id);

} // namespace vouchsafe::tpm
