#include "base/clock.h"

#include <cstdio>

namespace vouchsafe {

namespace {

Result<int> digits(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return fail(Errc::malformed, "time.digit");
        value = value * 10 + (c - '0');
    }
    return value;
}

} // namespace

std::string to_text(SysTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 40> out{};
    const int length = std::snprintf(out.data(),
                                     out.size(),
                                     "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                                     static_cast<int>(date.year()),
                                     static_cast<unsigned>(date.month()),
                                     static_cast<unsigned>(date.day()),
                                     static_cast<int>(clock.hours().count()),
                                     static_cast<int>(clock.minutes().count()),
                                     static_cast<int>(clock.seconds().count()),
                                     static_cast<int>(clock.subseconds().count()));
    return {out.data(), static_cast<std::size_t>(length)};
}

Result<SysTime> time_from_text(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00";
    const bool with_ms = text.size() == shape.size() + 5 && text[shape.size()] == '.';
    const bool whole = text.size() == shape.size() + 1;
    if ((!with_ms && !whole) || text.back() != 'Z')
        return fail(Errc::malformed, "time.shape");
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] != '0' && text[i] != shape[i])
            return fail(Errc::malformed, "time.shape");
    VS_TRY(const int year, digits(text.substr(0, 4)));
    VS_TRY(const int month, digits(text.substr(5, 2)));
    VS_TRY(const int day, digits(text.substr(8, 2)));
    VS_TRY(const int hour, digits(text.substr(11, 2)));
    VS_TRY(const int minute, digits(text.substr(14, 2)));
    VS_TRY(const int second, digits(text.substr(17, 2)));
    VS_TRY(const int ms, digits(with_ms ? text.substr(20, 3) : std::string_view{}));
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59)
        return fail(Errc::malformed, "time.range");
    return SysTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + std::chrono::milliseconds(ms);
}

std::int64_t to_seconds(SysTime time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

SysTime from_seconds(std::int64_t seconds) {
    return SysTime(std::chrono::seconds(seconds));
}

std::string make_uuid(Random& random) {
    std::array<std::uint8_t, 16> raw{};
    random.fill(raw);
    raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0FU) | 0x40U);
    raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3FU) | 0x80U);
    std::string text = to_hex(raw);
    for (const std::size_t at : {20U, 16U, 12U, 8U})
        text.insert(at, 1, '-');
    return text;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

} // namespace vouchsafe
