// The quote inside a release request, held against what the host attested: freshness "strict" [design 3.3].
#pragma once

#include "attestation/judgement.h"
#include "attestation/references.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/enrolment.h"
#include "inventory/state.h"
#include "protocol/release_quote.h"
#include "protocol/statement.h"
#include "token/results.h"
#include "tpm/keys.h"
#include "tpm/quote.h"

#include <optional>
#include <string>

namespace vouchsafe::attestation {

/// What is remembered of a quote that made its host trusted.
inventory::AcceptedQuote accepted_quote(const ProvenHost& host);

/// firmwareVersion as it is kept and put on record: hex.
std::string tpm_firmware_of(const tpm::VerifiedQuote& quote);

/// A quote that came with a release request, and the request it must be about.
struct ReleaseQuoteQuestion {
    const protocol::ReleaseQuote& quote;
    Bytes nonce;                        ///< that the session gave out, not used before
    const protocol::ReleasePart& about; ///< the session, and the digest of the request
    const token::KeyAccess& token;      ///< that the session was opened with
    const inventory::AuthorityState& state;
    SysTime now;
};

/// What the quote is held against.
struct Attested {
    const inventory::Enrolment& enrolment; ///< approved, of the token's EK and AK
    const tpm::AttestationKey& ak;         ///< the enrolled one
    const std::optional<inventory::HostObservation>& last;
    const References& references; ///< of the question's state
};

/// check_release_quote establishes, in this order of `where`:
///  freshness.attested     the attestation that made the token is the last one, and it was accepted
///  freshness.quote        the quote verifies (tpm::verify_quote) by the enrolled AK, over nonce and
///                         statement, with the selection of that attestation
///  freshness.statement    the statement can be read
///  freshness.purpose      it was made for a release
///  freshness.session      in this session
///  freshness.request      of these operations
///  freshness.anchor       under this cluster's anchor
///  freshness.host         by this host
///  freshness.release_key  that holds the token's release key
///  freshness.boot         in the boot that was attested: the boot id is the same
///  freshness.log          it names the IMA list that was sent, and no other log
///  freshness.firmware     the TPM's firmware is the one that was attested
///  freshness.counters     resetCount and restartCount are those attested, and the clock went on
///  freshness.pcr          every PCR of every bank is as it was attested, but for those that the kept
///  position
///                         in the IMA list has a value of: they may have gone on
///  freshness.ima          what was listed since leads to it and is approved (appraisal::appraise_increment)
/// Every failure is `untrusted`. What a host can mend, it mends by attesting again.
Result<void> check_release_quote(const ReleaseQuoteQuestion& question, const Attested& attested);

} // namespace vouchsafe::attestation
