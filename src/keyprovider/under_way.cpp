#include "keyprovider/under_way.h"

namespace vouchsafe::keyprovider {

UnderWay::Request UnderWay::begin(const std::function<State()>& state) {
    const std::scoped_lock lock(mutex_);
    State now = state();
    ++of_revision_[now->revision];
    return {*this, std::move(now)};
}

void UnderWay::end(std::int64_t revision) {
    const std::scoped_lock lock(mutex_);
    const auto found = of_revision_.find(revision);
    if (--found->second == 0)
        of_revision_.erase(found);
    if (of_revision_.empty())
        ended_.notify_all(); // under the lock: whoever waits may destroy this next
}

std::optional<std::int64_t> UnderWay::oldest() const {
    const std::scoped_lock lock(mutex_);
    return of_revision_.empty() ? std::nullopt : std::optional(of_revision_.begin()->first);
}

void UnderWay::wait_until_none() const {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return of_revision_.empty(); });
}

} // namespace vouchsafe::keyprovider
