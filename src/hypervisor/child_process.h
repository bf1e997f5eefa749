// One child process with a bounded life, whose secret comes through an inherited pipe. Private to this
// library.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::hypervisor {

/// The descriptor on which a child finds its secret.
inline constexpr int secret_descriptor = 3;

struct ChildCommand {
    std::filesystem::path program;
    std::vector<std::string> arguments; ///< without the program's name; never a secret
    const Secret* secret = nullptr;     ///< readable at /dev/fd/3; not more than a pipe holds (4096 bytes)
    std::chrono::milliseconds time_limit{};
    std::function<void(std::string_view)> on_output; ///< pieces of its standard output; may be empty
};

struct ChildExit {
    int status = 0;     ///< its exit status; 128 and more when a signal ended it
    std::string errors; ///< the end of its standard error, bounded
};

/// Runs it to its end. It gets an environment of two variables, no descriptor of ours but the secret, and
/// default signals. `timed_out` when it was killed at its limit; `unavailable` when it cannot be started.
Result<ChildExit> run_child(const ChildCommand& command);

} // namespace vouchsafe::hypervisor
