#include "bench/load_run.h"

#include "bench/cpu.h"
#include "bench/must.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace vouchsafe::bench {

namespace {

using Steady = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;
using test::PlayedHost;

double percentile(std::vector<double>& sorted, std::size_t percent) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

/// What one thread does: its share of the hosts, in turn, until the time is over.
std::vector<double> play(Fleet& fleet, const LoadPlan& plan, Connections connections, unsigned thread) {
    auto& hosts = fleet.hosts();
    test::ClusterLink link = fleet.link().fresh();
    std::vector<double> milliseconds;
    const auto until = Steady::now() + plan.time;
    const std::size_t share = hosts.size() / plan.threads;
    for (std::size_t i = 0; Steady::now() < until; ++i) {
        PlayedHost& host = hosts[thread * share + i % share];
        if (connections == Connections::fresh)
            link = link.fresh();
        if (connections == Connections::resumed)
            link.client->disconnect();
        host.use(link);
        const auto begin = Steady::now();
        auto answer = host.attest();
        milliseconds.push_back(Microseconds(Steady::now() - begin).count() / 1000);
        VS_CHECK(must(std::move(answer)).outcome == protocol::Outcome::trusted);
    }
    return milliseconds;
}

Measured measure(Fleet& fleet, const LoadPlan& plan, Connections connections) {
    std::vector<std::vector<double>> walls(plan.threads);
    const auto& daemon = fleet.authority().daemon();
    const auto begin = Steady::now();
    const auto authority_before = daemon.cpu();
    const auto own_before = own_cpu();
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < plan.threads; ++i)
            threads.emplace_back([&, i] { walls[i] = play(fleet, plan, connections, i); });
    }
    const auto authority_spent = daemon.cpu() - authority_before;
    const auto own_spent = own_cpu() - own_before;
    const double seconds = Microseconds(Steady::now() - begin).count() / 1e6;
    std::vector<double> all;
    for (const auto& some : walls)
        all.insert(all.end(), some.begin(), some.end());
    std::ranges::sort(all);
    const auto count = static_cast<double>(std::max<std::size_t>(all.size(), 1));
    return {.connections = connections,
            .attestations = all.size(),
            .per_second = count / seconds,
            .authority_us = Microseconds(authority_spent).count() / count,
            .host_us = Microseconds(own_spent).count() / count,
            .p50_ms = percentile(all, 50),
            .p99_ms = percentile(all, 99)};
}

/// Each figure on its own is the median of the rounds.
Measured median_of(const std::vector<Measured>& rounds) {
    Measured out = rounds.front();
    out.attestations = 0;
    for (const Measured& round : rounds)
        out.attestations += round.attestations;
    for (double Measured::* const figure : {&Measured::per_second,
                                            &Measured::authority_us,
                                            &Measured::host_us,
                                            &Measured::p50_ms,
                                            &Measured::p99_ms}) {
        std::vector<double> values;
        for (const Measured& round : rounds)
            values.push_back(round.*figure);
        std::ranges::sort(values);
        out.*figure = values[values.size() / 2];
    }
    return out;
}

} // namespace

std::string_view to_string(Connections connections) {
    switch (connections) {
    case Connections::warm:
        return "warm";
    case Connections::fresh:
        return "new";
    case Connections::resumed:
        return "resumed";
    }
    std::unreachable();
}

std::vector<Measured> run_load(Fleet& fleet, const LoadPlan& plan) {
    std::vector<std::vector<Measured>> by_kind(plan.connections.size());
    for (unsigned round = 0; round < plan.rounds; ++round) {
        plan.before_round();
        for (std::size_t kind = 0; kind < plan.connections.size(); ++kind)
            by_kind[kind].push_back(measure(fleet, plan, plan.connections[kind]));
    }
    std::vector<Measured> out;
    for (const auto& rounds : by_kind)
        out.push_back(median_of(rounds));
    return out;
}

} // namespace vouchsafe::bench
