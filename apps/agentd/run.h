// What vouchsafe-agentd does: join a workload manager, or run.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace vouchsafe::agentd {

struct JoinOptions {
    std::string manager;
    std::string pin;
    std::string token_file; ///< "-" is standard input
    std::string anchor;
    std::string state;
    std::string label;
    std::vector<std::string> resolve; ///< NAME=ADDRESS
};

/// Sets the anchor and joins; the state directory then has all that `run` needs.
Result<void> join(const JoinOptions& options);

/// Runs until SIGTERM.
Result<void> run(const std::string& config_file);

} // namespace vouchsafe::agentd
