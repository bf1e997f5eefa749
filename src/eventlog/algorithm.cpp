#include "eventlog/algorithm.h"

#include "base/bytes.h"

#include <array>

namespace vouchsafe::eventlog {

namespace {

struct Known {
    Algorithm algorithm;
    std::string_view name;
    std::size_t size;
};

constexpr std::array known{
    Known{Algorithm::sha1, "sha1", 20},
    Known{Algorithm::sha256, "sha256", 32},
    Known{Algorithm::sha384, "sha384", 48},
    Known{Algorithm::sha512, "sha512", 64},
    Known{Algorithm::sm3_256, "sm3_256", 32},
};

} // namespace

std::string to_string(Algorithm algorithm) {
    for (const Known& one : known)
        if (one.algorithm == algorithm)
            return std::string(one.name);
    const auto number = static_cast<std::uint16_t>(algorithm);
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(number >> 8U),
                                            static_cast<std::uint8_t>(number & 0xFFU)};
    return "0x" + to_hex(bytes);
}

std::optional<Algorithm> algorithm_from_text(std::string_view text) {
    for (const Known& one : known)
        if (one.name == text)
            return one.algorithm;
    return {};
}

std::optional<std::size_t> digest_size(Algorithm algorithm) {
    for (const Known& one : known)
        if (one.algorithm == algorithm)
            return one.size;
    return {};
}

} // namespace vouchsafe::eventlog
