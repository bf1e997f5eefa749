// Which challenges were answered: bounded, and forgotten once they have expired anyway.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

namespace vouchsafe::attestation {

using ChallengeId = std::array<std::uint8_t, 16>;

class UsedChallenges {
public:
    explicit UsedChallenges(std::size_t most = std::size_t{1} << 16U) : most_(most) {}

    /// Notes the challenge as used until it expires. `untrusted` at "challenge.used" when it was before,
    /// `expired` at "challenge.expired" when its time has passed, `unavailable` at "challenge.busy" when more
    /// are in use than can be remembered.
    Result<void> use(const ChallengeId& id, BootTime expires, BootTime now);

    std::size_t size() const { return used_.size(); }

private:
    std::size_t most_;
    std::map<ChallengeId, BootTime> used_;
};

} // namespace vouchsafe::attestation
