// The two things that the program does, from its options.
#pragma once

#include "base/result.h"
#include "store/state_key.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vouchsafe::authorityd {

struct Options {
    std::string state;
    store::StateKeySource state_key;

    std::string name;
    std::string administrator;
    std::string id = "authority-1";
    std::string cluster_name = "trust authority";

    std::string address = "127.0.0.1";
    std::uint16_t port = 8443;
    std::uint16_t advertise_port = 0;
    std::string port_file;
    std::vector<std::string> resolve;

    std::uint64_t audit_file_mib = 64;          ///< a file of the audit that has them is put away
    std::int64_t audit_checkpoint_seconds = 60; ///< a record waits so long for a checkpoint, at most
};

/// Makes keys and the first change record, and prints anchor, pin and one-time token.
Result<void> initialise(const Options& options);

/// Serves until SIGTERM.
Result<void> serve(const Options& options);

} // namespace vouchsafe::authorityd
