// Randomness that counts: 0, 1, 2, ... so that vectors can say what was drawn.
#pragma once

#include "base/clock.h"

#include <cstdint>
#include <span>

namespace vouchsafe::test {

class CountingRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        for (std::uint8_t& byte : out)
            byte = next_++;
    }

private:
    std::uint8_t next_ = 0;
};

} // namespace vouchsafe::test
