// Clients take keys from vouchsafe-authorityd in release sessions: how many a second, at what cost of CPU,
// and how that compares with the floor, with a key server's Get, with the disk and with a call of the key
// server. See --help and docs/performance.md.
#include "base/version.h"
#include "bench/floor.h"
#include "bench/release_run.h"
#include "json/write.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

namespace vouchsafe::bench {
namespace {

// The goals are ratios. 60 us of the authority's CPU where the floor's release takes 96.
constexpr double most_floors = 60.0 / 96.0;
constexpr double least_gets = 20;
constexpr double most_fdatasyncs = 4;
constexpr double most_remote_calls = 1.2;

struct Options {
    std::size_t clients = 64;
    double seconds = 15; ///< of each kind, all rounds together
    unsigned rounds = 5;
    std::string floor;
    std::string work = "floor";
    bool json = false;
};

struct Report {
    std::size_t clients = 0;
    ReleasesAtOnce load;
    StepsInTurn steps;
    double get_us = 0;
    std::optional<double> floor_us;
    std::vector<Control> controls;
    std::string unrecorded;

    bool counts() const {
        return unrecorded.empty() &&
               std::ranges::all_of(controls, [](const Control& one) { return one.as_expected; });
    }
};

/// Each figure on its own is the median of the rounds.
template <class Round> double median(const std::vector<Round>& rounds, double Round::* figure) {
    std::vector<double> values;
    for (const Round& round : rounds)
        values.push_back(round.*figure);
    std::ranges::sort(values);
    return values[values.size() / 2];
}

struct Round {
    ReleasesAtOnce load;
    StepsInTurn steps;
    double get_us = 0;
};

void show_progress(const char* what, std::size_t done, std::size_t of) {
    if (done >= of)
        std::fprintf(stderr, "%s: %zu of %zu\n", what, done, of);
}

Report summary(const std::vector<Round>& rounds) {
    std::vector<ReleasesAtOnce> loads;
    std::vector<StepsInTurn> steps;
    Report out;
    for (const Round& round : rounds) {
        loads.push_back(round.load);
        steps.push_back(round.steps);
        out.load.releases += round.load.releases;
    }
    for (double ReleasesAtOnce::* const figure : {&ReleasesAtOnce::per_second,
                                                  &ReleasesAtOnce::authority_us,
                                                  &ReleasesAtOnce::host_us,
                                                  &ReleasesAtOnce::p50_ms,
                                                  &ReleasesAtOnce::p99_ms})
        out.load.*figure = median(loads, figure);
    for (double StepsInTurn::* const figure : {&StepsInTurn::fdatasync_ms,
                                               &StepsInTurn::fetch_ms,
                                               &StepsInTurn::remote_ms,
                                               &StepsInTurn::kmip_ms,
                                               &StepsInTurn::added_ms})
        out.steps.*figure = median(steps, figure);
    out.get_us = median(rounds, &Round::get_us);
    return out;
}

Report run(const Options& options) {
    Fleet fleet({.hosts = options.clients, .references = 1000}, show_progress);
    auto floor = Floor::prepare(options.floor, options.work, fleet.hosts().front().machine.boot.firmware_log);
    ReleaseHouse house(fleet, options.clients);
    const auto time = std::chrono::milliseconds(std::llround(options.seconds * 1000 / options.rounds));
    std::vector<Round> rounds;
    for (unsigned i = 0; i < options.rounds; ++i) {
        std::fprintf(stderr, "round %u of %u\n", i + 1, options.rounds);
        if (floor)
            floor->sample();
        rounds.push_back(
            {.load = house.at_once(time), .steps = house.in_turn(time), .get_us = house.get_us(time / 3)});
    }
    Report report = summary(rounds);
    report.clients = options.clients;
    if (floor)
        report.floor_us = floor->release();
    report.controls = house.controls();
    report.unrecorded = house.unrecorded();
    VS_CHECK(fleet.authority().daemon().stop() == 0);
    return report;
}

void print_goal(const char* what, double reached, const char* bound, double goal, bool met) {
    std::printf("  %-64s %7.2f  %s %5.2f  %s\n", what, reached, bound, goal, met ? "met" : "missed");
}

void print_most(const char* what, double reached, double most) {
    print_goal(what, reached, "at most ", most, reached <= most);
}

void print_table(const Report& report) {
    const ReleasesAtOnce& load = report.load;
    std::printf("%-8s %9s %8s %13s %8s %8s %8s\n",
                "clients",
                "releases",
                "each s",
                "authority us",
                "host us",
                "p50 ms",
                "p99 ms");
    std::printf("%-8zu %9zu %8.0f %13.1f %8.1f %8.2f %8.2f\n\n",
                report.clients,
                load.releases,
                load.per_second,
                load.authority_us,
                load.host_us,
                load.p50_ms,
                load.p99_ms);
    const StepsInTurn& steps = report.steps;
    std::printf("one client, p50 in ms: fdatasync %.3f, release %.3f, KMIP Decrypt directly %.3f, release by "
                "it %.3f\n",
                steps.fdatasync_ms,
                steps.fetch_ms,
                steps.kmip_ms,
                steps.remote_ms);
    std::printf("PyKMIP's CPU for a Get: %.0f us\n", report.get_us);
    if (report.floor_us)
        std::printf("floor of a release: %.1f us\n", *report.floor_us);
    else
        std::puts("floor: skipped: its programs are not there (--floor DIR)");
    std::puts("\ngoals");
    if (report.floor_us)
        print_most(
            "authority's CPU for a release / the floor's", load.authority_us / *report.floor_us, most_floors);
    const double gets = report.get_us / load.authority_us;
    print_goal(
        "releases per core / PyKMIP's Gets per core", gets, "at least", least_gets, gets >= least_gets);
    print_most("latency of a release / fdatasync", steps.fetch_ms / steps.fdatasync_ms, most_fdatasyncs);
    print_most("what remote wrapping adds to a release / the call made directly",
               steps.added_ms / steps.kmip_ms,
               most_remote_calls);
    std::puts("\ncontrols: with one thing spoiled");
    for (const Control& one : report.controls)
        std::printf("  %-16s %s%s\n",
                    one.spoiled.c_str(),
                    one.refused.empty() ? "RELEASED" : ("refused: " + one.refused).c_str(),
                    one.as_expected ? "" : "   NOT AS EXPECTED");
    std::printf("  %-16s %s\n",
                "records",
                report.unrecorded.empty() ? "one for each release" : report.unrecorded.c_str());
    if (!report.counts())
        std::puts("\nThe figures do not count: a control is not as it should be.");
}

/// JSON of ours has no fractions: times are in nanoseconds.
std::int64_t ns(double microseconds) {
    return std::llround(microseconds * 1000);
}

json::Value to_json(const Report& report) {
    json::Object out{{"version", 1},
                     {"program", std::string(program_version)},
                     {"counts", report.counts()},
                     {"clients", report.clients},
                     {"load",
                      json::object({{"releases", report.load.releases},
                                    {"releases_per_second", std::llround(report.load.per_second)},
                                    {"authority_cpu_ns", ns(report.load.authority_us)},
                                    {"host_cpu_ns", ns(report.load.host_us)},
                                    {"p50_ns", ns(report.load.p50_ms * 1000)},
                                    {"p99_ns", ns(report.load.p99_ms * 1000)}})},
                     {"one_client",
                      json::object({{"fdatasync_p50_ns", ns(report.steps.fdatasync_ms * 1000)},
                                    {"release_p50_ns", ns(report.steps.fetch_ms * 1000)},
                                    {"kmip_decrypt_p50_ns", ns(report.steps.kmip_ms * 1000)},
                                    {"remote_release_p50_ns", ns(report.steps.remote_ms * 1000)},
                                    {"remote_adds_p50_ns", ns(report.steps.added_ms * 1000)}})},
                     {"kmip_get_cpu_ns", ns(report.get_us)},
                     {"records_missing", report.unrecorded},
                     {"controls", to_json(report.controls)}};
    if (report.floor_us)
        out.emplace("floor_cpu_ns", ns(*report.floor_us));
    return json::Value(std::move(out));
}

} // namespace
} // namespace vouchsafe::bench

