// A TPM 2.0, by device or by socket: what the agent asks of it. The only user of tss2-esys.
//
// A device object is used from one thread at a time. Whatever it loads it flushes again, so that it also
// works where no resource manager stands between it and the TPM (swtpm's socket); only the AK stays loaded.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "tpm/credential.h"
#include "tpm/keys.h"
#include "tpm/pcr.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::tpmdev {

/// What the TPM says about itself; not signed, so for people only.
struct TpmFacts {
    std::string manufacturer;     ///< four letters, such as "IBM"
    std::string model;            ///< vendor strings, such as "SW TPM"
    std::string firmware_version; ///< "8217.4131.18.19": four numbers of 16 bits
    std::vector<crypto::HashAlg> implemented_banks;
    tpm::PcrSelectionList allocated; ///< banks with at least one PCR

    friend bool operator==(const TpmFacts&, const TpmFacts&) = default;
};

/// The endorsement key in use and the certificates found for it.
struct Endorsement {
    Buffer ek_public;                 ///< TPMT_PUBLIC
    std::vector<Buffer> certificates; ///< DER; the EK's own first; empty where the TPM carries none
};

/// What makes the AK: kept in the agent's state, readable by the agent alone.
struct AttestationKeySeed {
    Secret unique; ///< 64 random bytes, the template's `unique`: without them nobody makes this key again
    Secret auth;   ///< authValue, 32 random bytes
};

struct QuoteAnswer {
    Buffer attest;    ///< TPMS_ATTEST
    Buffer signature; ///< TPMT_SIGNATURE
    tpm::PcrValues values;
};

class TpmDevice {
public:
    /// `tcti` as tss2 names it: "device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock".
    static Result<TpmDevice> open(const std::string& tcti);

    TpmDevice(TpmDevice&&) noexcept;
    TpmDevice& operator=(TpmDevice&&) noexcept;
    ~TpmDevice();

    Result<TpmFacts> facts();

    /// The EK with a certificate of its own, by template L-1, L-2, H-1, H-2, H-3 (RSA-2048, P-256, P-384);
    /// where none has one, the first of these that the TPM can make. A persistent key is used where it is the
    /// right one, else it is made again.
    Result<Endorsement> endorsement();

    /// Kinds that the TPM says it can make, the best first: ECC P-256, ECC P-384, RSA-2048.
    Result<std::vector<tpm::AkKind>> attestation_key_kinds();

    /// Makes the AK, a primary of the endorsement hierarchy, and keeps it loaded: ECDSA with SHA-256 on P-256
    /// or SHA-384 on P-384, or RSA-2048 with RSASSA and SHA-256, which is slow to make and therefore kept at
    /// `kept_ak_handle` where the TPM allows it. The same seed makes the same key. Answers TPMT_PUBLIC.
    Result<Buffer> load_attestation_key(const AttestationKeySeed& seed, tpm::AkKind kind);

    /// The same, of the first of `attestation_key_kinds` that the TPM makes indeed.
    Result<Buffer> load_attestation_key(const AttestationKeySeed& seed);

    /// TPM2_ActivateCredential with the EK of `endorsement` and the loaded AK.
    Result<Secret> activate_credential(const tpm::Credential& credential);

    /// A quote by the loaded AK and the values it covers; repeated while PCRs move between the two.
    Result<QuoteAnswer> quote(const tpm::PcrSelectionList& selection, Bytes qualifying_data);

    /// The selected values, of allocated banks only.
    Result<tpm::PcrValues> read_pcrs(const tpm::PcrSelectionList& selection);

    /// Extends one PCR in every bank given: for tests and for replaying a recorded boot into a software TPM.
    Result<void> extend(unsigned pcr, const std::vector<std::pair<crypto::HashAlg, Buffer>>& digests);

private:
    struct Impl;
    explicit TpmDevice(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::tpmdev
