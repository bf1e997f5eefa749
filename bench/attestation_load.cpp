// A fleet of hosts attests to vouchsafe-authorityd: how many a second, at what cost of CPU and memory, and
// how that compares with the floor. See --help and docs/performance.md.
#include "appraisal/replay.h"
#include "base/version.h"
#include "bench/floor.h"
#include "bench/generated_boot.h"
#include "bench/load_controls.h"
#include "bench/load_run.h"
#include "eventlog/ima.h"
#include "json/write.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <string>

namespace vouchsafe::bench {
namespace {

struct Options {
    FleetSize fleet{.hosts = 1000, .references = 100'000, .ima_entries = 1};
    LoadPlan plan{.connections = {Connections::warm, Connections::fresh, Connections::resumed}};
    double seconds = 25; ///< for each kind of connection, all rounds together
    std::string floor;
    std::string work = "floor";
    bool json = false;
};

/// Ours and the floor's for a whole IMA list, microseconds of CPU for each entry.
struct ImaCost {
    std::size_t entries = 0;
    double ours = 0;
    double floor = 0;
};

struct Report {
    std::vector<Control> controls;
    std::vector<Measured> load;
    std::optional<Floor> floor;
    std::optional<ImaCost> ima;
    std::size_t hosts = 0;
    std::size_t references = 0;
    double bytes_per_host = 0;

