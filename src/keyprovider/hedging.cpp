#include "keyprovider/hedging.h"

#include <algorithm>
#include <vector>

namespace vouchsafe::keyprovider {

Hedging::Lately& Hedging::lately(const std::string& provider_uid) {
    return providers_.try_emplace(provider_uid, Lately{.saved = options_.requests_for_one}).first->second;
}

std::optional<std::chrono::milliseconds> Hedging::begin(const std::string& provider_uid) {
    constexpr std::size_t percent = 99;
    const std::scoped_lock lock(mutex_);
    Lately& here = lately(provider_uid);
    here.saved = std::min(here.saved + 1, options_.most_saved * options_.requests_for_one);
    if (here.answers.empty())
        return std::nullopt;
    std::vector<std::chrono::milliseconds> sorted(here.answers.begin(), here.answers.end());
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) * percent / 100);
    std::ranges::nth_element(sorted, at);
    return std::max(*at, options_.least);
}

bool Hedging::take(const std::string& provider_uid) {
    const std::scoped_lock lock(mutex_);
    Lately& here = lately(provider_uid);
    if (here.saved < options_.requests_for_one)
        return false;
    here.saved -= options_.requests_for_one;
    return true;
}

void Hedging::answered(const std::string& provider_uid, std::chrono::milliseconds after) {
    const std::scoped_lock lock(mutex_);
    Lately& here = lately(provider_uid);
    here.answers.push_back(after);
    if (here.answers.size() > options_.answers)
        here.answers.pop_front();
}

void Hedging::retain(const inventory::AuthorityState& state) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(providers_,
                  [&](const auto& entry) { return state.provider_by_uid(entry.first) == nullptr; });
}

} // namespace vouchsafe::keyprovider
