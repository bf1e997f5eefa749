// The IMA list in the stages of appraise: what it leads to, and what a base image says of it. For this
// library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/check_ima.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "eventlog/ima.h"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace vouchsafe::appraisal {

/// A host's list, and what was found of it in the stages before.
struct ImaEvidence {
    const eventlog::ImaList& list;
    bool present = false;                    ///< the host sent one
    const std::optional<ImaPosition>& start; ///< that the list goes on from
    const ImaBegin& begin;
    const QuotedPcrs& quoted;
    /// Of the PCRs that userspace's log and IMA extended after firmware (check_replay).
    const std::map<Algorithm, PcrBank>& left_by_firmware;

    /// Entries accepted before the list; their boot aggregate was judged then.
    std::size_t entries_before() const { return start ? start->entries : 0; }
};

struct ImaOutcome {
    std::vector<Reason> reasons;
    ImaPosition end;         ///< what the quote covers, of no image yet
    std::size_t pending = 0; ///< entries that it does not cover
};

/// Stage 7 of appraise.
ImaOutcome check_ima_stage(const ImaEvidence& evidence);

/// Why an image that covers userspace by IMA does not cover what has run since the boot, where the quote
/// covers the list up to `end`: of stage 11 of appraise.
std::vector<Reason>
judge_ima_stage(const BaseImage& image, const ImaEvidence& evidence, const ImaPosition& end);

} // namespace vouchsafe::appraisal
