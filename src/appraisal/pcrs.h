// appraisal: pure judgement. Replay of logs against quoted PCRs, then evidence × reference values × policy
// → claims and tier, with a reason for every refusal. It verifies no signature (tpm does) and asks nobody:
// time, policy and references come in as values.
//
// This header: PCR values by bank.
#pragma once

#include "base/bytes.h"
#include "eventlog/algorithm.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace vouchsafe::appraisal {

using eventlog::Algorithm;

inline constexpr std::uint32_t pcr_ima = 10; ///< the kernel's own choice [Linux, CONFIG_IMA_MEASURE_PCR_IDX]

using PcrBank = std::map<std::uint32_t, Buffer>; ///< PCR index → value

/// Values that a verified quote covers, for every allocated bank. Whoever makes one vouches for that.
struct QuotedPcrs {
    std::map<Algorithm, PcrBank> banks;
};

/// A place in a host's IMA list: so many entries, after which the PCRs that they are in had these values.
struct ImaPosition {
    std::size_t entries = 0;
    std::map<Algorithm, PcrBank> values; ///< with PCR 10; none: no list can go on from here
    std::string image = {};              ///< version of the base image that the entries were judged by

    bool can_go_on() const { return entries > 0 && !values.empty(); }

    friend bool operator==(const ImaPosition&, const ImaPosition&) = default;
};

/// A PCR of nothing but zeros (or, before the first extend, the dynamic PCRs' ones are not meant).
bool is_zero(Bytes value);

} // namespace vouchsafe::appraisal
