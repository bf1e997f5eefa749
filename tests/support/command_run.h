// The command line in this process: what it ended with, and what it printed.
#pragma once

#include "cli/commands.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::test {

struct CommandRun {
    int exit = 0;
    std::string out, err;
};

inline CommandRun run_command(std::vector<std::string> words) {
    words.insert(words.begin(), "vouchsafe");
    std::vector<char*> argv;
    argv.reserve(words.size());
    for (std::string& word : words)
        argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    CommandRun ran{.exit = cli::main(static_cast<int>(argv.size()), argv.data()), .out = {}, .err = {}};
    ran.out = testing::internal::GetCapturedStdout();
    ran.err = testing::internal::GetCapturedStderr();
    return ran;
}

} // namespace vouchsafe::test
