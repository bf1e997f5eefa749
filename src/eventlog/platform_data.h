// What firmware says about its own parts and about disks: blobs, tables, partition tables, boot options, and
// the records that extend nothing [TCG PC Client PFP, Event Descriptions].
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "eventlog/algorithm.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vouchsafe::eventlog {

/// UEFI_PLATFORM_FIRMWARE_BLOB, and _BLOB2 with its description.
struct FirmwareBlob {
    std::string description; ///< "" for the first form
    std::uint64_t base = 0;
    std::uint64_t length = 0;
};

Result<FirmwareBlob> decode_firmware_blob(Bytes data);
Result<FirmwareBlob> decode_firmware_blob2(Bytes data);

/// UEFI_HANDOFF_TABLE_POINTERS, and _POINTERS2 with its description.
struct HandoffTables {
    struct Table {
        std::string guid;
        std::uint64_t address = 0;
    };

    std::string description;
    std::vector<Table> tables;
};

inline constexpr std::size_t most_handoff_tables = 256;

Result<HandoffTables> decode_handoff_tables(Bytes data);
Result<HandoffTables> decode_handoff_tables2(Bytes data);

/// UEFI_GPT_DATA: the header of a disk's partition table, and its partitions.
struct PartitionTable {
    struct Partition {
        std::string type; ///< GUID
        std::string guid;
        std::uint64_t first_lba = 0;
        std::uint64_t last_lba = 0;
        std::uint64_t attributes = 0;
        std::string name;
    };

    std::string disk; ///< GUID
    std::uint64_t first_usable_lba = 0;
    std::uint64_t last_usable_lba = 0;
    std::vector<Partition> partitions;
};

inline constexpr std::size_t most_partitions = 512;

Result<PartitionTable> decode_partition_table(Bytes data);

/// EFI_LOAD_OPTION: what a Boot#### variable holds.
struct LoadOption {
    std::uint32_t attributes = 0;
    std::string description;
    Bytes device_path;
    Bytes optional_data;
};

Result<LoadOption> decode_load_option(Bytes data);

/// BootOrder: numbers of Boot#### variables.
Result<std::vector<std::uint16_t>> decode_boot_order(Bytes data);

/// "Spec ID Event00", "...02" (SHA-1 logs) and "...03" (crypto-agile).
struct SpecIdEvent {
    struct Bank {
        Algorithm algorithm{};
        std::uint16_t digest_bytes = 0;
    };

    std::string signature;
    std::uint32_t platform_class = 0;
    std::uint8_t major = 0;
    std::uint8_t minor = 0;
    std::uint8_t errata = 0;
    std::uint8_t uintn_bytes = 0;
    std::vector<Bank> banks; ///< of "Spec ID Event03"
    Bytes vendor_info;
};

Result<SpecIdEvent> decode_spec_id(Bytes data);

/// "SP800-155 Event", "Event2" and "Event3": which reference manifest the platform's maker publishes. The
/// texts are of the second and third form.
struct ReferenceManifest {
    std::string signature;
    std::uint32_t platform_vendor = 0; ///< IANA enterprise number
    std::string manifest;              ///< GUID
    std::string platform_manufacturer, platform_model, platform_version;
    std::string firmware_manufacturer;
    std::uint32_t firmware_vendor = 0;
    std::string firmware_version;
    std::uint32_t locator_type = 0; ///< of the third form
    Bytes locator;
};

Result<ReferenceManifest> decode_reference_manifest(Bytes data);

/// The version record that ESXi's boot loader measures in an EV_EVENT_TAG of its own.
struct EsxiVersion {
    std::uint32_t format = 0;
    std::uint64_t flags = 0;
    std::string component, product, version, file;
};

/// Its offsets lie inside the record, or it is `malformed`.
Result<EsxiVersion> decode_esxi_version(Bytes record);

} // namespace vouchsafe::eventlog
