// A read that takes longer than reads do is put to a second key server too, and the first good answer counts.
#pragma once

#include "authority/wrapping_key_server.h"
#include "base/clock.h"
#include "keyprovider/hedging.h"
#include "keyprovider/kmip_key_server.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace vouchsafe::authority {

/// Get and Get Attributes alone, which may be done twice, of providers with several servers that work; never
/// more than the budget of Hedging. Whoever lost goes on until its
/// deadline and is judged by it as ever.
class HedgingKeyServer final : public WrappingKeyServer {
public:
    HedgingKeyServer(keyprovider::KmipKeyServer& server,
                     const Clock& clock,
                     keyprovider::HedgeOptions options = {})
        : WrappingKeyServer(server), server_(server), clock_(clock), hedging_(options) {}

    /// Where the check value is known: before that all servers are asked anyway.
    Result<keyprovider::FetchedKey> fetch(const inventory::Provider& provider,
                                          const inventory::Generation& generation) override;
    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override;

    void retain(const inventory::AuthorityState& state) { hedging_.retain(state); }

    /// How many reads were put to a second server so far.
    std::size_t hedged() const { return hedged_; }

    /// And how many would have been, but for the budget.
    std::size_t over_budget() const { return over_budget_; }

private:
    template <class Out> struct Race;

    template <class Out>
    using Read = std::function<Result<Out>(const inventory::Provider&, const inventory::Generation&)>;

    template <class Out>
    Result<Out> hedge(const inventory::Provider& provider,
                      const inventory::Generation& generation,
                      const Read<Out>& read);
    /// On a thread of its own, which ends by the deadlines of what it does.
    void run(std::function<void()> work);

    struct Runner {
        std::atomic<bool> done = false;
        std::jthread thread{};
    };

    keyprovider::KmipKeyServer& server_;
    const Clock& clock_;
    keyprovider::Hedging hedging_;
    std::atomic<std::size_t> hedged_ = 0;
    std::atomic<std::size_t> over_budget_ = 0;
    std::mutex mutex_;
    std::list<Runner> runners_; ///< last, so that they end first
};

} // namespace vouchsafe::authority
