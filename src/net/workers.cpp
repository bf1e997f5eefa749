#include "net/workers.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace vouchsafe::net {

struct WorkerPool::Impl {
    std::size_t most;
    std::mutex mutex{};
    std::condition_variable changed{};
    std::deque<std::move_only_function<void()>> waiting{};
    bool ending = false;
    std::vector<std::jthread> threads{};

    void work() {
        while (true) {
            std::move_only_function<void()> job;
            {
                std::unique_lock lock(mutex);
                changed.wait(lock, [this] { return ending || !waiting.empty(); });
                if (waiting.empty())
                    return;
                job = std::move(waiting.front());
                waiting.pop_front();
            }
            run(job);
        }
    }

    static void run(std::move_only_function<void()>& job) {
        try {
            job();
        } catch (const std::bad_alloc&) {
            std::terminate();
        } catch (...) { // NOLINT(bugprone-empty-catch): jobs answer for themselves
        }
    }
};

WorkerPool::WorkerPool(Size size) : impl_(new Impl{.most = size.queue}) {
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

bool WorkerPool::submit(std::move_only_function<void()> job) {
    {
        const std::scoped_lock lock(impl_->mutex);
        if (impl_->ending || impl_->waiting.size() >= impl_->most)
            return false;
        impl_->waiting.push_back(std::move(job));
    }
    impl_->changed.notify_one();
    return true;
}

Handler in_workers(WorkerPool& pool, PlainHandler plain) {
    // Shared with the jobs: one may still run when the server and its handler have gone.
    return [&pool, plain = std::make_shared<const PlainHandler>(std::move(plain))](Request request,
                                                                                   Reply reply) {
        // Shared, because a job that is refused is dropped with all it holds, and this reply must answer.
        auto shared = std::make_shared<Reply>(std::move(reply));
        const bool taken = pool.submit([plain, request = std::move(request), shared] {
            try {
                shared->send((*plain)(request));
            } catch (const std::bad_alloc&) {
                throw;
            } catch (...) {
                shared->send(error_response(500, "net.handler", "The server failed."));
            }
        });
        if (!taken)
            shared->send(error_response(503, "net.busy", "The server is busy; try again."));
    };
}

} // namespace vouchsafe::net
