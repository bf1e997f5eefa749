// A command run by the shell, and the content of a file: for suites that drive real parts.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace vouchsafe::test {

struct Shell {
    int status;         ///< as waitpid gives it; 0 is success
    std::string output; ///< standard output and standard error
};

inline Shell shell(const std::string& command) {
    Shell out{.status = -1, .output = {}};
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
    if (pipe == nullptr)
        return out;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
        out.output.append(buffer.data(), n);
    out.status = ::pclose(pipe);
    return out;
}

/// Empty when there is no such file.
inline std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace vouchsafe::test
