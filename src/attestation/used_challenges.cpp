#include "attestation/used_challenges.h"

namespace vouchsafe::attestation {

Result<void> UsedChallenges::use(const ChallengeId& id, BootTime expires, BootTime now) {
    if (expires <= now)
        return fail(Errc::expired, "challenge.expired", "answered too late");
    if (used_.contains(id))
        return fail(Errc::untrusted, "challenge.used", "answered before");
    if (used_.size() >= most_)
        std::erase_if(used_, [now](const auto& entry) { return entry.second <= now; });
    if (used_.size() >= most_)
        return fail(Errc::unavailable, "challenge.busy", "too many challenges are answered at once");
    used_.emplace(id, expires);
    return {};
}

} // namespace vouchsafe::attestation
