#include "base/reader.h"
#include "eventlog/event_data.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::eventlog {
namespace {

using namespace std::string_literals;

Buffer variable_bytes(std::uint64_t characters, std::uint64_t size) {
    Writer out;
    out.bytes(Buffer(16, 0x11)).little(characters).little(size);
    out.bytes(utf16le_from_utf8("db")).text("xyz");
    return out.done();
}

TEST(EfiVariable, DecodesSecureBootOfARecordedBoot) {
    const Buffer bytes = test::load_boot("uki").firmware_log;
    const auto log = parse_firmware_log(bytes);
    const auto variable = decode_efi_variable(log->events.at(4).data);
    ASSERT_TRUE(variable);
    EXPECT_EQ(variable->guid, efi_global_variable);
    EXPECT_EQ(variable->name, "SecureBoot");
    EXPECT_EQ(to_hex(variable->data), "01");
}

TEST(EfiVariable, IsWrittenAsItIsRead) {
    const Buffer content{1, 2, 3};
    const EfiVariable variable{
        .guid = std::string(efi_global_variable), .name = "Boot\u00e9", .data = content};
    const Buffer written = encode_efi_variable(variable);
    const auto read = decode_efi_variable(written);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->guid, variable.guid);
    EXPECT_EQ(read->name, variable.name);
    EXPECT_TRUE(same_bytes(read->data, content));
}

TEST(Guid, IsReadFromItsText) {
    const auto bytes = guid_bytes("8BE4DF61-93ca-11d2-aa0d-00e098032b8c");
    ASSERT_TRUE(bytes);
    EXPECT_EQ(to_hex(*bytes), "61dfe48bca93d211aa0d00e098032b8c");
    EXPECT_EQ(guid_text(*bytes), efi_global_variable);
    for (const auto* const text : {"",
                                   "8be4df61-93ca-11d2-aa0d-00e098032b8",
                                   "8be4df6193ca11d2aa0d00e098032b8c",
                                   "8be4-df6193ca-11d2-aa0d-00e098032b8c",
                                   "8be4df61-93ca-11d2-aa0d-00e098032b8g"})
        EXPECT_FALSE(guid_bytes(text)) << text;
}

TEST(EfiVariable, RefusesSizesThatDoNotFit) {
    EXPECT_TRUE(decode_efi_variable(variable_bytes(2, 3)));
    EXPECT_FALSE(decode_efi_variable(variable_bytes(2, 2)));           // trailing byte
    EXPECT_FALSE(decode_efi_variable(variable_bytes(2, 4)));           // short
    EXPECT_FALSE(decode_efi_variable(variable_bytes(2, ~0ULL)));       // far too long
    EXPECT_FALSE(decode_efi_variable(variable_bytes(1ULL << 63U, 3))); // 2n would wrap
    EXPECT_FALSE(decode_efi_variable(variable_bytes(513, 3)));
    EXPECT_FALSE(decode_efi_variable(Bytes{}));
}

TEST(ImageLoad, DecodesWithItsDevicePath) {
    const Buffer bytes = test::load_boot("uki").firmware_log;
    const auto log = parse_firmware_log(bytes);
    const Event& event = log->events.at(23);
    ASSERT_EQ(event.type, type::efi_boot_services_application);
    const auto image = decode_image_load(event.data);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->device_path.size(), event.data.size() - 32);
    EXPECT_FALSE(decode_image_load(event.data.first(event.data.size() - 1)));
}

TEST(Separator, IsFourBytes) {
    EXPECT_EQ(decode_separator(Buffer(4)).value(), 0U);
    EXPECT_EQ(decode_separator(Buffer(4, 0xFF)).value(), 0xFFFFFFFFU);
    EXPECT_FALSE(decode_separator(Buffer(3)));
    EXPECT_FALSE(decode_separator(Buffer(5)));
}

TEST(TaggedEvent, FillsItsData) {
    const Buffer good = Writer().little(linux_initrd_tag).little(3U).text("abc").done();
    EXPECT_EQ(decode_tagged_event(good)->id, linux_initrd_tag);
    EXPECT_FALSE(decode_tagged_event(Bytes(good).first(good.size() - 1)));
    const Buffer longer = Writer().bytes(good).text("d").done();
    EXPECT_FALSE(decode_tagged_event(longer));
}

TEST(Text, TakesBothEncodings) {
    EXPECT_EQ(decode_text(as_bytes("MokList\0"s)), "MokList");
    EXPECT_EQ(decode_text(utf16le_from_utf8(".linux\0"s)), ".linux");
    EXPECT_EQ(decode_text(as_bytes("grub_cmd: menuentry lab {\n}\0"s)), "grub_cmd: menuentry lab {\n}");
    EXPECT_FALSE(decode_text(as_bytes("\x01\x02"s)));
    EXPECT_FALSE(decode_text(as_bytes("\x80"s)));
}

TEST(Utf16, GoesBothWaysAndReplacesWhatIsIllFormed) {
    const std::string text = "a\u00e9\u20ac\U0001F512";
    EXPECT_EQ(utf8_from_utf16le(utf16le_from_utf8(text)), text);
    const Buffer lone_low{0x00, 0xDC};
    EXPECT_EQ(utf8_from_utf16le(lone_low), "\uFFFD");
    const Buffer high_at_end{0x00, 0xD8};
    EXPECT_EQ(utf8_from_utf16le(high_at_end), "\uFFFD");
    const Buffer odd{'a', 0, 'b'};
    EXPECT_EQ(utf8_from_utf16le(odd), "a");
}

TEST(Describe, IsOneBoundedLine) {
    const Buffer data(1000, 'x');
    const Event event{.type = type::ipl, .digests = {}, .data = data};
    EXPECT_EQ(describe(event).size(), 200U);
    const Event lines{.type = type::ipl, .digests = {}, .data = as_bytes("a\nb")};
    EXPECT_EQ(describe(lines), "a b");
    const Event binary{.type = type::ipl, .digests = {}, .data = as_bytes("\x01\x02\x03")};
    EXPECT_EQ(describe(binary), "3 bytes");
}

} // namespace
} // namespace vouchsafe::eventlog
