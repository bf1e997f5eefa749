#include "eventlog/firmware.h"

#include "base/reader.h"

#include <algorithm>
#include <set>
#include <utility>

namespace vouchsafe::eventlog {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view crypto_agile_signature = "Spec ID Event03\0"sv;
constexpr std::string_view startup_signature = "StartupLocality\0"sv;
constexpr std::size_t sha1_size = 20;
constexpr std::size_t largest_digest = 64;

struct SpecId {
    struct Entry {
        Algorithm algorithm{};
        std::size_t size = 0;
    };

    std::vector<Entry> entries;

    const Entry* find(Algorithm algorithm) const {
        const auto found = std::ranges::find(entries, algorithm, &Entry::algorithm);
        return found != entries.end() ? &*found : nullptr;
    }
};

bool starts_with(Bytes data, std::string_view signature) {
    return data.size() >= signature.size() && same_bytes(data.first(signature.size()), as_bytes(signature));
}

/// TCG_EfiSpecIdEvent: after the signature come platform class, version, errata and the size of UINTN; then
/// the algorithms with their sizes, and the maker's own bytes.
Result<SpecId> parse_spec_id(Bytes data, const FirmwareLimits& limits) {
    constexpr std::size_t fixed = 8;
    Reader in(data.subspan(crypto_agile_signature.size()));
    VS_TRY_VOID(in.take(fixed, "eventlog.spec_id"));
    VS_TRY(const auto count, in.little<std::uint32_t>("eventlog.spec_id"));
    if (count == 0)
        return fail(Errc::malformed, "eventlog.spec_id", "no digest algorithms");
    if (count > limits.digests)
        return fail(Errc::too_large, "eventlog.spec_id", std::to_string(count) + " digest algorithms");
    SpecId spec;
    for (std::uint32_t i = 0; i < count; ++i) {
        VS_TRY(const auto number, in.little<std::uint16_t>("eventlog.spec_id"));
        VS_TRY(const auto size, in.little<std::uint16_t>("eventlog.spec_id"));
        const auto algorithm = algorithm_from_number(number);
        if (size == 0 || size > largest_digest || digest_size(algorithm).value_or(size) != size)
            return fail(Errc::malformed,
                        "eventlog.spec_id",
                        "a size of " + std::to_string(size) + " bytes for " + to_string(algorithm));
        if (spec.find(algorithm) != nullptr)
            return fail(Errc::malformed, "eventlog.spec_id", to_string(algorithm) + " is listed twice");
        spec.entries.push_back({.algorithm = algorithm, .size = size});
    }
    VS_TRY(const auto vendor_size, in.big<std::uint8_t>("eventlog.spec_id"));
    VS_TRY_VOID(in.take(vendor_size, "eventlog.spec_id"));
    return spec;
}

class Parser {
public:
    Parser(Bytes log, const FirmwareLimits& limits) : size_(log.size()), in_(log), limits_(limits) {}

    Result<FirmwareLog> parse() {
        if (size_ == 0)
            return fail(Errc::malformed, "eventlog.empty", "the log has no bytes");
        if (size_ > limits_.log_bytes)
            return fail(Errc::too_large, "eventlog.log_bytes", std::to_string(size_) + " bytes");
        VS_TRY_VOID(at_event(first_event()));
        while (!in_.empty() && !padding()) {
            if (log_.events.size() >= limits_.events)
                return fail(
                    Errc::too_large, "eventlog.events", "more than " + std::to_string(limits_.events));
            VS_TRY_VOID(at_event(next_event()));
        }
        log_.padding = in_.remaining();
        return std::move(log_);
    }

private:
    /// Names the event that was being read in the error.
    Result<void> at_event(Result<void> result) const {
        if (result)
            return result;
        Error error = std::move(result).error();
        error.detail = "event " + std::to_string(log_.events.size()) + " at offset " +
                       std::to_string(begin_) + ": " + error.detail;
        return std::unexpected(std::move(error));
    }

    /// Only where the same byte fills the whole rest: padding in the middle is no padding.
    bool padding() const {
        const std::uint8_t first = in_.rest().front();
        return (first == 0x00 || first == 0xFF) &&
               std::ranges::all_of(in_.rest(), [first](std::uint8_t byte) { return byte == first; });
    }

    Result<void> first_event() {
        VS_TRY(Event event, sha1_event());
        if (event.type == type::no_action && starts_with(event.data, crypto_agile_signature)) {
            VS_TRY(spec_, parse_spec_id(event.data, limits_));
            for (const auto& entry : spec_.entries)
                log_.banks.push_back(entry.algorithm);
        } else {
            log_.format = Format::sha1;
            log_.banks = {Algorithm::sha1};
        }
        return add(std::move(event));
    }

    Result<void> next_event() {
        VS_TRY(Event event, log_.format == Format::sha1 ? sha1_event() : crypto_agile_event());
        if (event.type == type::no_action && starts_with(event.data, crypto_agile_signature))
            return fail(Errc::malformed, "eventlog.spec_id", "a header event inside the log");
        return add(std::move(event));
    }

