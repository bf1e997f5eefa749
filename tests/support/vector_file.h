// Reads a test vector, by its path below tests/vectors.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace vouchsafe::test {

inline Buffer read_vector(std::string_view path) {
    std::ifstream file(std::string(VS_VECTORS) + "/" + std::string(path), std::ios::binary);
    VS_CHECK(file.good()); // a vector that is missing must not look like an empty one
    return Buffer(std::istreambuf_iterator<char>(file), {});
}

/// The lines of a text vector, without their ends.
inline std::vector<std::string> read_vector_lines(std::string_view path) {
    std::ifstream file(std::string(VS_VECTORS) + "/" + std::string(path));
    VS_CHECK(file.good());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

} // namespace vouchsafe::test
