#include "base/reader.h"
#include "eventlog/event_data.h"
#include "eventlog/platform_data.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::eventlog {
namespace {

using namespace std::string_view_literals;

Buffer short_text(std::string_view text) {
    return Writer().little(static_cast<std::uint8_t>(text.size())).text(text).done();
}

TEST(FirmwareBlob, HasTwoForms) {
    const Buffer plain = Writer().little(std::uint64_t{0xFFE00000}).little(std::uint64_t{0x20000}).done();
    EXPECT_EQ(decode_firmware_blob(plain)->base, 0xFFE00000U);
    EXPECT_EQ(decode_firmware_blob(plain)->length, 0x20000U);
    EXPECT_FALSE(decode_firmware_blob(Bytes(plain).first(15)));
    EXPECT_FALSE(decode_firmware_blob(Buffer(17)));
    const auto described = decode_firmware_blob2(Writer().bytes(short_text("Fv(x)")).bytes(plain).done());
    ASSERT_TRUE(described);
    EXPECT_EQ(described->description, "Fv(x)");
    EXPECT_FALSE(decode_firmware_blob2(Buffer{200, 1, 2}));
}

TEST(HandoffTables, AreCounted) {
    const auto of = [](std::uint64_t count, std::size_t bytes) {
        return decode_handoff_tables(Writer().little(count).bytes(Buffer(bytes, 1)).done());
    };
    ASSERT_TRUE(of(2, 48));
    EXPECT_EQ(of(2, 48)->tables.at(1).address, 0x0101010101010101U);
    EXPECT_FALSE(of(2, 47));
    EXPECT_FALSE(of(2, 49));
    EXPECT_EQ(of(~0ULL, 24).error().code, Errc::too_large);
    EXPECT_EQ(decode_handoff_tables2(Writer().bytes(short_text("Smbios")).little(std::uint64_t{0}).done())
                  ->description,
              "Smbios");
}

Buffer partition_table(std::uint32_t entry_size, std::uint64_t count, std::size_t entries) {
    Writer out;
    out.text("EFI PART").bytes(Buffer(32)).little(std::uint64_t{34}).little(std::uint64_t{1000});
    out.bytes(Buffer(16, 0x33))
        .little(std::uint64_t{2})
        .little(128U)
        .little(entry_size)
        .little(0U)
        .little(count);
    for (std::size_t i = 0; i < entries; ++i) {
        Writer entry;
        entry.bytes(Buffer(32, 0x44))
            .little(std::uint64_t{34})
            .little(std::uint64_t{99})
            .little(std::uint64_t{0});
        Buffer name = utf16le_from_utf8("boot");
        name.resize(entry_size - 56);
        out.bytes(entry.bytes(name).done());
    }
    return out.done();
}

TEST(PartitionTable, NamesDiskAndPartitions) {
    const auto table = decode_partition_table(partition_table(128, 2, 2));
    ASSERT_TRUE(table);
    EXPECT_EQ(table->disk, "33333333-3333-3333-3333-333333333333");
    ASSERT_EQ(table->partitions.size(), 2U);
    EXPECT_EQ(table->partitions[1].name, "boot");
    EXPECT_EQ(table->partitions[1].last_lba, 99U);
    EXPECT_TRUE(decode_partition_table(partition_table(256, 1, 1))) << "entries may be larger";
}

TEST(PartitionTable, RefusesCountsThatDoNotFit) {
    EXPECT_FALSE(decode_partition_table(partition_table(128, 3, 2)));
    EXPECT_FALSE(decode_partition_table(partition_table(128, 1, 2)));
    EXPECT_FALSE(decode_partition_table(partition_table(127, 1, 1)));
    EXPECT_EQ(decode_partition_table(partition_table(128, ~0ULL, 1)).error().code, Errc::too_large);
    Buffer other = partition_table(128, 1, 1);
    other[0] = 'X';
    EXPECT_FALSE(decode_partition_table(other));
}

TEST(LoadOption, HasDescriptionPathAndMore) {
    Writer option;
    option.little(1U).little(std::uint16_t{4}).bytes(utf16le_from_utf8("debian")).little(std::uint16_t{0});
    const Buffer bytes = option.bytes(Buffer{0x7F, 0xFF, 4, 0}).text("more").done();
    const auto found = decode_load_option(bytes);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->description, "debian");
    EXPECT_EQ(found->device_path.size(), 4U);
    EXPECT_EQ(as_text(found->optional_data), "more");
    EXPECT_FALSE(decode_load_option(Bytes(bytes).first(12))) << "a description without an end";
    EXPECT_FALSE(
        decode_load_option(Writer().little(1U).little(std::uint16_t{5}).little(std::uint16_t{0}).done()));
}

