// What userspace extended into PCRs after firmware, against the quote and systemd's grammar. For this
// library's own use.
#pragma once

#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "appraisal/userspace_log.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

using Banks = std::map<Algorithm, PcrBank>;

/// PCRs from here on may be reset while the system runs, so that no log of the boot can lead to them.
inline constexpr std::uint32_t first_resettable_pcr = 16;

/// PCRs below first_resettable_pcr that the records extend.
std::set<std::uint32_t> extended_pcrs(const UserspaceLog& log);

/// One way in which userspace may have left PCRs that IMA went on with.
using LeftByUserspace = std::vector<Banks>;

/// So many of these are tried, the latest first: a PCR that IMA goes on with is systemd's for a few records.
inline constexpr std::size_t most_left_by_userspace = 16;

struct UserspaceReplay {
    std::size_t records = 0; ///< longest prefix of the log that leads to the quoted values
    LeftByUserspace left; ///< the shared PCRs after that prefix, and after shorter ones that lead there too
    std::vector<Reason> reasons; ///< userspace.bank, userspace.replay
};

/// The records against every quoted bank, from the values that firmware left in `firmware`: one prefix of
/// the log leads to the quoted value of each of its PCRs in each bank, but for those that are `shared`, which
/// IMA went on with. What follows is not in the quote.
UserspaceReplay replay_userspace(const UserspaceLog& log,
                                 const Banks& firmware,
                                 const QuotedPcrs& quoted,
                                 const std::set<std::uint32_t>& shared = {});

/// Where there is no record of PCR 11: whether the words that systemd 252 extends as a boot goes on lead from
/// `firmware` to the quoted PCR 11, up to the same word in every bank.
bool reached_by_phases(const Banks& firmware, const QuotedPcrs& quoted);

/// The same where IMA went on with PCR 11: what it may have been after each of the words, and before them.
LeftByUserspace left_by_phases(const Banks& firmware, const QuotedPcrs& quoted);

/// What firmware left in these PCRs, as far as they are quoted.
Banks values_before(const Banks& firmware, const std::set<std::uint32_t>& pcrs, const QuotedPcrs& quoted);

/// Stage 6 of appraise: each record's kind has its place. systemd's phases go to PCR 11, in order; the
/// NV indices that it sets up go to PCR 9; PCR 15 and those that can be reset are free, for nothing judges
/// them; nothing else is extended.
std::vector<Reason> check_userspace_grammar(const UserspaceLog& log, Algorithm bank);

} // namespace vouchsafe::appraisal
