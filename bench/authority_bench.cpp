// What one attestation and one release cost: wall time, CPU time of vouchsafe-authorityd, CPU time of the
// host.
//
// A whole-process benchmark: it starts the daemon and PyKMIP on loopback, plays a host, and prints a table.
// The host's TPM is software in this process, so its share is that of everything but the TPM: a real one
// takes some 100 ms for a quote, whatever the rest does.
//
//   cmake --preset bench && ninja -C build/bench vs_authority_bench vouchsafe-authorityd
//   VS_BIN=build/bench/bin build/bench/bench/vs_authority_bench [ROUNDS]
#include "bench/cpu.h"
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace vouchsafe::test {
namespace {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

void measure(const char* what, int rounds, const Daemon& daemon, const std::function<void()>& once) {
    std::vector<double> walls;
    once(); // connections, caches
    const auto authority_before = daemon.cpu();
    const auto own_before = bench::own_cpu();
    for (int i = 0; i < rounds; ++i) {
        const auto begin = Steady::now();
        once();
        walls.push_back(Milliseconds(Steady::now() - begin).count());
    }
    const auto each = [rounds](std::chrono::nanoseconds spent) {
        return Milliseconds(spent).count() / rounds;
    };
    const double authority = each(daemon.cpu() - authority_before);
    const double host = each(bench::own_cpu() - own_before);
    const double p99 = [&] {
        std::ranges::sort(walls);
        return walls[static_cast<std::size_t>(std::ssize(walls) * 99 / 100)];
    }();
    std::printf("%-34s %10.3f %10.3f %12.3f %10.3f\n", what, median(walls), p99, authority, host);
}

void run(int rounds) {
    AuthorityProcess authority;
    std::printf("authorityd at rest, before its first request: %zu MiB\n",
                authority.daemon().resident_bytes() >> 20U);
    KeyServerProcess key_server;
    authority.claim();
    PlayedHost host;
    enrol(authority, host, "bench-1");
    add_provider(authority, key_server, "gold", {.name = "main", .address = key_server.address()});
    VS_CHECK(host.attest().has_value());

    std::printf("%-34s %10s %10s %12s %10s\n",
                "milliseconds each",
                "wall p50",
                "wall p99",
                "CPU authority",
                "CPU host");
    const auto must = [](bool good) { VS_CHECK(good); };
    measure("attestation", rounds, authority.daemon(), [&] { must(host.attest().has_value()); });
    measure("release session", rounds, authority.daemon(), [&] { must(host.open_session().has_value()); });
    const protocol::Context context = fresh_context();
    const protocol::GenerateKey generate{.provider = {"gold"}, .context = context};
    const auto made = host.release(generate);
    must(made.has_value());
    const protocol::DecryptKey decrypt{
        .provider = {"gold"}, .ciphertext = *made->ciphertext, .context = context};
    measure("generate-key in a session", rounds, authority.daemon(), [&] {
        must(host.release(generate).has_value());
    });
    measure(
        "decrypt in a session", rounds, authority.daemon(), [&] { must(host.release(decrypt).has_value()); });
    measure("decrypt with a session of its own", rounds, authority.daemon(), [&] {
        must(host.open_session().has_value() && host.release(decrypt).has_value());
    });
    std::printf("authorityd afterwards: %zu MiB\n", authority.daemon().resident_bytes() >> 20U);
    must(authority.daemon().stop() == 0);
}

} // namespace
} // namespace vouchsafe::test

int main(int argc, char** argv) {
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    vouchsafe::test::run(argc > 1 ? std::stoi(argv[1]) : 500);
    return 0;
}
