#include "base/reader.h"
#include "eventlog/device_path.h"
#include "eventlog/event_data.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vouchsafe::eventlog {
namespace {

Buffer node(std::uint8_t type, std::uint8_t subtype, const Buffer& data) {
    return Writer()
        .little(type)
        .little(subtype)
        .little(static_cast<std::uint16_t>(data.size() + 4))
        .bytes(data)
        .done();
}

Buffer joined(const std::vector<Buffer>& parts) {
    Writer out;
    for (const Buffer& part : parts)
        out.bytes(part);
    return out.done();
}

const Buffer end = node(0x7F, 0xFF, {});

std::string text_of(const std::vector<Buffer>& nodes) {
    return device_path_text(joined(nodes)).value();
}

TEST(DevicePath, WritesDisks) {
    const Buffer root = node(2, 1, Writer().little(0x0A0341D0U).little(0U).done());
    const Buffer pci = node(1, 1, {2, 0x1F});
    const Buffer sata = node(3, 18, {1, 0, 0xFF, 0xFF, 0, 0});
    Writer drive;
    drive.little(1U).little(std::uint64_t{0x800}).little(std::uint64_t{0x32000}).bytes(Buffer(16, 0xAB));
    const Buffer hard_drive = node(4, 1, drive.little(std::uint8_t{2}).little(std::uint8_t{2}).done());
    const Buffer file = node(4, 4, utf16le_from_utf8(std::string("\\EFI\\BOOT\\BOOTX64.EFI") + '\0'));
    EXPECT_EQ(text_of({root, pci, sata, hard_drive, file, end}),
              "PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x1,0xFFFF,0x0)/"
              "HD(1,GPT,abababab-abab-abab-abab-abababababab,0x800,0x32000)/\\EFI\\BOOT\\BOOTX64.EFI");
}

TEST(DevicePath, WritesOtherNodes) {
    const Buffer guid(16, 0x11);
    const std::string guid_words = "11111111-1111-1111-1111-111111111111";
    EXPECT_EQ(text_of({node(4, 7, guid), node(4, 6, guid), end}),
              "Fv(" + guid_words + ")/FvFile(" + guid_words + ")");
    EXPECT_EQ(text_of({node(2, 1, Writer().little(0x060441D0U).little(1U).done())}), "Acpi(PNP0604,0x1)");
    EXPECT_EQ(text_of({node(3, 5, {3, 1})}), "USB(0x3,0x1)");
    EXPECT_EQ(text_of({node(3, 23, Writer().little(1U).bytes(Buffer{1, 2, 3, 4, 5, 6, 7, 8}).done())}),
              "NVMe(0x1,08-07-06-05-04-03-02-01)");
    EXPECT_EQ(text_of({node(3, 24, to_buffer(as_bytes("http://x/y.efi")))}), "Uri(http://x/y.efi)");
}

TEST(DevicePath, KeepsWhatItDoesNotKnow) {
    EXPECT_EQ(text_of({node(9, 9, {0xAB})}), "Path(9,9,ab)");
    EXPECT_EQ(text_of({node(1, 1, {1})}), "Path(1,1,01)") << "a PCI node of another size";
    EXPECT_EQ(text_of({node(3, 5, {1, 2}), node(0x7F, 1, {}), node(3, 5, {3, 4}), end, Buffer(7, 0xFF)}),
              "USB(0x1,0x2),USB(0x3,0x4)");
    EXPECT_EQ(text_of({}), "");
}

TEST(DevicePath, RefusesLengthsThatCannotBe) {
    EXPECT_FALSE(device_path_text(Buffer{4, 4, 0, 0})) << "would never end";
    EXPECT_FALSE(device_path_text(Buffer{4, 4, 3, 0}));
    EXPECT_FALSE(device_path_text(Buffer{4, 4, 5, 0}));
    EXPECT_FALSE(device_path_text(Buffer{4, 4, 4}));
}

TEST(DevicePath, HasABound) {
    const std::vector<Buffer> most(device_path_nodes, node(3, 5, {1, 2}));
    EXPECT_TRUE(device_path_text(joined(most)));
    const auto more = device_path_text(joined({joined(most), node(3, 5, {1, 2})}));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Errc::too_large);
}

} // namespace
} // namespace vouchsafe::eventlog
