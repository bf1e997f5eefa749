#include "bench/floor.h"

#include "tests/support/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace vouchsafe::bench {

namespace {

namespace fs = std::filesystem;

std::string run(const std::string& work, const std::string& script) {
    const test::Finished done = test::run_to_end({"/bin/sh", "-euc", script}, work + "/floor.log");
    if (done.status != 0)
        std::fprintf(stderr, "the floor's programs failed; see %s/floor.log\n", work.c_str());
    VS_CHECK(done.status == 0);
    return done.output;
}

void write(const std::string& path, Bytes bytes) {
    std::ofstream(path, std::ios::binary) << as_text(bytes);
}

/// The first number after the name that is followed by blanks or a unit.
std::optional<double> number_after(const std::string& line, const std::string& name) {
    if (!line.starts_with(name))
        return std::nullopt;
    for (std::size_t at = line.find("  ", name.size()); at != std::string::npos;
         at = line.find(' ', at + 1)) {
        const std::size_t digits = line.find_first_not_of(' ', at);
        if (digits != std::string::npos && line[digits] >= '0' && line[digits] <= '9')
            return std::strtod(line.c_str() + digits, nullptr);
    }
    return std::nullopt;
}

} // namespace

std::string default_floor() {
    const char* const shared = std::getenv("VOUCHSAFE_SHARED");
    return std::string(shared == nullptr ? "../shared" : shared) + "/lab/limits";
}

std::optional<Floor> Floor::prepare(const std::string& sources, const std::string& work, Bytes firmware_log) {
    if (!fs::exists(sources + "/attest_budget.cpp"))
        return std::nullopt;
    fs::create_directories(work + "/inputs");
    write(work + "/log.bin", firmware_log);
    const std::string limits = "'" + fs::absolute(sources).string() + "'";
    const std::string vectors = "'" VS_VECTORS "/crypto/ek'";
    run(work,
        "cd '" + work + "'\n" +
            "for p in attest_budget tls_cost ima_limit; do\n"
            "    test -x $p || g++ -O2 -std=c++17 -o $p " +
            limits +
            "/$p.cpp -lssl -lcrypto\n"
            "done\n"
            "if cmp -s log.bin inputs/log.bin; then exit 0; fi\n"
            "rm -rf inputs\n"
            "port=$((20000 + $$ % 20000))\n" // swtpm takes two in a row and cannot say which are free
            "sh " +
            limits +
            "/mk_inputs.sh log.bin inputs $port >&2 || bad=1\n"
            "kill \"$(cat inputs/swtpm.pid)\"\n"
            "test -z \"${bad:-}\"\n"
            "cp " +
            vectors +
            "/rsa-2048.der inputs/ek_rsa.der\n"
            "cp " +
            vectors +
            "/issuer.pem inputs/ek_issuer.pem\n"
            "cp " +
            vectors + "/root.pem inputs/ek_root.pem\n");
    return Floor(work);
}

void Floor::sample() {
    take(run(work_, "cd '" + work_ + "' && ./attest_budget inputs 0.05 3"),
         {"SUM repeat attestation", "SUM key release"});
    take(run(work_, "cd '" + work_ + "' && ./tls_cost 200 3 1 1"),
         {"server auth only", "server auth, resumed", "warm exchange"});
}

double Floor::ima_entry(const std::string& text) const {
    write(work_ + "/ima.txt", as_bytes(text));
    const std::string output = run(work_, "cd '" + work_ + "' && ./ima_limit ima.txt 5");
    const auto comma = output.find("), ");
    VS_CHECK(comma != std::string::npos);
    return std::strtod(output.c_str() + comma + 3, nullptr);
}

void Floor::take(const std::string& output, const std::vector<std::string>& names) {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);)
        for (const std::string& name : names)
            if (const auto number = number_after(line, name))
                samples_[name].push_back(*number);
}

double Floor::at(const std::string& name) const {
    std::vector<double> values = samples_.at(name);
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace vouchsafe::bench
