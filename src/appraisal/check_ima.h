// The IMA list against the quote, PCR by PCR: a policy may measure into others than PCR 10. For this
// library's own use.
#pragma once

#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "eventlog/ima.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace vouchsafe::appraisal {

/// PCRs that entries may be in: below are firmware's and the boot loader's, above those that can be reset.
inline constexpr std::uint32_t first_ima_pcr = 10;
inline constexpr std::uint32_t last_ima_pcr = 15;

/// PCR 10, and of the others that may be those that the list's entries or the entries before it are in.
std::set<std::uint32_t> ima_pcrs(const eventlog::ImaList& list, const std::optional<ImaPosition>& position);

/// What the first entry of a list finds in the PCRs that IMA extends.
struct ImaBegin {
    std::set<std::uint32_t> pcrs;
    /// Other than PCR 10, and extended by firmware's or userspace's log too.
    std::set<std::uint32_t> shared;
    /// Values of all of them, one of which is right: userspace's log, or its words, end somewhere.
    std::vector<std::map<Algorithm, PcrBank>> starts;
};

struct ImaQuoted {
    const eventlog::ImaList& list;
    bool present = false; ///< the list is in the evidence
    const std::optional<ImaPosition>& position;
    const ImaBegin& begin;
    const QuotedPcrs& quoted; ///< with PCR 10 in each bank
};

struct ImaCheck {
    std::vector<Reason> reasons; ///< ima.absent, ima.pcr, ima.position, ima.replay, ima.shared_pcr
    std::size_t entries = 0;     ///< of the list that the quote covers
    /// The quoted values after them; none where the next list cannot go on from there.
    std::map<Algorithm, PcrBank> values;
};

/// One prefix of the list leads to the quoted value of every PCR that IMA extends, in every bank.
ImaCheck check_ima(const ImaQuoted& question);

} // namespace vouchsafe::appraisal
