#include "net/workers.h"

#include "net/completes.h"
#include "net/fair_queue.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace vouchsafe::net {

struct WorkerPool::Impl {
    using Job = std::move_only_function<void()>;

    FairQueue<Job> waiting;
    std::mutex mutex{};
    std::condition_variable changed{};
    bool ending = false;
    std::vector<std::jthread> threads{};

    void work() {
        while (true) {
            std::optional<Job> job;
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [this] { return ending || !waiting.empty(); });
                job = waiting.pop();
            }
            if (!job)
                return;
            (void)completes(*job); // jobs answer for themselves
        }
    }
};

WorkerPool::WorkerPool(Size size)
    : impl_(new Impl{.waiting = FairQueue<Impl::Job>({.all = size.queue, .of_one_key = size.queue_of_one})}) {
    for (unsigned i = 0; i < size.threads; ++i)
        impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::scoped_lock lock(impl_->mutex);
        impl_->ending = true;
    }
    impl_->changed.notify_all();
    impl_->threads.clear(); // joins
}

bool WorkerPool::submit(const std::string& key, std::move_only_function<void()> job) {
    {
        const std::scoped_lock lock(impl_->mutex);
        if (impl_->ending || !impl_->waiting.push(key, std::move(job)))
            return false;
    }
    impl_->changed.notify_one();
    return true;
}

void reply_in(WorkerPool& pool,
              const std::string& key,
              Reply reply,
              std::move_only_function<void(Reply)> job) {
    // Shared, because a job that is refused is dropped with all it holds, and this reply must answer.
    auto shared = std::make_shared<Reply>(std::move(reply));
    const bool taken =
        pool.submit(key, [job = std::move(job), shared]() mutable { job(std::move(*shared)); });
    if (!taken) {
        Response busy = error_response(503, "net.busy", "The server is busy; try again.");
        busy.headers.push_back({.name = "retry-after", .value = "1"});
        shared->send(std::move(busy));
    }
}

Handler in_workers(WorkerPool& pool, PlainHandler plain) {
    // Shared with the jobs: one may still run when the server and its handler have gone.
    return [&pool, plain = std::make_shared<const PlainHandler>(std::move(plain))](Request request,
                                                                                   Reply reply) {
        reply_in(pool, {}, std::move(reply), [plain, request = std::move(request)](Reply of_request) {
            of_request.send((*plain)(request));
        });
    };
}

} // namespace vouchsafe::net
