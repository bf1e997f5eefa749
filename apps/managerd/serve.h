// What the program does, from its options.
#pragma once

#include "base/result.h"
#include "store/state_key.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vouchsafe::managerd {

struct Options {
    std::string role;
    std::string state;
    std::string name;
    store::StateKeySource state_key;
    std::string address = "127.0.0.1";
    std::uint16_t port = 9443;
    std::string port_file;
    std::vector<std::string> resolve;
};

/// Serves until SIGTERM.
Result<void> serve(const Options& options);

} // namespace vouchsafe::managerd
