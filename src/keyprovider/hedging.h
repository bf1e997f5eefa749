// When a read that is under way at one key server is put to a second one as well, and how often.
#pragma once

#include "inventory/state.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace vouchsafe::keyprovider {

struct HedgeOptions {
    std::size_t answers = 200;           ///< of each provider that are looked at, the last ones
    std::chrono::milliseconds least{10}; ///< nobody is asked twice before that
    unsigned requests_for_one = 20;      ///< so many requests allow one more: 5 %
    unsigned most_saved = 5;             ///< of those
};

/// Of reads alone, which may be done twice. For several threads.
class Hedging {
public:
    explicit Hedging(HedgeOptions options = {}) : options_(options) {}

    /// A read begins. How long to wait before a second server is asked: the 99th percentile of what good
    /// answers took lately. Nothing before the first of them.
    std::optional<std::chrono::milliseconds> begin(const std::string& provider_uid);
    /// Takes one from the budget; false: there is none, and nobody else is asked.
    bool take(const std::string& provider_uid);
    void answered(const std::string& provider_uid, std::chrono::milliseconds after);

    /// Forgets providers that the state does not have.
    void retain(const inventory::AuthorityState& state);

private:
    struct Lately {
        std::deque<std::chrono::milliseconds> answers{};
        unsigned saved; ///< in requests
    };

    Lately& lately(const std::string& provider_uid);

    HedgeOptions options_;
    std::mutex mutex_;
    std::map<std::string, Lately> providers_; ///< by uid
};

} // namespace vouchsafe::keyprovider
