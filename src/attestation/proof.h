// What makes a machine a proven host: a quote by its attestation key over the challenge and its statement.
#pragma once

#include "attestation/judgement.h"
#include "attestation/sealed_challenge.h"
#include "base/bytes.h"
#include "base/result.h"
#include "protocol/evidence.h"
#include "tpm/keys.h"
#include "tpm/quote.h"

#include <string_view>
#include <vector>

namespace vouchsafe::attestation {

/// The keys of a TPMT_PUBLIC, judged: "ek.*" and "ak.*" where they are none.
Result<tpm::EndorsementKey> read_ek(Bytes ek_public);
Result<tpm::AttestationKey> read_ak(Bytes ak_public);

/// The values as a quote is verified with; `malformed` at "evidence.pcrs" where a bank is given twice.
Result<tpm::PcrValues> values_of(const std::vector<protocol::PcrBank>& banks);

/// tpm::verify_quote of the evidence with the challenge's selection and nonce. `ak` is the challenge's.
/// Whether the policy bank is allocated is judged of a proven host (appraise, 1): so it is told, and its
/// administrator.
Result<tpm::VerifiedQuote> verify_challenged_quote(const ChallengeState& challenge,
                                                   const tpm::AttestationKey& ak,
                                                   const protocol::Evidence& evidence);

/// What such a quote proves.
struct Proof {
    ChallengeState challenge;
    const tpm::AttestationKey& ak;
    tpm::VerifiedQuote quote;
    std::string_view statement; ///< that the quote covers
    Bytes body;                 ///< the evidence as it came
};

/// The host, with its statement read.
Result<ProvenHost> proven_host(Proof proof);

} // namespace vouchsafe::attestation
