// Which requests are being worked on, by the revision of the state that each began with.
#pragma once

#include "inventory/state.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace vouchsafe::keyprovider {

/// Safe for several threads. What it gave out may outlive it.
class UnderWay {
    struct Counts {
        std::mutex mutex{};
        std::map<std::int64_t, std::size_t> of_revision{}; ///< none is 0
    };

public:
    using State = std::shared_ptr<const inventory::AuthorityState>;

    /// Counts one request, from reading the state that it works on to its end.
    class Request {
    public:
        Request(std::shared_ptr<Counts> counts, State state)
            : counts_(std::move(counts)), state_(std::move(state)) {}

        Request(Request&& other) noexcept = default;
        Request& operator=(Request&&) = delete;
        Request(const Request&) = delete;
        Request& operator=(const Request&) = delete;
        ~Request();

        const State& state() const { return state_; }

    private:
        std::shared_ptr<Counts> counts_; ///< empty once moved from
        State state_;
    };

    /// Reads the state under the lock: what `oldest` says holds for requests that are just beginning, too.
    Request begin(const std::function<State()>& state);

    /// The lowest revision that a request began with; nullopt when there is none.
    std::optional<std::int64_t> oldest() const;

private:
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

} // namespace vouchsafe::keyprovider
