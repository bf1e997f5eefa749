#include "eventlog/platform_data.h"

#include "base/reader.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace vouchsafe::eventlog {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t guid_size = 16;

Result<std::string> take_guid(Reader& in, std::string_view where) {
    VS_TRY(const Bytes guid, in.take(guid_size, where));
    return guid_text(guid);
}

/// A text of firmware's: its printable form, or hex where it has none.
std::string text_or_hex(Bytes bytes) {
    return decode_text(bytes).value_or(to_hex(bytes));
}

/// A text behind one byte of size.
Result<std::string> take_short_text(Reader& in, std::string_view where) {
    VS_TRY(const auto size, in.little<std::uint8_t>(where));
    VS_TRY(const Bytes bytes, in.take(size, where));
    return text_or_hex(bytes);
}

/// UTF-16 in a field of fixed size, up to its first NUL.
std::string fixed_utf16(Bytes field) {
    std::string text = utf8_from_utf16le(field);
    text.erase(std::ranges::find(text, '\0'), text.end());
    return text;
}

Result<FirmwareBlob> take_blob(Reader in, std::string description) {
    constexpr std::string_view where = "event_data.firmware_blob";
    FirmwareBlob blob{.description = std::move(description)};
    VS_TRY(blob.base, in.little<std::uint64_t>(where));
    VS_TRY(blob.length, in.little<std::uint64_t>(where));
    VS_TRY_VOID(in.finish(where));
    return blob;
}

Result<HandoffTables> take_tables(Reader in, std::string description) {
    constexpr std::string_view where = "event_data.handoff_tables";
    HandoffTables out{.description = std::move(description), .tables = {}};
    VS_TRY(const auto count, in.little<std::uint64_t>(where));
    if (count > most_handoff_tables)
        return fail(Errc::too_large, where, std::to_string(count) + " tables");
    for (std::uint64_t i = 0; i < count; ++i) {
        HandoffTables::Table table;
        VS_TRY(table.guid, take_guid(in, where));
        VS_TRY(table.address, in.little<std::uint64_t>(where));
        out.tables.push_back(std::move(table));
    }
    VS_TRY_VOID(in.finish(where));
    return out;
}

Result<PartitionTable::Partition> take_partition(Reader& in, std::uint32_t size, std::string_view where) {
    constexpr std::size_t name_bytes = 72;
    VS_TRY(Reader entry, in.sub(size, where));
    PartitionTable::Partition out;
    VS_TRY(out.type, take_guid(entry, where));
    VS_TRY(out.guid, take_guid(entry, where));
    VS_TRY(out.first_lba, entry.little<std::uint64_t>(where));
    VS_TRY(out.last_lba, entry.little<std::uint64_t>(where));
    VS_TRY(out.attributes, entry.little<std::uint64_t>(where));
    VS_TRY(const Bytes name, entry.take(name_bytes, where));
    out.name = fixed_utf16(name);
    return out;
}

/// The sixteen bytes that name a record, without the NUL that some of them end in.
Result<std::string> take_signature(Reader& in, std::string_view where) {
    constexpr std::size_t size = 16;
    VS_TRY(const Bytes bytes, in.take(size, where));
    return text_or_hex(bytes);
}

} // namespace

Result<FirmwareBlob> decode_firmware_blob(Bytes data) {
    return take_blob(Reader(data), {});
}

Result<FirmwareBlob> decode_firmware_blob2(Bytes data) {
    Reader in(data);
    VS_TRY(std::string description, take_short_text(in, "event_data.firmware_blob"));
    return take_blob(in, std::move(description));
}

Result<HandoffTables> decode_handoff_tables(Bytes data) {
    return take_tables(Reader(data), {});
}

Result<HandoffTables> decode_handoff_tables2(Bytes data) {
    Reader in(data);
    VS_TRY(std::string description, take_short_text(in, "event_data.handoff_tables"));
    return take_tables(in, std::move(description));
}

Result<PartitionTable> decode_partition_table(Bytes data) {
    constexpr std::string_view where = "event_data.partition_table";
    constexpr std::string_view signature = "EFI PART";
    constexpr std::size_t before_usable =
        32; // signature, revision, sizes, checksums, the two places of the header
    constexpr std::size_t entry_lba = 8;
    constexpr std::uint32_t least_entry = 128;
    Reader in(data);
    VS_TRY(const Bytes head, in.take(signature.size() + before_usable, where));
    if (!same_bytes(head.first(signature.size()), as_bytes(signature)))
        return fail(Errc::malformed, where, "no partition table's signature");
    PartitionTable out;
    VS_TRY(out.first_usable_lba, in.little<std::uint64_t>(where));
    VS_TRY(out.last_usable_lba, in.little<std::uint64_t>(where));
    VS_TRY(out.disk, take_guid(in, where));
    VS_TRY_VOID(in.take(entry_lba, where));
    VS_TRY_VOID(in.little<std::uint32_t>(where)); // places for partitions, used or not
    VS_TRY(const auto entry_size, in.little<std::uint32_t>(where));
    VS_TRY_VOID(in.little<std::uint32_t>(where)); // checksum
    VS_TRY(const auto count, in.little<std::uint64_t>(where));
    if (count > most_partitions)
        return fail(Errc::too_large, where, std::to_string(count) + " partitions");
    if (entry_size < least_entry)
        return fail(Errc::malformed, where, "partition entries of " + std::to_string(entry_size) + " bytes");
    for (std::uint64_t i = 0; i < count; ++i) {
        VS_TRY(PartitionTable::Partition partition, take_partition(in, entry_size, where));
        out.partitions.push_back(std::move(partition));
    }
    VS_TRY_VOID(in.finish(where));
    return out;
}

