// How often keys were released under each generation of a provider: what tells when one can be retired.
#pragma once

#include "base/clock.h"
#include "inventory/generation_use.h"
#include "inventory/state.h"
#include "keyprovider/gate.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

/// For how long uses are remembered.
inline constexpr std::chrono::days uses_kept{90};

/// Counts by day (UTC), in memory; whoever owns it loads it at start and saves what changed now and then, so
/// that a process which ends suddenly loses the count of its last moments and nothing else. Rewraps are not
/// counted: the blob is one that is left behind. Safe for several threads.
class GenerationUses {
public:
    /// Takes up what was saved.
    void load(const std::vector<inventory::GenerationUse>& saved);

    /// A key was released under the generation of `about`.
    void count(const Target& about, SysTime now);

    /// What was counted since the last call, as whole days, to be saved over what was.
    std::vector<inventory::GenerationUse> take_changed();

    /// They could not be saved: the next call gives them again.
    void put_back(const std::vector<inventory::GenerationUse>& unsaved);

    struct Summary {
        std::int64_t releases = 0; ///< in the last days asked for, today included
        std::optional<SysTime> last;
    };

    Summary summary(const std::string& provider_uid,
                    std::uint32_t generation,
                    SysTime now,
                    std::chrono::days days) const;

    /// Forgets days before oldest_kept, and providers that the state does not have.
    void retain(const inventory::AuthorityState& state, SysTime now);

    /// The first day that is remembered, in days since 1970.
    static std::int64_t oldest_kept(SysTime now);

private:
    using Name = std::pair<std::string, std::uint32_t>; ///< provider uid, generation

    struct Day {
        inventory::GenerationUse use;
        bool changed = false;
    };

    mutable std::mutex mutex_;
    std::map<Name, std::map<std::int64_t, Day>> days_; ///< by day
};

} // namespace vouchsafe::keyprovider
