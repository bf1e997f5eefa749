// A bounded pool of threads, for handlers that block.
#pragma once

#include "net/https_server.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace vouchsafe::net {

/// Jobs run in the order they came, `threads` at a time; at most `queue` wait. The destructor refuses new
/// jobs, runs those that wait, and joins. An exception that leaves a job is swallowed: jobs answer for
/// themselves.
class WorkerPool {
public:
    struct Size {
        unsigned threads = 4;
        std::size_t queue = 256;
    };

    explicit WorkerPool(Size size);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();

    /// False when the queue is full or the pool is ending; then the job is dropped.
    [[nodiscard]] bool submit(std::move_only_function<void()> job);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

using PlainHandler = std::function<Response(const Request&)>;

/// A handler that runs `plain` in the pool; 503 when the pool is full, 500 when `plain` throws.
/// The pool must outlive the server.
Handler in_workers(WorkerPool& pool, PlainHandler plain);

} // namespace vouchsafe::net
