#include "agent/loops.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace vouchsafe::agent {

namespace {

using std::chrono::milliseconds;

// How soon an attestation that has become due is noticed.
constexpr milliseconds longest_nap{500};
constexpr milliseconds first_pause{1'000};
constexpr milliseconds longest_pause{15'000};

void log_standing(const Trust& trust, std::string& last) {
    const TrustReport report = trust.report();
    std::string line(to_string(report.standing));
    for (const protocol::Reason& reason : report.reasons)
        line += "; " + reason.code + ": " + reason.message;
    if (line != last)
        spdlog::info("this host's standing: " + line);
    last = std::move(line);
}

} // namespace

void rest(const std::stop_token& stop, milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, time, [] { return false; });
}

void keep_trust(const std::stop_token& stop, Trust& trust, const Clock& clock) {
    std::string last_standing;
    while (!stop.stop_requested()) {
        const auto left = trust.next_due() - clock.now();
        if (left > milliseconds::zero()) {
            rest(stop, std::min<milliseconds>(left, longest_nap));
            continue;
        }
        if (const auto attested = trust.attest(); !attested)
            spdlog::debug("attestation: " + attested.error().where + ": " + attested.error().detail);
        log_standing(trust, last_standing);
    }
}

void serve_manager(const std::stop_token& stop, ManagerLink& link) {
    milliseconds pause = first_pause;
    while (!stop.stop_requested()) {
        const auto polled = link.poll();
        if (polled) {
            pause = first_pause;
            continue;
        }
        if (stop.stop_requested())
            return;
        spdlog::warn("workload manager: " + polled.error().where + ": " + polled.error().detail);
        rest(stop, pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

} // namespace vouchsafe::agent
