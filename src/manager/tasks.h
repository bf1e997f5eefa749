// Tasks: what the API's long operations answer with, and what comes of them.
#pragma once

#include "api/operation.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"
#include "net/workers.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace vouchsafe::manager {

/// Tasks of this process; the last thousand that ended are kept. Safe for several threads.
class Tasks {
public:
    Tasks(const Clock& clock, Random& random);

    using Work = std::move_only_function<Result<json::Value>()>;

    /// Runs the work in a pool of threads; the id of the task. `unavailable` when too many wait.
    Result<std::string> start(const api::Operation& operation, std::string_view user, Work work);

    /// cis.task.info. Users see their own tasks; `not_found` for another's.
    Result<json::Value> info(std::string_view task, std::string_view user) const;

    /// A map from id to info, of the user's tasks. `filter` has lists of what to show, each optional: tasks,
    /// services, operations, status, users.
    json::Value list(std::string_view user, const json::Value& filter) const;

private:
    enum class Status : std::uint8_t { pending, running, succeeded, failed };

    struct Task {
        const api::Operation* operation = nullptr;
        std::string user;
        Status status = Status::pending;
        SysTime started;
        SysTime ended;
        json::Value outcome; ///< result, or error document
    };

    void run(const std::string& id, Work& work);
    void forget_oldest();
    static std::string_view words_of_progress(Status status);
    static json::Value describe(const Task& task);

    const Clock& clock_;
    Random& random_;
    mutable std::mutex mutex_;
    std::map<std::string, Task, std::less<>> tasks_;
    std::unique_ptr<net::WorkerPool> pool_; ///< last: its threads end first
};

} // namespace vouchsafe::manager