    Result<Event> begin_event() {
        begin_ = size_ - in_.remaining();
        Event event{.index = log_.events.size(), .offset = begin_, .digests = {}, .data = {}};
        VS_TRY(event.pcr, in_.little<std::uint32_t>("eventlog.pcr"));
        VS_TRY(event.type, in_.little<std::uint32_t>("eventlog.type"));
        const bool without_pcr = event.pcr == no_pcr && event.type == type::no_action;
        if (event.pcr >= pcr_count && !without_pcr)
            return fail(Errc::malformed, "eventlog.pcr", "PCR index " + std::to_string(event.pcr));
        return event;
    }

    Result<void> end_event(Event& event) {
        VS_TRY(const auto size, in_.little<std::uint32_t>("eventlog.event_size"));
        if (size > in_.remaining())
            return fail(Errc::malformed,
                        "eventlog.event_size",
                        "event data of " + std::to_string(size) + " bytes ends beyond the log");
        if (size > limits_.event_bytes)
            return fail(Errc::too_large, "eventlog.event_size", std::to_string(size) + " bytes");
        VS_TRY(event.data, in_.take(size, "eventlog.event_size"));
        return {};
    }

    /// TCG_PCR_EVENT
    Result<Event> sha1_event() {
        VS_TRY(Event event, begin_event());
        VS_TRY(const Bytes digest, in_.take(sha1_size, "eventlog.digest"));
        event.digests.push_back({.algorithm = Algorithm::sha1, .value = digest});
        VS_TRY_VOID(end_event(event));
        return event;
    }

    /// TCG_PCR_EVENT2
    Result<Event> crypto_agile_event() {
        VS_TRY(Event event, begin_event());
        VS_TRY(const auto count, in_.little<std::uint32_t>("eventlog.digest_count"));
        // Real logs have events with fewer digests than the header lists; replay refuses such a bank.
        const bool too_few = count == 0 && event.extends();
        if (count > spec_.entries.size() || too_few)
            return fail(Errc::malformed, "eventlog.digest_count", std::to_string(count) + " digests");
        event.digests.reserve(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            VS_TRY(const auto number, in_.little<std::uint16_t>("eventlog.algorithm"));
            const auto* const entry = spec_.find(algorithm_from_number(number));
            if (entry == nullptr)
                return fail(Errc::malformed,
                            "eventlog.algorithm",
                            to_string(algorithm_from_number(number)) + " is not in the header");
            if (event.digest(entry->algorithm))
                return fail(Errc::malformed, "eventlog.algorithm", to_string(entry->algorithm) + " twice");
            VS_TRY(const Bytes digest, in_.take(entry->size, "eventlog.digest"));
            event.digests.push_back({.algorithm = entry->algorithm, .value = digest});
        }
        VS_TRY_VOID(end_event(event));
        return event;
    }

    Result<void> add(Event event) {
        if (event.type == type::no_action && starts_with(event.data, startup_signature))
            VS_TRY_VOID(startup_locality(event));
        if (event.extends() && event.pcr == 0) {
            // A CRTM measured in hardware leaves the same mark as start-up from locality 4.
            if (!pcr0_extended_ && event.type == type::efi_hcrtm_event)
                log_.startup_locality = 4;
            pcr0_extended_ = true;
        }
        log_.events.push_back(std::move(event));
        return {};
    }

    Result<void> startup_locality(const Event& event) {
        constexpr std::string_view where = "eventlog.startup_locality";
        if (event.pcr != 0 || event.data.size() != startup_signature.size() + 1)
            return fail(Errc::malformed, where, "not in PCR 0, or of a wrong length");
        if (std::exchange(startup_seen_, true))
            return fail(Errc::malformed, where, "a second time");
        if (pcr0_extended_)
            return fail(Errc::malformed, where, "after PCR 0 was extended");
        const std::uint8_t locality = event.data.back();
        if (locality != 0 && locality != 3 && locality != 4)
            return fail(Errc::malformed, where, "locality " + std::to_string(locality));
        log_.startup_locality = locality;
        return {};
    }

    std::size_t size_;
    std::size_t begin_ = 0;
    Reader in_;
    const FirmwareLimits& limits_;
    SpecId spec_;
    FirmwareLog log_;
    bool startup_seen_ = false;
    bool pcr0_extended_ = false;
};

} // namespace

std::optional<Bytes> Event::digest(Algorithm algorithm) const {
    const auto found = std::ranges::find(digests, algorithm, &Digest::algorithm);
    if (found == digests.end())
        return {};
    return found->value;
}

Result<FirmwareLog> parse_firmware_log(Bytes log, const FirmwareLimits& limits) {
    return Parser(log, limits).parse();
}

} // namespace vouchsafe::eventlog