    bool counts() const {
        return std::ranges::all_of(controls, [](const Control& one) { return one.as_expected; });
    }
};

double cpu_us() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Parse, check each template digest, and extend the SHA-256 PCR 10: what the floor's program does too.
ImaCost ima_cost(const Floor& floor) {
    const test::RecordedBoot boot = generated_boot({.ima_entries = 100'000});
    const std::string text = ima_text(boot.ima_log);
    std::vector<double> samples;
    ImaCost out;
    for (int i = 0; i < 5; ++i) {
        const double begin = cpu_us();
        const auto list = eventlog::parse_ima_list(boot.ima_log);
        VS_CHECK(list.has_value());
        const auto replayed =
            appraisal::replay_ima(*appraisal::check_template_digests(*list),
                                  {.bank = appraisal::Algorithm::sha256,
                                   .quoted = {{10, boot.pcrs.at(appraisal::Algorithm::sha256).at(10)}}});
        samples.push_back(cpu_us() - begin);
        VS_CHECK(replayed && replayed->entries == list->entries.size());
        out.entries = list->entries.size();
    }
    std::ranges::sort(samples);
    out.ours = samples[samples.size() / 2] / static_cast<double>(out.entries);
    out.floor = floor.ima_entry(text);
    return out;
}

void show_progress(const char* what, std::size_t done, std::size_t of) {
    if (done >= of || done % 100 == 0)
        std::fprintf(stderr, "%s: %zu of %zu\n", what, done, of);
}

Report run(const Options& options) {
    Report report;
    Fleet fleet(options.fleet, show_progress);
    report.hosts = fleet.hosts().size();
    report.references = fleet.references();
    report.bytes_per_host = fleet.bytes_per_host();
    report.floor =
        Floor::prepare(options.floor, options.work, fleet.hosts().front().machine.boot.firmware_log);
    LoadPlan plan = options.plan;
    plan.time = std::chrono::milliseconds(std::llround(options.seconds * 1000 / plan.rounds));
    if (report.floor)
        plan.before_round = [&report] { report.floor->sample(); };
    report.load = run_load(fleet, plan);
    report.controls = run_controls(fleet);
    if (report.floor)
        report.ima = ima_cost(*report.floor);
    VS_CHECK(fleet.authority().daemon().stop() == 0);
    return report;
}

/// What an attestation over such a connection costs at least; ours makes two exchanges of one connection.
double floor_of(const Floor& floor, Connections connections) {
    const double warm = floor.attestation() + floor.warm_exchange();
    switch (connections) {
    case Connections::warm:
        return warm;
    case Connections::fresh:
        return warm + floor.full_handshake();
    case Connections::resumed:
        return warm + floor.resumed_handshake();
    }
    std::unreachable();
}

void print_table(const Report& report) {
    std::printf("hosts %zu, reference values %zu, memory per enrolled host %.1f KiB\n",
                report.hosts,
                report.references,
                report.bytes_per_host / 1024);
    std::printf("\n%-10s %12s %8s %14s %9s %9s %9s %8s %6s\n",
                "connection",
                "attestations",
                "each s",
                "authority us",
                "host us",
                "p50 ms",
                "p99 ms",
                "floor us",
                "ratio");
    for (const Measured& one : report.load) {
        std::printf("%-10s %12zu %8.0f %14.1f %9.1f %9.2f %9.2f",
                    std::string(to_string(one.connections)).c_str(),
                    one.attestations,
                    one.per_second,
                    one.authority_us,
                    one.host_us,
                    one.p50_ms,
                    one.p99_ms);
        if (report.floor) {
            const double floor = floor_of(*report.floor, one.connections);
            std::printf(" %8.1f %6.2f", floor, one.authority_us / floor);
        }
        std::puts("");
    }
    if (!report.floor)
        std::puts("\nfloor: skipped: its programs are not there (--floor DIR)");
    if (report.ima)
        std::printf("\nIMA list of %zu entries: %.3f us an entry, floor %.3f us, ratio %.2f\n",
                    report.ima->entries,
                    report.ima->ours,
                    report.ima->floor,
                    report.ima->ours / report.ima->floor);
    std::puts("\ncontrols: evidence with one thing spoiled");
    for (const Control& one : report.controls)
        std::printf("  %-16s %s%s\n",
                    one.spoiled.c_str(),
                    one.refused.empty() ? "TRUSTED" : ("refused: " + one.refused).c_str(),
                    one.as_expected ? "" : "   NOT AS EXPECTED");
    if (!report.counts())
        std::puts("\nThe figures do not count: a control was not refused as it should be.");
}

/// JSON of ours has no fractions: times are in nanoseconds.
std::int64_t ns(double microseconds) {
    return std::llround(microseconds * 1000);
}

json::Value to_json(const Report& report) {
    json::Array load;
    for (const Measured& one : report.load) {
        json::Object row{{"connections", to_string(one.connections)},
                         {"attestations", one.attestations},
                         {"attestations_per_second", std::llround(one.per_second)},
                         {"authority_cpu_ns", ns(one.authority_us)},
                         {"host_cpu_ns", ns(one.host_us)},
                         {"p50_ns", ns(one.p50_ms * 1000)},
                         {"p99_ns", ns(one.p99_ms * 1000)}};
        if (report.floor)
            row.emplace("floor_cpu_ns", ns(floor_of(*report.floor, one.connections)));
        load.emplace_back(std::move(row));
    }
    json::Object out{{"version", 1},
                     {"program", std::string(program_version)},
                     {"counts", report.counts()},
                     {"hosts", report.hosts},
                     {"reference_values", report.references},
                     {"bytes_per_host", std::llround(report.bytes_per_host)},
                     {"load", std::move(load)},
                     {"controls", to_json(report.controls)}};
    if (report.ima)
        out.emplace("ima",
                    json::object({{"entries", report.ima->entries},
                                  {"entry_ns", ns(report.ima->ours)},
                                  {"floor_entry_ns", ns(report.ima->floor)}}));
    return json::Value(std::move(out));
}

} // namespace
} // namespace vouchsafe::bench

int main(int argc, char** argv) {
    using namespace vouchsafe::bench;
    Options options;
    options.floor = default_floor();
    std::vector<std::string> connections;
    CLI::App app(
        "Plays a fleet of hosts against a vouchsafe-authorityd of its own (found below VS_BIN), over "
        "TLS on loopback, and prints what an attestation costs. Exits 1 when a control fails.",
        "vs_attestation_load");
    app.add_option("--hosts", options.fleet.hosts, "how many hosts are enrolled")->capture_default_str();
    app.add_option("--references", options.fleet.references, "reference values in approved base images")
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "of load by each kind of connection, all rounds together")
        ->capture_default_str();
    app.add_option("--rounds", options.plan.rounds, "the kinds take turns this often; figures are medians")
        ->capture_default_str();
    app.add_option("--threads", options.plan.threads, "hosts that attest at a time")->capture_default_str();
    app.add_option("--connections", connections, "warm, new, resumed; all three when not given")
        ->delimiter(',')
        ->check(CLI::IsMember({"warm", "new", "resumed"}));
    app.add_option("--floor", options.floor, "folder of the floor's programs; skipped where it is not there")
        ->capture_default_str();
    app.add_option("--work", options.work, "folder for the floor's programs and inputs")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--output", [&](const std::string& form) { options.json = form == "json"; }, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->default_str("table");
    CLI11_PARSE(app, argc, argv);
    if (!connections.empty())
        std::erase_if(options.plan.connections, [&](Connections kind) {
            return std::ranges::find(connections, to_string(kind)) == connections.end();
        });
    if (options.plan.threads == 0 || options.plan.rounds == 0 || options.fleet.hosts < options.plan.threads) {
        std::fputs("there must be a round, a thread, and a host for each thread\n", stderr);
        return 2;
    }
    const Report report = run(options);
    if (options.json)
        std::puts(vouchsafe::json::canonical(to_json(report)).c_str());
    else
        print_table(report);
    return report.counts() ? 0 : 1;
}
