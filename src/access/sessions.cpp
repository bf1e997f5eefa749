#include "access/sessions.h"

#include "crypto/digest.h"

#include <algorithm>

namespace vouchsafe::access {

namespace {

constexpr std::size_t id_bytes = 32;
constexpr unsigned free_tries = 5;
constexpr unsigned longest_doubling = 6;
constexpr std::size_t most_names = 10'000;

std::string key_of(std::string_view id) {
    return to_hex(crypto::sha256(as_bytes(id)));
}

} // namespace

void Sessions::drop_old(const Clock& clock) {
    const BootTime now = clock.boot_now();
    std::erase_if(sessions_, [now](const auto& entry) {
        return now - entry.second.idle_since > idle_limit || now - entry.second.opened > life_limit;
    });
}

std::string Sessions::open(std::string_view user, const Clock& clock, Random& random) {
    drop_old(clock);
    const auto longest_idle = [this](auto&& counts) {
        auto oldest = sessions_.end();
        for (auto it = sessions_.begin(); it != sessions_.end(); ++it)
            if (counts(it->second) &&
                (oldest == sessions_.end() || it->second.idle_since < oldest->second.idle_since))
                oldest = it;
        return oldest;
    };
    const auto of_user = [user](const Session& session) { return session.user == user; };
    const auto own =
        std::ranges::count_if(sessions_, [&](const auto& entry) { return of_user(entry.second); });
    if (std::cmp_greater_equal(own, most_of_one))
        sessions_.erase(longest_idle(of_user));
    else if (sessions_.size() >= most)
        sessions_.erase(longest_idle([](const Session&) { return true; }));

    const std::string id = to_hex(random.bytes(id_bytes));
    sessions_[key_of(id)] = {.user = std::string(user),
                             .created = clock.now(),
                             .last_used = clock.now(),
                             .idle_since = clock.boot_now(),
                             .opened = clock.boot_now()};
    return id;
}

Result<Session> Sessions::use(std::string_view id, const Clock& clock) {
    drop_old(clock);
    const auto found = sessions_.find(key_of(id));
    if (found == sessions_.end())
        return fail(Errc::unauthenticated, "session.unknown", "there is no such session; log in");
    Session before = found->second;
    found->second.last_used = clock.now();
    found->second.idle_since = clock.boot_now();
    return before;
}

void Sessions::close(std::string_view id) {
    sessions_.erase(key_of(id));
}

void Sessions::close_all_of(std::string_view user) {
    std::erase_if(sessions_, [user](const auto& entry) { return entry.second.user == user; });
}

Result<void> LoginBrake::check(std::string_view name, BootTime now) const {
    const auto found = names_.find(name);
    if (found != names_.end() && now < found->second.wait_until)
        return fail(Errc::unavailable, "login.wait", "too many wrong passwords; wait a moment and try again");
    return {};
}

void LoginBrake::failed(std::string_view name, BootTime now) {
    std::erase_if(names_,
                  [now](const auto& entry) { return now > entry.second.wait_until + std::chrono::hours(1); });
    if (names_.size() >= most_names && !names_.contains(name))
        return;
    Failures& failures = names_[std::string(name)];
    failures.wait_until = now;
    if (++failures.count > free_tries)
        failures.wait_until +=
            std::chrono::seconds(1U << std::min(failures.count - free_tries - 1, longest_doubling));
}

void LoginBrake::succeeded(std::string_view name) {
    if (const auto found = names_.find(name); found != names_.end())
        names_.erase(found);
}

} // namespace vouchsafe::access
