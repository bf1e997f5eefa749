#include "keyprovider/under_way.h"

namespace vouchsafe::keyprovider {

UnderWay::Request::~Request() {
    if (!counts_)
        return;
    const std::scoped_lock lock(counts_->mutex);
    const auto found = counts_->of_revision.find(state_->revision);
    if (--found->second == 0)
        counts_->of_revision.erase(found);
}

UnderWay::Request UnderWay::begin(const std::function<State()>& state) {
    const std::scoped_lock lock(counts_->mutex);
    State now = state();
    ++counts_->of_revision[now->revision];
    return {counts_, std::move(now)};
}

std::optional<std::int64_t> UnderWay::oldest() const {
    const std::scoped_lock lock(counts_->mutex);
    const auto& of_revision = counts_->of_revision;
    return of_revision.empty() ? std::nullopt : std::optional(of_revision.begin()->first);
}

} // namespace vouchsafe::keyprovider
