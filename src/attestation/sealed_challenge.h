// The challenge state: all that this authority host must know when the evidence comes, kept by the host that
// is challenged, sealed so that it can neither read nor change it.
#pragma once

#include "attestation/used_challenges.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "inventory/enrolment.h"
#include "protocol/statement.h"
#include "tpm/pcr.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::attestation {

/// How the endorsement of an EK was judged.
struct Endorsement {
    std::optional<std::string> ca;      ///< name of the CA that its certificate leads to
    std::optional<Buffer> certificate;  ///< DER, of that path
    bool lab = false;                   ///< that CA is one of software TPMs
    bool registered = false;            ///< the EK was registered
    inventory::TpmModel tpm;            ///< as the certificate says; empty without one
    std::optional<std::string> failure; ///< code of the reason for which it does not suffice

    friend bool operator==(const Endorsement&, const Endorsement&) = default;
};

/// Certificates of an EK in a challenge state, in total; a chain of TPM makers has less than 8 KiB.
inline constexpr std::size_t max_kept_certificates = std::size_t{16} << 10U;

struct ChallengeState {
    ChallengeId id{};
    AuthorityHostId authority_host;
    Buffer nonce;
    HostId host;
    std::string ek_digest;               ///< hex
    Buffer ek_public;                    ///< TPMT_PUBLIC
    std::vector<Buffer> ek_certificates; ///< DER, as the host sent them; none beyond max_kept_certificates
    Buffer ak_public;                    ///< TPMT_PUBLIC
    Endorsement endorsement;
    std::string label;
    tpm::PcrSelectionList selection;
    crypto::HashAlg policy_bank = crypto::HashAlg::sha256;
    protocol::QuotePurpose purpose = protocol::QuotePurpose::attest;
    std::int64_t revision = 0; ///< of the authority state
    std::int64_t epoch = 0;
    BootTime expires{}; ///< of this authority host's boot
    std::optional<inventory::LogPosition>
        ima_start;            ///< where the IMA list is to go on; absent: the whole list
    Secret credential_secret; ///< empty: activation was not asked for
};

/// nonce ‖ AES-256-GCM(state) under the process's key.
Buffer seal(const ChallengeState& state, const Secret& process_key, Random& random);

/// `untrusted` at "challenge.foreign": not sealed by this process.
Result<ChallengeState> open_challenge(Bytes sealed, const Secret& process_key);

} // namespace vouchsafe::attestation
