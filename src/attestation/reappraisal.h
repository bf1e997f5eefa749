// Kept evidence judged by other rules than those of its time: offline, and for a change that is only thought
// of. The steps are those of AttestationService::evidence, by the same functions.
#pragma once

#include "attestation/kept_evidence.h"
#include "attestation/references.h"
#include "attestation/verdict.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/state.h"
#include "json/value.h"

namespace vouchsafe::attestation {

/// What kept evidence is judged by.
struct Rules {
    const inventory::AuthorityState& state; ///< with an enrolment of the host, as it counts now
    const References& references;           ///< of that state
    SysTime now;                            ///< that images and certificates must be valid at
};

/// Judges what reprove gave. The endorsement is judged anew, from the certificates that the host sent.
/// Waiting IMA entries are judged as of the time when the evidence came. Where the service would put the
/// enrolment back to pending, the outcome is pending, with the reason "enrolment.ak_changed" or
/// "enrolment.counters_went_back"; without an enrolment, or with a removed one, it is refused with
/// "enrolment.absent" or "enrolment.removed".
Verdict reappraise(Reproven& evidence, const KeptEvidence& kept, const Rules& rules);

/// What was established, step by step, as rows for people and programs:
/// [{"name","result":"yes"|"no"|"not reached","detail"}]. A step is reached when those before it that stop a
/// judgement held.
json::Value steps_of(const Reproven& evidence, const KeptEvidence& kept, const Verdict& verdict);

} // namespace vouchsafe::attestation
