#include "keyprovider/uses.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

std::int64_t day_of(SysTime time) {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

} // namespace

void GenerationUses::load(const std::vector<inventory::GenerationUse>& saved) {
    const std::scoped_lock lock(mutex_);
    for (const inventory::GenerationUse& use : saved)
        days_[{use.provider, use.generation}][use.day] = {.use = use};
}

void GenerationUses::count(const Target& about, SysTime now) {
    const Name name{about.provider->uid, about.generation->number};
    const std::int64_t today = day_of(now);
    const std::scoped_lock lock(mutex_);
    Day& day = days_[name][today];
    day.use = {.provider = name.first,
               .generation = name.second,
               .day = today,
               .releases = day.use.releases + 1,
               .last = std::max(day.use.last, now)};
    day.changed = true;
}

std::vector<inventory::GenerationUse> GenerationUses::take_changed() {
    const std::scoped_lock lock(mutex_);
    std::vector<inventory::GenerationUse> out;
    for (auto& [name, days] : days_)
        for (auto& [number, day] : days)
            if (std::exchange(day.changed, false))
                out.push_back(day.use);
    return out;
}

void GenerationUses::put_back(const std::vector<inventory::GenerationUse>& unsaved) {
    const std::scoped_lock lock(mutex_);
    for (const inventory::GenerationUse& use : unsaved) {
        const auto [day, inserted] =
            days_[{use.provider, use.generation}].try_emplace(use.day, Day{.use = use});
        day->second.changed = true; // what was counted meanwhile is in it
    }
}

GenerationUses::Summary GenerationUses::summary(const std::string& provider_uid,
                                                std::uint32_t generation,
                                                SysTime now,
                                                std::chrono::days days) const {
    const std::int64_t first = day_of(now) - days.count() + 1;
    const std::scoped_lock lock(mutex_);
    Summary out;
    const auto found = days_.find({provider_uid, generation});
    if (found == days_.end())
        return out;
    for (const auto& [number, day] : found->second) {
        out.last = std::max(out.last.value_or(day.use.last), day.use.last);
        if (number >= first) // a day that a clock set back calls tomorrow counts too
            out.releases += day.use.releases;
    }
    return out;
}

std::int64_t GenerationUses::oldest_kept(SysTime now) {
    return day_of(now) - uses_kept.count();
}

void GenerationUses::retain(const inventory::AuthorityState& state, SysTime now) {
    const std::int64_t oldest = oldest_kept(now);
    const std::scoped_lock lock(mutex_);
    for (auto& [name, days] : days_)
        std::erase_if(days, [oldest](const auto& day) { return day.first < oldest; });
    std::erase_if(days_, [&state](const auto& entry) {
        return entry.second.empty() || state.provider_by_uid(entry.first.first) == nullptr;
    });
}

} // namespace vouchsafe::keyprovider
