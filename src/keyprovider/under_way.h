// Which requests are being worked on, by the revision of the state that each began with.
#pragma once

#include "inventory/state.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace vouchsafe::keyprovider {

/// Safe for several threads. Outlives what it gave out.
class UnderWay {
public:
    using State = std::shared_ptr<const inventory::AuthorityState>;

    /// Counts one request, from reading the state that it works on to its end.
    class Request {
    public:
        Request(UnderWay& all, State state) : all_(&all), state_(std::move(state)) {}

        Request(Request&& other) noexcept = default;
        Request& operator=(Request&&) = delete;
        Request(const Request&) = delete;
        Request& operator=(const Request&) = delete;

        ~Request() {
            if (state_)
                all_->end(state_->revision);
        }

        const State& state() const { return state_; }

    private:
        UnderWay* all_;
        State state_; ///< empty once moved from
    };

    /// Reads the state under the lock: what `oldest` says holds for requests that are just beginning, too.
    Request begin(const std::function<State()>& state);

    /// The lowest revision that a request began with; nullopt when there is none.
    std::optional<std::int64_t> oldest() const;

    void wait_until_none() const;

private:
    void end(std::int64_t revision);

    mutable std::mutex mutex_;
    mutable std::condition_variable ended_;
    std::map<std::int64_t, std::size_t> of_revision_; ///< none is 0
};

} // namespace vouchsafe::keyprovider
