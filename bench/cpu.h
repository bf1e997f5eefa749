// CPU that this process has used.
#pragma once

#include <sys/resource.h>

#include <chrono>

namespace vouchsafe::bench {

/// User and system time of all threads, ended ones too.
inline std::chrono::nanoseconds own_cpu() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

} // namespace vouchsafe::bench
