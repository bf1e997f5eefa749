// Names of event types [TCG PC Client PFP, Event Types].
#include "eventlog/firmware.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vouchsafe::eventlog {

namespace {

using namespace std::string_view_literals;

constexpr std::array types{
    std::pair{0x00000000U, "EV_PREBOOT_CERT"sv},
    std::pair{0x00000001U, "EV_POST_CODE"sv},
    std::pair{0x00000002U, "EV_UNUSED"sv},
    std::pair{0x00000003U, "EV_NO_ACTION"sv},
    std::pair{0x00000004U, "EV_SEPARATOR"sv},
    std::pair{0x00000005U, "EV_ACTION"sv},
    std::pair{0x00000006U, "EV_EVENT_TAG"sv},
    std::pair{0x00000007U, "EV_S_CRTM_CONTENTS"sv},
    std::pair{0x00000008U, "EV_S_CRTM_VERSION"sv},
    std::pair{0x00000009U, "EV_CPU_MICROCODE"sv},
    std::pair{0x0000000AU, "EV_PLATFORM_CONFIG_FLAGS"sv},
    std::pair{0x0000000BU, "EV_TABLE_OF_DEVICES"sv},
    std::pair{0x0000000CU, "EV_COMPACT_HASH"sv},
    std::pair{0x0000000DU, "EV_IPL"sv},
    std::pair{0x0000000EU, "EV_IPL_PARTITION_DATA"sv},
    std::pair{0x0000000FU, "EV_NONHOST_CODE"sv},
    std::pair{0x00000010U, "EV_NONHOST_CONFIG"sv},
    std::pair{0x00000011U, "EV_NONHOST_INFO"sv},
    std::pair{0x00000012U, "EV_OMIT_BOOT_DEVICE_EVENTS"sv},
    std::pair{0x00000013U, "EV_POST_CODE2"sv},
    std::pair{0x80000000U, "EV_EFI_EVENT_BASE"sv},
    std::pair{0x80000001U, "EV_EFI_VARIABLE_DRIVER_CONFIG"sv},
    std::pair{0x80000002U, "EV_EFI_VARIABLE_BOOT"sv},
    std::pair{0x80000003U, "EV_EFI_BOOT_SERVICES_APPLICATION"sv},
    std::pair{0x80000004U, "EV_EFI_BOOT_SERVICES_DRIVER"sv},
    std::pair{0x80000005U, "EV_EFI_RUNTIME_SERVICES_DRIVER"sv},
    std::pair{0x80000006U, "EV_EFI_GPT_EVENT"sv},
    std::pair{0x80000007U, "EV_EFI_ACTION"sv},
    std::pair{0x80000008U, "EV_EFI_PLATFORM_FIRMWARE_BLOB"sv},
    std::pair{0x80000009U, "EV_EFI_HANDOFF_TABLES"sv},
    std::pair{0x8000000AU, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"sv},
    std::pair{0x8000000BU, "EV_EFI_HANDOFF_TABLES2"sv},
    std::pair{0x8000000CU, "EV_EFI_VARIABLE_BOOT2"sv},
    std::pair{0x8000000DU, "EV_EFI_GPT_EVENT2"sv},
    std::pair{0x80000010U, "EV_EFI_HCRTM_EVENT"sv},
    std::pair{0x800000E0U, "EV_EFI_VARIABLE_AUTHORITY"sv},
    std::pair{0x800000E1U, "EV_EFI_SPDM_FIRMWARE_BLOB"sv},
    std::pair{0x800000E2U, "EV_EFI_SPDM_FIRMWARE_CONFIG"sv},
    std::pair{0x800000E3U, "EV_EFI_SPDM_DEVICE_POLICY"sv},
    std::pair{0x800000E4U, "EV_EFI_SPDM_DEVICE_AUTHORITY"sv},
};

std::string hex32(std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes{};
    for (unsigned i = 0; i < 4; ++i)
        bytes.at(i) = static_cast<std::uint8_t>(value >> (8U * (3 - i)));
    return "0x" + to_hex(bytes);
}

} // namespace

std::string type_name(std::uint32_t type) {
    const auto* const found = std::ranges::find(types, type, [](const auto& row) { return row.first; });
    return found != types.end() ? std::string(found->second) : hex32(type);
}

std::optional<std::uint32_t> type_from_name(std::string_view name) {
    const auto* const found = std::ranges::find(types, name, [](const auto& row) { return row.second; });
    if (found != types.end())
        return found->first;
    std::uint32_t value = 0;
    if (name.size() != 10 || !name.starts_with("0x"))
        return {};
    const auto digits = name.substr(2);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    // One spelling for one type: a number that has a name is not taken as a number.
    if (parsed.ec != std::errc{} || type_name(value) != name)
        return {};
    return value;
}

std::string_view to_string(Format format) {
    switch (format) {
    case Format::crypto_agile:
        return "crypto-agile";
    case Format::sha1:
        return "sha1";
    }
    return "";
}

} // namespace vouchsafe::eventlog