TEST(BootOrder, IsNumbersOfSixteenBits) {
    EXPECT_EQ(decode_boot_order(Buffer{3, 0, 0, 0x10}).value(), (std::vector<std::uint16_t>{3, 0x1000}));
    EXPECT_FALSE(decode_boot_order(Buffer{3, 0, 0}));
}

TEST(SpecId, ListsBanks) {
    Writer out;
    out.text("Spec ID Event03\0"sv).little(1U).bytes(Buffer{0, 2, 105, 2}).little(1U);
    out.little(std::uint16_t{0x000B}).little(std::uint16_t{32}).bytes(short_text("ab"));
    const Buffer bytes = out.done();
    const auto found = decode_spec_id(bytes);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->signature, "Spec ID Event03");
    EXPECT_EQ(found->errata, 105);
    ASSERT_EQ(found->banks.size(), 1U);
    EXPECT_EQ(found->banks[0].algorithm, Algorithm::sha256);
    EXPECT_EQ(as_text(found->vendor_info), "ab");
    EXPECT_FALSE(decode_spec_id(Bytes(bytes).first(bytes.size() - 1)));
    EXPECT_FALSE(decode_spec_id(Buffer(40)));
}

Buffer manifest(std::string_view signature, Bytes more) {
    return Writer().text(signature).little(11129U).bytes(Buffer(16, 0x55)).bytes(more).done();
}

TEST(ReferenceManifest, HasThreeForms) {
    EXPECT_EQ(decode_reference_manifest(manifest("SP800-155 Event\0"sv, {}))->platform_vendor, 11129U);
    Writer texts;
    for (const auto* const text : {"maker", "model", "1", "firmware maker"})
        texts.bytes(short_text(text));
    const Buffer second = texts.little(7U).bytes(short_text("v2")).done();
    const auto found = decode_reference_manifest(manifest("SP800-155 Event2", second));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->platform_model, "model");
    EXPECT_EQ(found->firmware_version, "v2");
    const Buffer third =
        manifest("SP800-155 Event3", Writer().bytes(second).little(1U).little(3U).text("uri").done());
    EXPECT_EQ(as_text(decode_reference_manifest(third)->locator), "uri");
}

TEST(ReferenceManifest, RefusesWhatEndsTooEarly) {
    EXPECT_FALSE(decode_reference_manifest(manifest("SP800-155 Event2", Buffer{9, 'a'})));
    EXPECT_FALSE(decode_reference_manifest(manifest("SP800-155 Event3", {})));
    EXPECT_FALSE(decode_reference_manifest(manifest("SP800-156 Event\0"sv, {})));
}

Buffer esxi_version(std::uint16_t offset, std::uint16_t length) {
    Writer out;
    out.little(36U).little(1U).little(std::uint64_t{0}).little(offset).little(length);
    return out.bytes(Buffer(12)).text("ESXi").done();
}

TEST(EsxiVersion, ReadsTextsInsideTheRecord) {
    EXPECT_EQ(decode_esxi_version(esxi_version(32, 4))->component, "ESXi");
    EXPECT_FALSE(decode_esxi_version(esxi_version(33, 4))) << "beyond the end";
    EXPECT_FALSE(decode_esxi_version(esxi_version(0xFFFF, 0xFFFF)));
    EXPECT_FALSE(decode_esxi_version(Bytes(esxi_version(32, 4)).first(35))) << "another size than it says";
}

} // namespace
} // namespace vouchsafe::eventlog
