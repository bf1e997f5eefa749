#include "manager/order_hub.h"

#include "api/errors.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

void send(net::Reply& reply, std::vector<protocol::HostOrder> orders) {
    reply.send(api::json_answer(200, protocol::PollAnswer{.orders = std::move(orders)}.to_json()));
}

} // namespace

std::string text_of(const protocol::OrderProblem& problem) {
    std::string text = problem.message;
    for (const protocol::Reason& reason : problem.reasons)
        text += "; " + reason.code + ": " + reason.message;
    return text;
}

OrderHub::OrderHub(Random& random)
    : random_(random), timer_([this](const std::stop_token& stop) { run(stop); }) {}

void OrderHub::flush(Host& host) {
    if (!host.poll || host.orders.empty())
        return;
    const std::size_t count = std::min(host.orders.size(), protocol::max_orders);
    send(host.poll->reply, {host.orders.begin(), host.orders.begin() + static_cast<std::ptrdiff_t>(count)});
    host.poll.reset();
}

Result<protocol::OrderResult>
OrderHub::carry_out(const std::string& host, protocol::OrderData data, std::chrono::seconds limit) {
    const std::string id = make_uuid(random_);
    std::unique_lock lock(mutex_);
    Host& entry = hosts_[host];
    entry.orders.push_back({.id = id, .data = std::move(data)});
    results_.emplace(id, std::nullopt);
    flush(entry);
    const auto waits = [&] {
        return std::ranges::find(hosts_[host].orders, id, &protocol::HostOrder::id) !=
               hosts_[host].orders.end();
    };
    changed_.wait_for(lock, limit, [&] { return results_.at(id).has_value() || !waits(); });
    std::optional<protocol::OrderResult> result = std::move(results_.at(id));
    results_.erase(id);
    if (!result && !waits())
        return fail(Errc::not_found, "order.host", "the host was removed meanwhile");
    std::erase_if(hosts_[host].orders, [&](const protocol::HostOrder& order) { return order.id == id; });
    if (!result)
        return fail(
            Errc::timed_out, "order.result", "the host did not answer in time; is its agent running?");
    return *std::move(result);
}

void OrderHub::post(const std::string& host, protocol::OrderData data) {
    const std::scoped_lock lock(mutex_);
    Host& entry = hosts_[host];
    const auto unwaited = [this](const protocol::HostOrder& order) { return !results_.contains(order.id); };
    if (std::ranges::any_of(entry.orders, [&](const protocol::HostOrder& order) {
            return order.data == data && unwaited(order);
        }))
        return flush(entry);
    std::erase_if(entry.orders, [&](const protocol::HostOrder& order) {
        return order.data.index() == data.index() && unwaited(order);
    });
    entry.orders.push_back({.id = make_uuid(random_), .data = std::move(data)});
    flush(entry);
}

void OrderHub::take_results(const std::string& host, const std::vector<protocol::OrderResult>& results) {
    const std::scoped_lock lock(mutex_);
    Host& entry = hosts_[host];
    for (const protocol::OrderResult& result : results) {
        const auto was_sent = std::erase_if(
            entry.orders, [&](const protocol::HostOrder& order) { return order.id == result.order; });
        if (const auto waited = results_.find(result.order); was_sent > 0 && waited != results_.end())
            waited->second = result;
    }
    changed_.notify_all();
}

void OrderHub::answer_poll(const std::string& host, std::chrono::seconds wait, net::Reply reply) {
    const std::scoped_lock lock(mutex_);
    Host& entry = hosts_[host];
    if (entry.poll)
        send(entry.poll->reply, {});
    entry.poll = {.reply = std::move(reply), .until = std::chrono::steady_clock::now() + wait};
    ++polls_;
    flush(entry);
    changed_.notify_all();
}

void OrderHub::forget(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    hosts_.erase(host);
    changed_.notify_all();
}

void OrderHub::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        const auto now = std::chrono::steady_clock::now();
        auto next = now + std::chrono::hours(1);
        for (auto& [id, host] : hosts_) {
            if (host.poll && host.poll->until <= now) {
                send(host.poll->reply, {});
                host.poll.reset();
            }
            if (host.poll)
                next = std::min(next, host.poll->until);
        }
        const std::uint64_t seen = polls_;
        changed_.wait_until(lock, stop, next, [&] { return polls_ != seen; });
    }
}

} // namespace vouchsafe::manager
