// The judgement of a proven host: the same for evidence that just came and for evidence that was kept.
#pragma once

#include "appraisal/appraise.h"
#include "appraisal/weak_tpms.h"
#include "attestation/judgement.h"
#include "attestation/references.h"
#include "base/clock.h"
#include "inventory/enrolment.h"
#include "inventory/state.h"
#include "protocol/evidence.h"

#include <optional>
#include <string_view>
#include <vector>

namespace vouchsafe::attestation {

/// Everything that was decided about one host's evidence.
struct Verdict {
    protocol::Outcome outcome = protocol::Outcome::refused;
    Reasons reasons;                ///< all of them: for administrators
    appraisal::Appraisal appraisal; ///< of a host that failed before it: empty
    inventory::Enrolment enrolment; ///< in the state of this moment
    std::optional<inventory::PendingEntries> ima_pending;
    std::vector<appraisal::TpmFault> tpm_faults = {}; ///< refused, or tolerated by the settings
};

/// A proven host's evidence, and what it is judged by.
struct Judgement {
    const ProvenHost& host;
    const protocol::Evidence& evidence;
    const inventory::AuthorityState& state;
    const References& references;
    const appraisal::WeakTpms& weak_tpms;
    const std::optional<inventory::HostObservation>& last; ///< before this evidence
    SysTime received;                                      ///< when the evidence came
    SysTime now;                                           ///< that images must be valid at
};

/// check_statement and check_revocations: what refuses a host before anything else of it is looked at.
Reasons check_claims(const ProvenHost& host,
                     const protocol::Evidence& evidence,
                     const inventory::AuthorityState& state);

/// A refusal for such reasons.
Verdict refuse(const Judgement& of, const inventory::Enrolment& enrolment, Reasons reasons);

/// "ak_changed" or "counters_went_back" where an approved host is another machine until somebody says
/// otherwise; "" where it goes on from what was accepted.
std::string_view broken_continuity(const ProvenHost& host,
                                   const inventory::Enrolment& enrolment,
                                   const std::optional<inventory::HostObservation>& last);

/// Endorsement, faults of the TPM, boot, pending entries and the appraisal. Only an approved enrolment makes
/// a host trusted or refused.
Verdict judge(const Judgement& of, const inventory::Enrolment& enrolment);

} // namespace vouchsafe::attestation
