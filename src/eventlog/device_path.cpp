#include "eventlog/device_path.h"

#include "base/reader.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>

namespace vouchsafe::eventlog {

namespace {

constexpr std::string_view where = "event_data.device_path";
constexpr std::size_t guid_size = 16;
constexpr std::uint8_t end_type = 0x7F;
constexpr std::uint8_t end_of_instance = 0x01;

struct Node {
    std::uint8_t type = 0;
    std::uint8_t subtype = 0;
    Bytes data;
};

std::string upper_hex(std::uint64_t value) {
    std::array<char, 16> digits{};
    auto* const end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
    std::string out(digits.begin(), end);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return "0x" + out;
}

/// Little-endian number at an offset; callers have seen that it is inside.
template <std::unsigned_integral U> U at(Bytes data, std::size_t offset) {
    return Reader(data.subspan(offset, sizeof(U))).little<U>(where).value();
}

std::string named(std::string_view name, const std::string& inside) {
    return std::string(name).append("(").append(inside).append(")");
}

/// A vendor's node: its GUID, and its bytes where it has any.
std::string vendor(std::string_view name, Bytes data) {
    std::string inside = guid_text(data.first(guid_size));
    if (data.size() > guid_size)
        inside.append(",").append(to_hex(data.subspan(guid_size)));
    return named(name, inside);
}

std::optional<std::string> hardware(const Node& node) {
    const Bytes data = node.data;
    if (node.subtype == 1 && data.size() == 2)
        return named("Pci", upper_hex(data[1]) + "," + upper_hex(data[0]));
    if (node.subtype == 3 && data.size() == 20)
        return named("MemoryMapped",
                     upper_hex(at<std::uint32_t>(data, 0)) + "," + upper_hex(at<std::uint64_t>(data, 4)) +
                         "," + upper_hex(at<std::uint64_t>(data, 12)));
    if (node.subtype == 4 && data.size() >= guid_size)
        return vendor("VenHw", data);
    if (node.subtype == 5 && data.size() == 4)
        return named("Ctrl", upper_hex(at<std::uint32_t>(data, 0)));
    return {};
}

/// EISA's compressed identifiers: three letters of five bits, then a number of four hex digits.
std::string eisa_text(std::uint32_t id) {
    std::string out;
    for (const unsigned shift : {10U, 5U, 0U})
        out += static_cast<char>('@' + ((id >> shift) & 0x1FU));
    const std::array<std::uint8_t, 2> number{static_cast<std::uint8_t>(id >> 24U),
                                             static_cast<std::uint8_t>(id >> 16U)};
    return out + to_hex(number);
}

std::optional<std::string> acpi(const Node& node) {
    constexpr std::uint32_t pci_root = 0x0A0341D0;
    constexpr std::uint32_t pcie_root = 0x0A0841D0;
    if (node.subtype == 3 && node.data.size() >= 4)
        return named("AcpiAdr", upper_hex(at<std::uint32_t>(node.data, 0)));
    if (node.subtype != 1 || node.data.size() != 8)
        return {};
    const auto hid = at<std::uint32_t>(node.data, 0);
    const std::string uid = upper_hex(at<std::uint32_t>(node.data, 4));
    if (hid == pci_root)
        return named("PciRoot", uid);
    if (hid == pcie_root)
        return named("PcieRoot", uid);
    return named("Acpi", eisa_text(hid) + "," + uid);
}

std::string ipv4(Bytes address) {
    std::string out;
    for (const std::uint8_t byte : address)
        out.append(out.empty() ? "" : ".").append(std::to_string(byte));
    return out;
}

std::string mac(Bytes data) {
    constexpr std::size_t whole = 32;
    const std::uint8_t kind = data[whole];
    const std::size_t size = kind <= 1 ? 6 : whole; // 0 and 1 are Ethernet
    return named("MAC", to_hex(data.first(size)) + "," + upper_hex(kind));
}

std::string nvme(Bytes data) {
    std::string eui;
    for (std::size_t i = data.size(); i > 4; --i) // the last byte first, as firmware shows it
        eui.append(eui.empty() ? "" : "-").append(to_hex(data.subspan(i - 1, 1)));
    return named("NVMe", upper_hex(at<std::uint32_t>(data, 0)) + "," + eui);
}

std::string ata(Bytes data) {
    const std::string channel = data[0] == 0 ? "Primary" : "Secondary";
    const std::string drive = data[1] == 0 ? "Master" : "Slave";
    return named("Ata", channel + "," + drive + "," + upper_hex(at<std::uint16_t>(data, 2)));
}

std::string words(std::string_view name, Bytes data) {
    std::string inside;
    for (std::size_t i = 0; i < data.size(); i += 2)
        inside.append(i == 0 ? "" : ",").append(upper_hex(at<std::uint16_t>(data, i)));
    return named(name, inside);
}

std::optional<std::string> messaging(const Node& node) {
    const Bytes data = node.data;
    switch (node.subtype) {
    case 1:
        return data.size() == 4 ? std::optional(ata(data)) : std::nullopt;
    case 2:
        return data.size() == 4 ? std::optional(words("Scsi", data)) : std::nullopt;
    case 5:
        if (data.size() != 2)
            return {};
        return named("USB", upper_hex(data[0]) + "," + upper_hex(data[1]));
    case 10:
        return data.size() >= guid_size ? std::optional(vendor("VenMsg", data)) : std::nullopt;
    case 11:
        return data.size() == 33 ? std::optional(mac(data)) : std::nullopt;
    case 12:
        return data.size() >= 8 ? std::optional(named("IPv4", ipv4(data.subspan(4, 4)))) : std::nullopt;
    case 13:
        return data.size() >= 32 ? std::optional(named("IPv6", to_hex(data.subspan(16, 16)))) : std::nullopt;
    case 18:
        return data.size() == 6 ? std::optional(words("Sata", data)) : std::nullopt;
    case 23:
        return data.size() == 12 ? std::optional(nvme(data)) : std::nullopt;
    case 24: {
        const auto text = decode_text(data);
        return text ? std::optional(named("Uri", *text)) : std::nullopt;
    }
    case 26:
    case 29:
        if (data.size() != 1)
            return {};
        return named(node.subtype == 26 ? "SD" : "eMMC", upper_hex(data[0]));
    default:
        return {};
    }
}

std::optional<std::string> hard_drive(Bytes data) {
    constexpr std::uint8_t by_mbr = 1;
    constexpr std::uint8_t by_guid = 2;
    const std::uint8_t kind = data[37];
    std::string signature;
    if (kind == by_guid)
        signature = "GPT," + guid_text(data.subspan(20, guid_size));
    else if (kind == by_mbr)
        signature = "MBR," + upper_hex(at<std::uint32_t>(data, 20));
    else
        return {};
    return named("HD",
                 std::to_string(at<std::uint32_t>(data, 0)) + "," + signature + "," +
                     upper_hex(at<std::uint64_t>(data, 4)) + "," + upper_hex(at<std::uint64_t>(data, 12)));
}

std::optional<std::string> media(const Node& node) {
    const Bytes data = node.data;
    const bool guid = data.size() == guid_size;
    switch (node.subtype) {
    case 1:
        return data.size() == 38 ? hard_drive(data) : std::nullopt;
    case 2:
        if (data.size() != 20)
            return {};
        return named("CDROM",
                     upper_hex(at<std::uint32_t>(data, 0)) + "," + upper_hex(at<std::uint64_t>(data, 4)) +
                         "," + upper_hex(at<std::uint64_t>(data, 12)));
    case 3:
        return data.size() >= guid_size ? std::optional(vendor("VenMedia", data)) : std::nullopt;
    case 4: {
        std::string text = utf8_from_utf16le(data);
        text.erase(std::ranges::find(text, '\0'), text.end());
        return text;
    }
    case 5:
        return guid ? std::optional(named("Media", guid_text(data))) : std::nullopt;
    case 6:
        return guid ? std::optional(named("FvFile", guid_text(data))) : std::nullopt;
    case 7:
        return guid ? std::optional(named("Fv", guid_text(data))) : std::nullopt;
    case 8:
        if (data.size() != 20)
            return {};
        return named("Offset",
                     upper_hex(at<std::uint64_t>(data, 4)) + "," + upper_hex(at<std::uint64_t>(data, 12)));
    default:
        return {};
    }
}

std::string node_text(const Node& node) {
    std::optional<std::string> text;
    switch (node.type) {
    case 1:
        text = hardware(node);
        break;
    case 2:
        text = acpi(node);
        break;
    case 3:
        text = messaging(node);
        break;
    case 4:
        text = media(node);
        break;
    default:
        break;
    }
    if (text)
        return *std::move(text);
    return named("Path",
                 std::to_string(node.type) + "," + std::to_string(node.subtype) +
                     (node.data.empty() ? "" : "," + to_hex(node.data)));
}

} // namespace

Result<std::string> device_path_text(Bytes path) {
    constexpr std::size_t header = 4;
    Reader in(path);
    std::string out;
    for (std::size_t nodes = 0; !in.empty(); ++nodes) {
        if (nodes == device_path_nodes)
            return fail(Errc::too_large, where, "more than " + std::to_string(device_path_nodes) + " nodes");
        Node node;
        VS_TRY(node.type, in.little<std::uint8_t>(where));
        VS_TRY(node.subtype, in.little<std::uint8_t>(where));
        VS_TRY(const auto length, in.little<std::uint16_t>(where));
        if (length < header)
            return fail(Errc::malformed, where, "a node of " + std::to_string(length) + " bytes");
        VS_TRY(node.data, in.take(length - header, where));
        if (node.type == end_type && node.subtype != end_of_instance)
            return out; // what follows the end is nobody's
        if (node.type == end_type)
            out += ',';
        else
            out.append(out.empty() || out.ends_with(',') ? "" : "/").append(node_text(node));
    }
    return out;
}

} // namespace vouchsafe::eventlog
