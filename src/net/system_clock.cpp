#include "net/system_clock.h"

#include <ctime>

namespace vouchsafe::net {

namespace {

BootTime read(clockid_t clock) {
    timespec at{};
    VS_CHECK(::clock_gettime(clock, &at) == 0);
    return BootTime(static_cast<std::int64_t>(at.tv_sec) * 1000 + at.tv_nsec / 1'000'000);
}

} // namespace

SysTime SystemClock::now() const {
    return SysTime(read(CLOCK_REALTIME));
}

BootTime SystemClock::boot_now() const {
    return read(CLOCK_BOOTTIME);
}

} // namespace vouchsafe::net
