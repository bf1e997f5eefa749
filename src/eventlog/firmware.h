// eventlog: what a machine's firmware and kernel wrote down while they extended PCRs, read as events.
//
// Everything here is untrusted: a log is the host's story about its PCRs. `appraisal` replays it against
// quoted values, and only then do the digests count; event *data* counts only where its hash is the digest.
// This library hashes nothing and judges nothing. Values are views into the bytes that were parsed, which
// must outlive them.
//
// This header: the firmware log [TCG PC Client PFP, Event Logging], crypto-agile or SHA-1.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "eventlog/algorithm.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::eventlog {

// Event types that somebody here must know [TCG PC Client PFP, Event Types]; others are carried as numbers.
namespace type {
inline constexpr std::uint32_t post_code = 0x01;
inline constexpr std::uint32_t no_action = 0x03;
inline constexpr std::uint32_t separator = 0x04;
inline constexpr std::uint32_t action = 0x05;
inline constexpr std::uint32_t event_tag = 0x06;
inline constexpr std::uint32_t s_crtm_contents = 0x07;
inline constexpr std::uint32_t s_crtm_version = 0x08;
inline constexpr std::uint32_t table_of_devices = 0x0B;
inline constexpr std::uint32_t ipl = 0x0D;
inline constexpr std::uint32_t post_code2 = 0x13;
inline constexpr std::uint32_t efi_variable_driver_config = 0x80000001;
inline constexpr std::uint32_t efi_variable_boot = 0x80000002;
inline constexpr std::uint32_t efi_boot_services_application = 0x80000003;
inline constexpr std::uint32_t efi_boot_services_driver = 0x80000004;
inline constexpr std::uint32_t efi_runtime_services_driver = 0x80000005;
inline constexpr std::uint32_t efi_gpt_event = 0x80000006;
inline constexpr std::uint32_t efi_action = 0x80000007;
inline constexpr std::uint32_t efi_platform_firmware_blob = 0x80000008;
inline constexpr std::uint32_t efi_handoff_tables = 0x80000009;
inline constexpr std::uint32_t efi_platform_firmware_blob2 = 0x8000000A;
inline constexpr std::uint32_t efi_handoff_tables2 = 0x8000000B;
inline constexpr std::uint32_t efi_variable_boot2 = 0x8000000C;
inline constexpr std::uint32_t efi_gpt_event2 = 0x8000000D;
inline constexpr std::uint32_t efi_hcrtm_event = 0x80000010;
inline constexpr std::uint32_t efi_variable_authority = 0x800000E0;
} // namespace type

/// "EV_SEPARATOR"; "0x00008401" for a type that the specification does not name.
std::string type_name(std::uint32_t type);
/// The inverse of type_name, in exactly its spelling.
std::optional<std::uint32_t> type_from_name(std::string_view name);

struct FirmwareLimits {
    std::size_t log_bytes = std::size_t{1} << 20U;
    std::size_t events = 4096;
    std::size_t event_bytes = std::size_t{256} << 10U;
    std::size_t digests = 8; ///< per event, and algorithms in the header
};

struct Digest {
    Algorithm algorithm{};
    Bytes value;
};

struct Event {
    std::size_t index = 0;  ///< place in the log, the header event included
    std::size_t offset = 0; ///< where its bytes begin
    std::uint32_t pcr = 0;  ///< 0 to 23, or no_pcr with EV_NO_ACTION
    std::uint32_t type = 0;
    std::vector<Digest> digests;
    Bytes data; ///< untrusted until its hash is the digest

    /// Whether the event went into its PCR: all do but EV_NO_ACTION.
    bool extends() const { return type != type::no_action; }

    /// Empty when the event has none of that algorithm.
    std::optional<Bytes> digest(Algorithm algorithm) const;
};

inline constexpr std::uint32_t no_pcr = 0xFFFFFFFF; ///< Windows' trust point has no PCR
inline constexpr std::uint32_t pcr_count = 24;

enum class Format : std::uint8_t { crypto_agile, sha1 };

std::string_view to_string(Format format);

struct FirmwareLog {
    Format format = Format::crypto_agile;
    std::vector<Algorithm> banks; ///< in the header's order; only SHA-1 for the SHA-1 format
    std::vector<Event> events;
    std::uint8_t startup_locality = 0; ///< last byte of PCR 0's start value: 0, 3, or 4 (also by H-CRTM)
    std::size_t padding = 0;           ///< bytes of 0x00 or 0xFF after the last event
};

/// parse_firmware_log establishes:
///  1 the log, each event and all counts are within the limits (`too_large`)
///  2 a crypto-agile log begins with one Spec ID event whose algorithms occur once, with their known sizes
///  3 every event is complete; its digests are of listed algorithms, each at most once, and one that extends
///    has at least one
///  4 a PCR index is below 24, or 0xFFFFFFFF with EV_NO_ACTION
///  5 StartupLocality occurs at most once, in PCR 0, before anything extends it, with value 0, 3 or 4
///  6 after the last event there is nothing, or padding of one repeated byte, 0x00 or 0xFF
/// An error's `where` is "eventlog.<field>", its `detail` names the event, its offset and the cause.
Result<FirmwareLog> parse_firmware_log(Bytes log, const FirmwareLimits& limits = {});

} // namespace vouchsafe::eventlog
