// How often a provider's generation was used on a day. Loss costs an operator's knowledge, never trust.
#pragma once

#include "base/clock.h"

#include <cstdint>
#include <string>

namespace vouchsafe::inventory {

struct GenerationUse {
    std::string provider; ///< uid
    std::uint32_t generation = 0;
    std::int64_t day = 0;      ///< since 1970-01-01, UTC
    std::int64_t releases = 0; ///< on that day
    SysTime last;              ///< on that day

    friend bool operator==(const GenerationUse&, const GenerationUse&) = default;
};

} // namespace vouchsafe::inventory
