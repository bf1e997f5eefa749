// Releases limited, per host and in all, by the quotas of each provider.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "inventory/state.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::keyprovider {

enum class QuotaOf : std::uint8_t { host, all };

/// A release that has to wait.
struct OverQuota {
    QuotaOf quota = QuotaOf::host;
    std::chrono::seconds retry_after{1}; ///< when there may be room for one; at least 1
    /// When somebody is to be told: how many had to wait since that was last done, this one included. Once a
    /// minute at most for one quota, so that a flood fills no log.
    std::optional<std::int64_t> alarm;
};

/// How long after a release had to wait a provider counts as being at its limit.
inline constexpr std::chrono::minutes quota_warning{10};

/// Token buckets, full at first and after a restart: one for each provider, and one for each host that it
/// serves. Safe for several threads.
class Quotas {
public:
    /// Takes one release out of both buckets, or none out of either.
    std::optional<OverQuota> take(const inventory::Provider& provider, const HostId& host, BootTime now);

    struct Hits {
        std::int64_t hosts = 0; ///< that had to wait within quota_warning
        bool all = false;       ///< all hosts together had to
    };

    Hits hits(const std::string& provider_uid, BootTime now) const;

    /// Forgets what says no more than a new bucket would, and providers that the state does not have.
    void retain(const inventory::AuthorityState& state, BootTime now);

private:
    struct Bucket {
        std::int64_t parts =
            0; ///< 1/60,000 of a release: as many come in a millisecond as releases in a minute
        BootTime filled{};
        std::optional<BootTime> waited{}; ///< when a release last had to
        std::optional<BootTime> told{};   ///< when an alarm was last due
        std::int64_t untold = 0;
    };

    using Name = std::pair<std::string, std::string>; ///< provider uid, host; the host is empty for all

    Bucket& filled(const Name& name, const inventory::Quota& quota, BootTime now);
    static OverQuota wait(Bucket& bucket, QuotaOf of, const inventory::Quota& quota, BootTime now);

    mutable std::mutex mutex_;
    std::map<Name, Bucket> buckets_;
};

} // namespace vouchsafe::keyprovider
