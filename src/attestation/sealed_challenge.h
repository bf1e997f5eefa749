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

struct ChallengeState {
    ChallengeId id{};
    AuthorityHostId authority_host;
    Buffer nonce;
    HostId host;
    std::string ek_digest; ///< hex
    Buffer ek_public;      ///< TPMT_PUBLIC
    Buffer ak_public;      ///< TPMT_PUBLIC
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
