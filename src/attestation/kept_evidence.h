// Evidence as it is kept, in the store and in files: the message as it came, with all else that a judgement
// of it depends on. The same bytes can be judged again by other rules, with no server at hand.
//
// The bytes (version 1): "VSEV" ‖ version (8 bits) ‖ size of the circumstances (32, big-endian) ‖
// circumstances ‖ message. The circumstances are canonical JSON; docs/formats.md has their members.
//
// Nobody signs them. What the host vouches for (quote, logs, statement) proves itself; the rest (enrolment,
// activation, what was observed before) is the word of whoever hands the file on.
#pragma once

#include "attestation/verdict.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/enrolment.h"
#include "protocol/evidence.h"

#include <cstddef>
#include <optional>
#include <string>

namespace vouchsafe::attestation {

inline constexpr std::size_t max_circumstances_bytes = std::size_t{256} << 10U;
inline constexpr std::size_t max_kept_evidence_bytes =
    protocol::max_evidence_bytes + max_circumstances_bytes + 9;

struct KeptEvidence {
    std::string anchor;       ///< hex; of the authority cluster that judged
    ChallengeState challenge; ///< without id, expiry and secret; `endorsement` is judged anew each time
    bool activated = false;   ///< a credential was asked for, and opened
    SysTime received;
    protocol::Outcome outcome = protocol::Outcome::refused; ///< as it was judged then
    inventory::Enrolment enrolment;
    std::optional<inventory::HostObservation> last; ///< before this evidence; no tokens, reasons or PCRs
    Buffer message;                                 ///< the evidence as it came
};

/// Where evidence comes from that was just judged.
struct Judged {
    const ProvenHost& host;
    const std::string& anchor;
    const std::optional<inventory::HostObservation>& last;
    SysTime received;
};

KeptEvidence keep(const Judged& from, const Verdict& verdict, Bytes message);

Buffer encode(const KeptEvidence& evidence);

/// parse_kept_evidence establishes, `malformed` otherwise ("kept_evidence.*"; its sizes `too_large`):
///  1 the magic, and version 1                2 both parts are within their limits
///  3 the circumstances are canonical JSON with exactly the members of the format
///  4 enrolment and last observation are of one host
/// The message is not looked at.
Result<KeptEvidence> parse_kept_evidence(Bytes bytes);

/// What the evidence proves of itself.
struct Reproven {
    ProvenHost host;
    protocol::Evidence evidence;
};

/// reprove establishes, from the bytes alone:
///  1 the message is evidence                                      "evidence.*"
///  2 the EK follows a template of the TCG's; host id and EK digest are computed from it   "ek.*"
///  3 the enrolment is of this host and EK                         "kept_evidence.enrolment"
///  4 the nonce has its size                                       "kept_evidence.nonce"
///  5 the quote verifies, over nonce and statement (tpm::verify_quote)   "quote.*", "ak.*"
///  6 the statement can be read                                    "statement.*"
Result<Reproven> reprove(const KeptEvidence& kept);

} // namespace vouchsafe::attestation