Result<LoadOption> decode_load_option(Bytes data) {
    constexpr std::string_view where = "event_data.load_option";
    Reader in(data);
    LoadOption out;
    VS_TRY(out.attributes, in.little<std::uint32_t>(where));
    VS_TRY(const auto path_size, in.little<std::uint16_t>(where));
    const Bytes rest = in.rest();
    std::size_t end = 0;
    while (end + 1 < rest.size() && (rest[end] != 0 || rest[end + 1] != 0))
        end += 2;
    VS_TRY(const Bytes description, in.take(end + 2, where));
    out.description = utf8_from_utf16le(description.first(end));
    VS_TRY(out.device_path, in.take(path_size, where));
    out.optional_data = in.rest();
    return out;
}

Result<std::vector<std::uint16_t>> decode_boot_order(Bytes data) {
    constexpr std::string_view where = "event_data.boot_order";
    Reader in(data);
    std::vector<std::uint16_t> out;
    while (!in.empty()) {
        VS_TRY(const auto number, in.little<std::uint16_t>(where));
        out.push_back(number);
    }
    return out;
}

Result<SpecIdEvent> decode_spec_id(Bytes data) {
    constexpr std::string_view where = "event_data.spec_id";
    constexpr std::size_t most_banks = 16;
    Reader in(data);
    SpecIdEvent out;
    VS_TRY(out.signature, take_signature(in, where));
    if (!out.signature.starts_with("Spec ID Event"))
        return fail(Errc::malformed, where, "no Spec ID event");
    VS_TRY(out.platform_class, in.little<std::uint32_t>(where));
    VS_TRY(out.minor, in.little<std::uint8_t>(where));
    VS_TRY(out.major, in.little<std::uint8_t>(where));
    VS_TRY(out.errata, in.little<std::uint8_t>(where));
    VS_TRY(out.uintn_bytes, in.little<std::uint8_t>(where));
    if (out.signature.ends_with("03")) {
        VS_TRY(const auto banks, in.little<std::uint32_t>(where));
        if (banks > most_banks)
            return fail(Errc::too_large, where, std::to_string(banks) + " banks");
        for (std::uint32_t i = 0; i < banks; ++i) {
            VS_TRY(const auto number, in.little<std::uint16_t>(where));
            VS_TRY(const auto size, in.little<std::uint16_t>(where));
            out.banks.push_back({.algorithm = algorithm_from_number(number), .digest_bytes = size});
        }
    }
    VS_TRY(const auto vendor_size, in.little<std::uint8_t>(where));
    VS_TRY(out.vendor_info, in.take(vendor_size, where));
    return out;
}

Result<ReferenceManifest> decode_reference_manifest(Bytes data) {
    constexpr std::string_view where = "event_data.reference_manifest";
    constexpr std::string_view first_form = "SP800-155 Event";
    Reader in(data);
    ReferenceManifest out;
    VS_TRY(out.signature, take_signature(in, where));
    if (!out.signature.starts_with(first_form))
        return fail(Errc::malformed, where, "no reference manifest");
    VS_TRY(out.platform_vendor, in.little<std::uint32_t>(where));
    VS_TRY(out.manifest, take_guid(in, where));
    if (out.signature == first_form)
        return out;
    for (std::string* const text : {&out.platform_manufacturer,
                                    &out.platform_model,
                                    &out.platform_version,
                                    &out.firmware_manufacturer}) {
        VS_TRY(*text, take_short_text(in, where));
    }
    VS_TRY(out.firmware_vendor, in.little<std::uint32_t>(where));
    VS_TRY(out.firmware_version, take_short_text(in, where));
    if (out.signature.ends_with('2'))
        return out;
    VS_TRY(out.locator_type, in.little<std::uint32_t>(where));
    VS_TRY(const auto locator_size, in.little<std::uint32_t>(where));
    VS_TRY(out.locator, in.take(locator_size, where));
    return out;
}

Result<EsxiVersion> decode_esxi_version(Bytes record) {
    constexpr std::string_view where = "event_data.esxi_version";
    Reader in(record);
    EsxiVersion out;
    VS_TRY(const auto size, in.little<std::uint32_t>(where));
    if (size != record.size())
        return fail(Errc::malformed, where, "the record says " + std::to_string(size) + " bytes");
    VS_TRY(out.format, in.little<std::uint32_t>(where));
    VS_TRY(out.flags, in.little<std::uint64_t>(where));
    for (std::string* const text : {&out.component, &out.product, &out.version, &out.file}) {
        VS_TRY(const auto offset, in.little<std::uint16_t>(where));
        VS_TRY(const auto length, in.little<std::uint16_t>(where));
        if (offset > record.size() || length > record.size() - offset)
            return fail(Errc::malformed, where, "a text lies outside the record");
        *text = text_or_hex(record.subspan(offset, length));
    }
    return out;
}

} // namespace vouchsafe::eventlog
