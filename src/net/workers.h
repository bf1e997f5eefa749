// A bounded pool of threads, for handlers that block.
#pragma once

#include "net/https_server.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace vouchsafe::net {

/// Jobs run `threads` at a time; at most `queue` wait, and of one key at most `queue_of_one`. The keys that
/// wait take turns, the jobs of one key run in the order they came. The destructor refuses new jobs, runs
/// those that wait, and joins. An exception that leaves a job is swallowed: jobs answer for
/// themselves.
class WorkerPool {
public:
    struct Size {
        unsigned threads = 4;
        std::size_t queue = 256;
        std::size_t queue_of_one = 256;
    };

    explicit WorkerPool(Size size);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();

    /// False when the queue is full or the pool is ending; then the job is dropped.
    [[nodiscard]] bool submit(const std::string& key, std::move_only_function<void()> job);

    [[nodiscard]] bool submit(std::move_only_function<void()> job) { return submit({}, std::move(job)); }

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Runs `job`, which sends the reply, in the pool; 503 with Retry-After when the pool is full.
void reply_in(WorkerPool& pool,
              const std::string& key,
              Reply reply,
              std::move_only_function<void(Reply)> job);

using PlainHandler = std::function<Response(const Request&)>;

/// A handler that runs `plain` in the pool, all requests with one key; 500 when `plain` throws. The pool must
/// outlive the server.
Handler in_workers(WorkerPool& pool, PlainHandler plain);

} // namespace vouchsafe::net
