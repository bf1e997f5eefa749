// Positions in a host's IMA list: kept with an accepted result, so that the next attestation of the same boot
// sends and judges only what is new [design 3.2].
#pragma once

#include "appraisal/appraise.h"
#include "attestation/judgement.h"
#include "attestation/references.h"
#include "base/clock.h"
#include "inventory/enrolment.h"
#include "protocol/challenge.h"

#include <cstdint>
#include <optional>

namespace vouchsafe::attestation {

struct PositionQuestion {
    const protocol::KnownPosition& claimed; ///< by the host
    const std::optional<inventory::HostObservation>& last;
    const inventory::Enrolment& enrolment; ///< approved, with the AK of the challenge
    std::int64_t epoch = 0;                ///< of this moment
    const References& references;
    SysTime now;
};

/// The position that was kept, where the list may go on from it: the last result was of this enrolment's AK,
/// it was accepted in this trust epoch by a base image that still holds, and it ended at the count and the
/// values that the host names. Absent otherwise: the whole list is to come. Whether the boot is still the
/// same is seen when it is proven (check_position).
std::optional<inventory::LogPosition> agreed_position(const PositionQuestion& question);

/// ima.position: the list goes on from a position of another boot: counters or boot id are not those kept.
Reasons check_position(const ProvenHost& host);

/// What is kept with an accepted result: `appraisal` was trusted, at trust epoch `epoch`.
inventory::LogPosition
accepted_position(const ProvenHost& host, const appraisal::Appraisal& appraisal, std::int64_t epoch);

/// The same, as the host names it at its next attestation: by the values of PCR 10.
protocol::KnownPosition to_known(const inventory::LogPosition& position);

/// The same, as the appraisal goes on from it.
std::optional<appraisal::ImaPosition> start_of(const std::optional<inventory::LogPosition>& position);

/// The TPM's name of a bank in the appraisal's words.
appraisal::Algorithm to_algorithm(crypto::HashAlg bank);

} // namespace vouchsafe::attestation
