#include "keyprovider/quotas.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

constexpr std::int64_t one_release = 60'000; ///< parts
constexpr std::chrono::minutes between_alarms{1};

bool within(const std::optional<BootTime>& time, BootTime now, std::chrono::milliseconds span) {
    return time && now - *time < span;
}

} // namespace

Quotas::Bucket& Quotas::filled(const Name& name, const inventory::Quota& quota, BootTime now) {
    const std::int64_t full = quota.burst * one_release;
    const auto [found, made] = buckets_.try_emplace(name, Bucket{.parts = full, .filled = now});
    Bucket& bucket = found->second;
    // More milliseconds than fill it make no difference, and would overflow.
    const std::int64_t elapsed =
        std::clamp<std::int64_t>((now - bucket.filled).count(), 0, full / quota.per_minute + 1);
    bucket.parts = std::min(full, bucket.parts + elapsed * quota.per_minute);
    bucket.filled = now;
    return bucket;
}

OverQuota Quotas::wait(Bucket& bucket, QuotaOf of, const inventory::Quota& quota, BootTime now) {
    const std::int64_t missing = one_release - bucket.parts;
    const std::chrono::milliseconds until((missing + quota.per_minute - 1) / quota.per_minute);
    OverQuota out{.quota = of,
                  .retry_after =
                      std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(until)),
                  .alarm = {}};
    bucket.waited = now;
    ++bucket.untold;
    if (!within(bucket.told, now, between_alarms)) {
        out.alarm = std::exchange(bucket.untold, 0);
        bucket.told = now;
    }
    return out;
}

std::optional<OverQuota> Quotas::take(const inventory::Provider& provider, const HostId& host, BootTime now) {
    const std::scoped_lock lock(mutex_);
    Bucket& of_host = filled({provider.uid, host.text}, provider.policy.host_quota, now);
    Bucket& of_all = filled({provider.uid, {}}, provider.policy.quota, now);
    if (of_host.parts < one_release)
        return wait(of_host, QuotaOf::host, provider.policy.host_quota, now);
    if (of_all.parts < one_release)
        return wait(of_all, QuotaOf::all, provider.policy.quota, now);
    of_host.parts -= one_release;
    of_all.parts -= one_release;
    return std::nullopt;
}

Quotas::Hits Quotas::hits(const std::string& provider_uid, BootTime now) const {
    const std::scoped_lock lock(mutex_);
    Hits out;
    for (auto at = buckets_.lower_bound({provider_uid, {}});
         at != buckets_.end() && at->first.first == provider_uid;
         ++at) {
        if (!within(at->second.waited, now, quota_warning))
            continue;
        if (at->first.second.empty())
            out.all = true;
        else
            ++out.hosts;
    }
    return out;
}

void Quotas::retain(const inventory::AuthorityState& state, BootTime now) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(buckets_, [&](const auto& entry) {
        const auto& [name, bucket] = entry;
        const inventory::Provider* const provider = state.provider_by_uid(name.first);
        if (provider == nullptr)
            return true;
        const inventory::Quota& quota =
            name.second.empty() ? provider->policy.quota : provider->policy.host_quota;
        const std::int64_t missing = quota.burst * one_release - bucket.parts;
        const bool full = (now - bucket.filled).count() >= missing / quota.per_minute + 1;
        return full && !within(bucket.waited, now, quota_warning);
    });
}

} // namespace vouchsafe::keyprovider
