// Time and randomness are given, never taken: interfaces that floors 0 to 4 receive from above.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vouchsafe {

using SysTime = std::chrono::sys_time<std::chrono::milliseconds>; ///< civil time (UTC)
using BootTime =
    std::chrono::duration<std::int64_t, std::milli>; ///< CLOCK_BOOTTIME: goes on in suspend, never back

class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    virtual SysTime now() const = 0;
    virtual BootTime boot_now() const = 0;
};

class Random {
public:
    Random() = default;
    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    Buffer bytes(std::size_t n) {
        Buffer out(n);
        fill(out);
        return out;
    }

    Secret secret(std::size_t n) {
        Secret out(n);
        out.fill([this](std::span<std::uint8_t> bytes) { fill(bytes); });
        return out;
    }
};

/// "2026-11-23T20:52:01.000Z": always UTC, always milliseconds, so that there is one text for one instant.
std::string to_text(SysTime time);
/// The inverse; also takes whole seconds ("...:01Z"). Anything else is `malformed`.
Result<SysTime> time_from_text(std::string_view text);

/// Seconds since 1970, as JOSE's NumericDate has them.
std::int64_t to_seconds(SysTime time);
SysTime from_seconds(std::int64_t seconds);

/// "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx" [RFC 9562 §5.4].
std::string make_uuid(Random& random);
/// Whether `text` has the shape of a UUID in lower case.
bool is_uuid(std::string_view text);

} // namespace vouchsafe