int main(int argc, char** argv) {
    using namespace vouchsafe::bench;
    Options options;
    options.floor = default_floor();
    CLI::App app("Plays clients in release sessions against a vouchsafe-authorityd of its own (found below "
                 "VS_BIN), over TLS on loopback, with PyKMIP as the key server, and prints what a release "
                 "costs. Exits 1 when a control fails, 77 where there is no PyKMIP.",
                 "vs_release_load");
    app.add_option("--clients", options.clients, "that ask at a time, each a host with a session")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "of each kind of load, all rounds together")
        ->capture_default_str();
    app.add_option("--rounds", options.rounds, "the kinds take turns this often; figures are medians")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--floor", options.floor, "folder of the floor's programs; skipped where it is not there")
        ->capture_default_str();
    app.add_option("--work", options.work, "folder for the floor's programs and inputs")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--output", [&](const std::string& form) { options.json = form == "json"; }, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->default_str("table");
    CLI11_PARSE(app, argc, argv);
    if (!vouchsafe::test::has_key_server()) {
        std::fputs("skipped: python3-pykmip is not installed\n", stderr);
        return 77;
    }
    const Report report = run(options);
    if (options.json)
        std::puts(vouchsafe::json::canonical(to_json(report)).c_str());
    else
        print_table(report);
    return report.counts() ? 0 : 1;
}
