#include "kmipforms/value_text.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace vouchsafe::kmipforms {

namespace {

constexpr std::int64_t second = 1'000'000;

/// Eats from the front of a text; everything it is asked for is fixed in width.
class Eater {
public:
    explicit Eater(std::string_view text) : rest_(text) {}

    bool empty() const { return rest_.empty(); }

    bool sign(char expected) {
        const bool there = !rest_.empty() && rest_.front() == expected;
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }

    /// So many digits; -1 when they are not there.
    int number(std::size_t digits) {
        if (rest_.size() < digits)
            return -1;
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!is_digit(rest_[i]))
                return -1;
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }

    /// The digits after the point, as microseconds; nothing when there are none.
    std::optional<int> fraction() {
        int value = 0;
        std::size_t digits = 0;
        for (; digits < rest_.size() && is_digit(rest_[digits]); ++digits)
            if (digits < 6)
                value = value * 10 + (rest_[digits] - '0');
        if (digits == 0)
            return std::nullopt;
        for (std::size_t i = digits; i < 6; ++i)
            value *= 10;
        rest_.remove_prefix(digits);
        return value;
    }

private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    std::string_view rest_;
};

/// Seconds since 1970 of a date, in whatever zone it is meant.
std::optional<std::int64_t> day_and_time(Eater& in) {
    const int year = in.number(4);
    const bool dashes = in.sign('-');
    const int month = in.number(2);
    const bool more_dashes = in.sign('-');
    const int day = in.number(2);
    const bool separator = in.sign('T');
    const int hour = in.number(2);
    const bool colons = in.sign(':');
    const int minute = in.number(2);
    const bool more_colons = in.sign(':');
    const int seconds = in.number(2);
    if (!dashes || !more_dashes || !separator || !colons || !more_colons || year < 0 || month < 0 ||
        day < 0 || hour < 0 || minute < 0 || seconds < 0 || hour > 23 || minute > 59 || seconds > 59)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok())
        return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t minutes = (std::int64_t{days} * 24 + hour) * 60 + minute;
    return minutes * 60 + seconds;
}

/// Seconds to the east of Greenwich; without a zone it is Greenwich.
std::optional<int> offset(Eater& in) {
    if (in.empty() || in.sign('Z'))
        return 0;
    const bool east = in.sign('+');
    if (!east && !in.sign('-'))
        return std::nullopt;
    const int hours = in.number(2);
    const bool colon = in.sign(':');
    const int minutes = in.number(2);
    if (!colon || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return std::nullopt;
    return (hours * 3600 + minutes * 60) * (east ? 1 : -1);
}

} // namespace

std::optional<std::int64_t> microseconds_from_text(std::string_view text) {
    Eater in(text);
    const auto local = day_and_time(in);
    if (!local)
        return std::nullopt;
    const auto fraction = in.sign('.') ? in.fraction() : std::optional(0);
    const auto east = fraction ? offset(in) : std::nullopt;
    if (!east || !in.empty())
        return std::nullopt;
    return (*local - *east) * second + *fraction;
}

std::optional<std::string> instant_to_text(std::int64_t microseconds, bool fraction) {
    constexpr std::int64_t year_0 = -62'167'219'200 * second;
    constexpr std::int64_t year_10000 = 253'402'300'800 * second;
    if (microseconds < year_0 || microseconds >= year_10000)
        return std::nullopt;
    const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(microseconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 48> out{};
    const int length = std::snprintf(out.data(),
                                     out.size(),
                                     "%04d-%02u-%02uT%02d:%02d:%02d",
                                     static_cast<int>(date.year()),
                                     static_cast<unsigned>(date.month()),
                                     static_cast<unsigned>(date.day()),
                                     static_cast<int>(clock.hours().count()),
                                     static_cast<int>(clock.minutes().count()),
                                     static_cast<int>(clock.seconds().count()));
    std::string text(out.data(), static_cast<std::size_t>(length));
    if (fraction) {
        const int digits =
            std::snprintf(out.data(), out.size(), ".%06d", static_cast<int>(clock.subseconds().count()));
        text.append(out.data(), static_cast<std::size_t>(digits));
    }
    return text + "+00:00";
}

} // namespace vouchsafe::kmipforms
