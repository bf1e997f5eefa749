#include "manager/tasks.h"

#include "api/errors.h"
#include "api/filter.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>

namespace vouchsafe::manager {

namespace {

constexpr std::size_t most_tasks = 1000;
constexpr unsigned threads = 8;

// A task that nobody ends would run for ever in the eyes of whoever waits for it.
Result<json::Value> outcome_of(Tasks::Work& work) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        throw; // ends the process
    } catch (const std::exception& error) {
        return fail(Errc::internal, "task.exception", error.what());
    }
}

bool wanted(const json::Value& info, const json::Value& filter) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> members = {
        {{"services", "service"}, {"operations", "operation"}, {"status", "status"}, {"users", "user"}}};
    return std::ranges::all_of(members, [&](const auto& member) {
        return api::wants(&filter, member.first, *info.find(member.second));
    });
}

} // namespace

Tasks::Tasks(const Clock& clock, Random& random)
    : clock_(clock), random_(random),
      pool_(std::make_unique<net::WorkerPool>(net::WorkerPool::Size{.threads = threads, .queue = 256})) {}

Result<std::string> Tasks::start(const api::Operation& operation, std::string_view user, Work work) {
    const std::string id = make_uuid(random_) + ":" + std::string(operation.service);
    {
        const std::scoped_lock lock(mutex_);
        forget_oldest();
        tasks_[id] = {.operation = &operation,
                      .user = std::string(user),
                      .status = Status::pending,
                      .started = clock_.now(),
                      .ended = {},
                      .outcome = {}};
    }
    if (pool_->submit([this, id, work = std::move(work)]() mutable { run(id, work); }))
        return id;
    const std::scoped_lock lock(mutex_);
    tasks_.erase(id);
    return fail(Errc::unavailable, "tasks.full", "too many tasks are waiting; try again in a moment");
}

void Tasks::run(const std::string& id, Work& work) {
    {
        const std::scoped_lock lock(mutex_);
        Task& task = tasks_.at(id);
        task.status = Status::running;
        task.started = clock_.now();
    }
    auto result = outcome_of(work);
    const std::scoped_lock lock(mutex_);
    Task& task = tasks_.at(id);
    task.ended = clock_.now();
    task.status = result ? Status::succeeded : Status::failed;
    task.outcome = result ? *std::move(result) : api::error_document(result.error());
}

void Tasks::forget_oldest() {
    while (tasks_.size() >= most_tasks) {
        auto oldest = tasks_.end();
        for (auto it = tasks_.begin(); it != tasks_.end(); ++it)
            if (it->second.ended != SysTime{} &&
                (oldest == tasks_.end() || it->second.ended < oldest->second.ended))
                oldest = it;
        if (oldest == tasks_.end())
            return;
        tasks_.erase(oldest);
    }
}

std::string_view Tasks::words_of_progress(Status status) {
    switch (status) {
    case Status::pending:
        return "waiting";
    case Status::running:
        return "under way";
    case Status::succeeded:
        return "done";
    case Status::failed:
        return "failed";
    }
    std::unreachable();
}

json::Value Tasks::describe(const Task& task) {
    constexpr std::array<std::string_view, 4> words = {"PENDING", "RUNNING", "SUCCEEDED", "FAILED"};
    const bool ended = task.status == Status::succeeded || task.status == Status::failed;
    json::Object info{
        {"status", words.at(std::to_underlying(task.status))},
        {"description",
         json::object({{"id", std::string(task.operation->service) + "." + std::string(task.operation->name)},
                       {"default_message", std::string(task.operation->name)},
                       {"args", json::Array{}}})},
        {"service", "com.vmware." + std::string(task.operation->service)},
        {"operation", task.operation->name},
        {"cancelable", false},
        {"user", task.user}};
    if (task.status != Status::pending) {
        info.emplace("start_time", to_text(task.started));
        info.emplace("progress",
                     json::object({{"total", 100},
                                   {"completed", ended ? 100 : 0},
                                   {"message",
                                    json::object({{"id", "progress"},
                                                  {"default_message", words_of_progress(task.status)},
                                                  {"args", json::Array{}}})}}));
    }
    if (ended)
        info.emplace("end_time", to_text(task.ended));
    if (task.status == Status::failed)
        info.emplace("error", task.outcome);
    if (task.status == Status::succeeded && !task.outcome.is_null())
        info.emplace("result", task.outcome);
    return json::Value(std::move(info));
}

Result<json::Value> Tasks::info(std::string_view task, std::string_view user) const {
    const std::scoped_lock lock(mutex_);
    const auto found = tasks_.find(task);
    if (found == tasks_.end() || found->second.user != user)
        return fail(Errc::not_found, "task", "there is no such task");
    return describe(found->second);
}

json::Value Tasks::list(std::string_view user, const json::Value& filter) const {
    const std::scoped_lock lock(mutex_);
    json::Object all;
    for (const auto& [id, task] : tasks_)
        if (task.user == user && api::wants(&filter, "tasks", json::Value(id)))
            if (json::Value info = describe(task); wanted(info, filter))
                all.emplace(id, std::move(info));
    return json::Value(std::move(all));
}

} // namespace vouchsafe::manager
