// A clock that a test moves.
#pragma once

#include "base/clock.h"

#include <chrono>

namespace vouchsafe::test {

struct SteppedClock final : Clock {
    SysTime time = from_seconds(1'800'000'000);
    BootTime boot{3'600'000};

    SysTime now() const override { return time; }

    BootTime boot_now() const override { return boot; }

    void pass(std::chrono::milliseconds span) {
        time += span;
        boot += span;
    }
};

} // namespace vouchsafe::test
