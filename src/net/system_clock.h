// The machine's clocks, for programs to hand down.
#pragma once

#include "base/clock.h"

namespace vouchsafe::net {

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public Clock {
public:
    SysTime now() const override;
    BootTime boot_now() const override;
};

} // namespace vouchsafe::net
