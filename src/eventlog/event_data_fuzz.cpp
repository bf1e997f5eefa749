// Any bytes through every decoder of event data: a clear error, or a value whose parts lie inside the input.
#include "eventlog/device_path.h"
#include "eventlog/event_data.h"
#include "eventlog/platform_data.h"
#include "eventlog/signature_list.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes bytes{data, size};
    const auto inside = [&](Bytes part) {
        return part.empty() || (part.data() >= data && part.data() + part.size() <= data + size);
    };
    if (const auto path = eventlog::device_path_text(bytes))
        VS_CHECK(is_utf8(*path));
    if (const auto lists = eventlog::decode_signature_lists(bytes))
        for (const auto& list : *lists)
            for (const auto& signature : list.signatures)
                VS_CHECK(inside(signature.data) && !signature.data.empty());
    if (const auto signature = eventlog::decode_signature(bytes))
        VS_CHECK(inside(signature->data));
    if (const auto table = eventlog::decode_partition_table(bytes))
        VS_CHECK(table->partitions.size() <= eventlog::most_partitions);
    if (const auto tables = eventlog::decode_handoff_tables(bytes))
        VS_CHECK(tables->tables.size() <= eventlog::most_handoff_tables);
    if (const auto option = eventlog::decode_load_option(bytes))
        VS_CHECK(inside(option->device_path) && inside(option->optional_data) &&
                 is_utf8(option->description));
    if (const auto spec = eventlog::decode_spec_id(bytes))
        VS_CHECK(inside(spec->vendor_info));
    if (const auto manifest = eventlog::decode_reference_manifest(bytes))
        VS_CHECK(inside(manifest->locator) && is_utf8(manifest->firmware_version));
    if (const auto version = eventlog::decode_esxi_version(bytes))
        VS_CHECK(is_utf8(version->product));
    if (const auto blob = eventlog::decode_firmware_blob2(bytes))
        VS_CHECK(is_utf8(blob->description));
    if (const auto variable = eventlog::decode_efi_variable(bytes))
        VS_CHECK(inside(variable->data));
    return 0;
}
