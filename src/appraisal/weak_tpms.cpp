#include "appraisal/weak_tpms.h"

#include "json/members.h"
#include "json/parse.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstddef>
#include <tuple>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::string_view where = "weak_tpms";
constexpr std::size_t most_bytes = std::size_t{64} << 10U;
constexpr std::size_t most_faults = 1000;
constexpr std::size_t most_ranges = 100;
constexpr std::size_t most_numbers = std::tuple_size_v<TpmVersion>;

Result<std::vector<std::uint16_t>> numbers_from_text(std::string_view text) {
    std::vector<std::uint16_t> out;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (out.size() < most_numbers) {
        std::uint16_t number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc())
            break;
        out.push_back(number);
        if (next == end)
            return out;
        if (*next != '.')
            break;
        at = next + 1;
    }
    return fail(Errc::malformed, "weak_tpms.firmware", "not a version of one to four numbers");
}

Result<VersionRange> read_range(const json::Value& value, const std::string& place) {
    json::Members m(value, place);
    VS_TRY(const auto from, m.string("from"));
    VS_TRY(const auto to, m.string("to"));
    VS_TRY_VOID(m.finish());
    VersionRange out;
    VS_TRY(out.from, numbers_from_text(from));
    VS_TRY(out.to, numbers_from_text(to));
    return out;
}

Result<TpmFault> read_fault(const json::Value& value, const std::string& place) {
    json::Members m(value, place);
    TpmFault out;
    VS_TRY(out.title, m.string("title"));
    VS_TRY(out.advisories, m.strings("advisories"));
    VS_TRY(out.manufacturer, m.string("manufacturer"));
    VS_TRY(out.firmware, m.list<VersionRange>("firmware", most_ranges, read_range));
    VS_TRY_VOID(m.finish());
    if (out.title.empty() || out.advisories.empty() || out.manufacturer.empty() || out.firmware.empty())
        return fail(Errc::malformed, place, "a fault without title, advisory, manufacturer or firmware");
    return out;
}

/// Of the version's first numbers, as many as the bound has.
std::strong_ordering compare(const TpmVersion& version, const std::vector<std::uint16_t>& bound) {
    const auto count = static_cast<std::ptrdiff_t>(bound.size());
    return std::lexicographical_compare_three_way(
        version.begin(), version.begin() + count, bound.begin(), bound.end());
}

std::uint32_t remainder(Bytes number, std::uint32_t divisor) {
    std::uint32_t out = 0;
    for (const std::uint8_t byte : number)
        out = (out * 256 + byte) % divisor;
    return out;
}

/// Whether `value` is a power of 65537 modulo the prime.
bool is_power(std::uint32_t value, std::uint32_t prime) {
    const std::uint32_t generator = 65537 % prime;
    std::uint32_t power = 1;
    while (power != value) {
        power = power * generator % prime;
        if (power == 1)
            return false;
    }
    return true;
}

} // namespace

TpmVersion tpm_version(std::uint64_t firmware) {
    TpmVersion out{};
    for (std::size_t index = 0; index < out.size(); ++index)
        out.at(index) = static_cast<std::uint16_t>(firmware >> (48 - (16 * index)));
    return out;
}

std::string version_text(const TpmVersion& version) {
    std::string out;
    for (const std::uint16_t number : version)
        out += (out.empty() ? "" : ".") + std::to_string(number);
    return out;
}

bool VersionRange::contains(const TpmVersion& version) const {
    return std::is_gteq(compare(version, from)) && std::is_lteq(compare(version, to));
}

std::vector<const TpmFault*> WeakTpms::faults_of(std::string_view manufacturer,
                                                 const TpmVersion& version) const {
    std::vector<const TpmFault*> out;
    for (const TpmFault& fault : faults)
        if (fault.manufacturer == manufacturer &&
            std::ranges::any_of(fault.firmware,
                                [&version](const VersionRange& range) { return range.contains(version); }))
            out.push_back(&fault);
    return out;
}

Result<WeakTpms> parse_weak_tpms(std::string_view text) {
    if (text.size() > most_bytes)
        return fail(Errc::too_large, where);
    VS_TRY(const json::Value document, json::parse(text));
    json::Members m(document, std::string(where));
    VS_TRY(const auto format, m.string("format"));
    VS_TRY_VOID(m.version(1));
    WeakTpms out;
    VS_TRY(out.date, m.string("date"));
    VS_TRY(out.faults, m.list<TpmFault>("faults", most_faults, read_fault));
    VS_TRY_VOID(m.finish());
    if (format != "vouchsafe-weak-tpms")
        return fail(Errc::malformed, "weak_tpms.format", "not a list of weak TPMs");
    return out;
}

const WeakTpms& weak_tpms() {
    static const WeakTpms list = [] {
        auto parsed = parse_weak_tpms(shipped_weak_tpms());
        VS_CHECK(parsed.has_value()); // a test reads it
        return *std::move(parsed);
    }();
    return list;
}

bool has_roca_fingerprint(Bytes modulus) {
    constexpr auto primes = std::to_array<std::uint32_t>(
        {3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
         73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167});
    return std::ranges::all_of(
        primes, [modulus](std::uint32_t prime) { return is_power(remainder(modulus, prime), prime); });
}

} // namespace vouchsafe::appraisal
