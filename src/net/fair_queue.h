// A bounded queue that is fair between those whose jobs wait in it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::net {

/// Whoever has jobs waiting gets one out in turn, however many others have: a thousand jobs of one key make
/// another key's job wait for one of them, not for all. Jobs of one key leave in the order they came.
template <class Job> class FairQueue {
public:
    struct Limits {
        std::size_t all = 256;
        std::size_t of_one_key = 256;
    };

    explicit FairQueue(Limits limits) : limits_(limits) {}

    /// False when there is no room, for this key or at all; then the job stays with the caller.
    [[nodiscard]] bool push(const std::string& key, Job&& job) {
        const auto found = waiting_.find(key);
        if (size_ >= limits_.all || (found != waiting_.end() && found->second.size() >= limits_.of_one_key))
            return false;
        std::deque<Job>& of_key = found != waiting_.end() ? found->second : waiting_[key];
        if (of_key.empty())
            turns_.push_back(key);
        of_key.push_back(std::move(job));
        ++size_;
        return true;
    }

    /// Nothing when it is empty.
    std::optional<Job> pop() {
        if (turns_.empty())
            return std::nullopt;
        std::string key = std::move(turns_.front());
        turns_.pop_front();
        const auto found = waiting_.find(key);
        Job job = std::move(found->second.front());
        found->second.pop_front();
        --size_;
        if (found->second.empty())
            waiting_.erase(found);
        else
            turns_.push_back(std::move(key));
        return job;
    }

    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

private:
    Limits limits_;
    std::map<std::string, std::deque<Job>> waiting_; ///< by key; none is empty
    std::deque<std::string> turns_;                  ///< each key that has jobs, once
    std::size_t size_ = 0;
};

} // namespace vouchsafe::net
