// Randomness from the system, for the programs to hand down.
#pragma once

#include "base/clock.h"

#include <cstdint>
#include <span>

namespace vouchsafe::crypto {

/// The library's generator, seeded by the kernel. A failure ends the process: no caller could go on.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override;
};

} // namespace vouchsafe::crypto
