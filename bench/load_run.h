// Load on an authority host: its hosts attest one after another, on several threads, for some seconds.
#pragma once

#include "bench/load_fleet.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::bench {

/// How an attestation reaches the authority host. Each is two requests: challenge and evidence.
enum class Connections : std::uint8_t {
    warm,    ///< on a connection that is open
    fresh,   ///< on a new one, by a full handshake
    resumed, ///< on a new one, by a handshake that resumes a session
};

std::string_view to_string(Connections connections);

struct Measured {
    Connections connections{};
    std::size_t attestations = 0;
    double per_second = 0;
    double authority_us = 0; ///< CPU of the authority's process for each
    double host_us = 0;      ///< CPU of this process for each: its TPMs are software, the JSON is its own
    double p50_ms = 0;       ///< wall time
    double p99_ms = 0;
};

struct LoadPlan {
    std::vector<Connections> connections;
    std::chrono::milliseconds time{5000}; ///< for each kind in each round
    unsigned rounds = 5;                  ///< the kinds take turns; each figure is the median
    unsigned threads = 2;
    std::function<void()> before_round = [] {};
};

/// Every attestation must end in trust. One Measured for each kind of connection.
std::vector<Measured> run_load(Fleet& fleet, const LoadPlan& plan);

} // namespace vouchsafe::bench
