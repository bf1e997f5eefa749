#include "vmcrypt/disk_header.h"

#include "base/reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace vouchsafe::vmcrypt {

namespace {

// [QEMU docs/interop/qcow2.txt]
constexpr std::uint32_t qcow2_magic = 0x514649fb; // "QFI\xfb"
constexpr std::uint32_t crypt_luks = 2;
constexpr std::uint32_t extension_end = 0;
constexpr std::uint32_t extension_crypto_header = 0x0537be77;
constexpr std::uint32_t extension_feature_names = 0x6803f857;
constexpr std::size_t version_2_header_bytes = 72;
constexpr std::size_t version_3_header_bytes_min = 104;
constexpr std::size_t version_3_header_bytes_max = 512;
constexpr unsigned extensions_max = 16;
constexpr std::uint64_t virtual_size_max = 64ULL << 40U;
constexpr std::uint64_t luks_header_max = 16ULL << 20U;

// [LUKS1 On-Disk Format 1.2.3]
constexpr std::array<std::uint8_t, 6> luks_magic{'L', 'U', 'K', 'S', 0xba, 0xbe};
constexpr std::uint32_t slot_active = 0x00ac71f3;
constexpr std::uint32_t slot_inactive = 0x0000dead;
constexpr unsigned slot_count = 8;
constexpr std::uint32_t stripes = 4000;
constexpr std::uint32_t iterations_max = 10'000'000;
constexpr std::size_t sector = 512;

/// The places of a qcow2 header that its extensions depend on.
struct Fixed {
    Qcow2Header header;
    std::uint64_t cluster_size = 0;
};

Result<void> skip_to(Reader& reader, Bytes head, std::size_t offset) {
    const std::size_t read = head.size() - reader.remaining();
    VS_CHECK(read <= offset);
    VS_TRY_VOID(reader.take(offset - read, "qcow2.header"));
    return {};
}

/// The members that only version 3 has; leaves the reader behind the header.
Result<void> read_version_3(Reader& reader, Bytes head) {
    VS_TRY(const auto incompatible, reader.big<std::uint64_t>("qcow2.incompatible_features"));
    if (incompatible != 0)
        return fail(
            Errc::unsupported, "qcow2.incompatible_features", "the disk uses features that we never make");
    VS_TRY_VOID(reader.take(2 * sizeof(std::uint64_t), "qcow2.features"));
    VS_TRY_VOID(reader.big<std::uint32_t>("qcow2.refcount_order"));
    VS_TRY(const auto header_length, reader.big<std::uint32_t>("qcow2.header_length"));
    if (header_length < version_3_header_bytes_min || header_length > version_3_header_bytes_max ||
        header_length % 8 != 0)
        return fail(Errc::malformed, "qcow2.header_length", "not a length of a version 3 header");
    return skip_to(reader, head, header_length);
}

/// Magic and version, and that there is no backing file.
Result<void> read_kind(Reader& reader, Fixed& out) {
    VS_TRY(const auto magic, reader.big<std::uint32_t>("qcow2.magic"));
    if (magic != qcow2_magic)
        return fail(Errc::malformed, "qcow2.magic", "no qcow2 image");
    VS_TRY(out.header.version, reader.big<std::uint32_t>("qcow2.version"));
    if (out.header.version != 2 && out.header.version != 3)
        return fail(Errc::unsupported, "qcow2.version", "neither version 2 nor 3");
    VS_TRY(const auto backing_offset, reader.big<std::uint64_t>("qcow2.backing_file"));
    VS_TRY(const auto backing_length, reader.big<std::uint32_t>("qcow2.backing_file"));
    if (backing_offset != 0 || backing_length != 0)
        return fail(Errc::untrusted, "qcow2.backing_file", "the disk has a backing file");
    return {};
}

/// Cluster size, size of the disk, and that its content is LUKS.
Result<void> read_content(Reader& reader, Fixed& out) {
    VS_TRY(const auto cluster_bits, reader.big<std::uint32_t>("qcow2.cluster_bits"));
    if (cluster_bits < 9 || cluster_bits > 21)
        return fail(Errc::malformed, "qcow2.cluster_bits", "no cluster size of qcow2");
    out.cluster_size = 1ULL << cluster_bits;
    VS_TRY(out.header.virtual_size, reader.big<std::uint64_t>("qcow2.size"));
    if (out.header.virtual_size > virtual_size_max)
        return fail(Errc::too_large, "qcow2.size", "larger than 64 TiB");
    VS_TRY(const auto crypt_method, reader.big<std::uint32_t>("qcow2.crypt_method"));
    if (crypt_method != crypt_luks)
        return fail(Errc::untrusted, "qcow2.crypt_method", "the disk is not encrypted with LUKS");
    return {};
}

/// Checks 1 to 3 of parse_qcow2_header; leaves the reader at the first extension.
Result<Fixed> read_fixed(Reader& reader, Bytes head) {
    Fixed out;
    VS_TRY_VOID(read_kind(reader, out));
    VS_TRY_VOID(read_content(reader, out));
    // l1_size, l1_table_offset, refcount_table_offset, refcount_table_clusters
    VS_TRY_VOID(reader.take(4 + 8 + 8 + 4, "qcow2.tables"));
    VS_TRY(const auto snapshots, reader.big<std::uint32_t>("qcow2.snapshots"));
    if (snapshots != 0)
        return fail(Errc::unsupported, "qcow2.snapshots", "the disk has internal snapshots");
    VS_TRY_VOID(reader.big<std::uint64_t>("qcow2.snapshots"));
    VS_CHECK(head.size() - reader.remaining() == version_2_header_bytes);
    if (out.header.version == 3)
        VS_TRY_VOID(read_version_3(reader, head));
    return out;
}

Result<void> read_crypto_header(Reader payload, Fixed& fixed) {
    if (fixed.header.luks_length != 0)
        return fail(Errc::malformed, "qcow2.crypto_header", "two places for the LUKS header");
    VS_TRY(const auto offset, payload.big<std::uint64_t>("qcow2.crypto_header"));
    VS_TRY(const auto length, payload.big<std::uint64_t>("qcow2.crypto_header"));
    VS_TRY_VOID(payload.finish("qcow2.crypto_header"));
    if (offset < fixed.cluster_size || offset % fixed.cluster_size != 0 || offset > virtual_size_max)
        return fail(
            Errc::malformed, "qcow2.crypto_header", "the LUKS header's place is no cluster of the file");
    if (length < luks1_header_bytes || length > luks_header_max)
        return fail(Errc::malformed, "qcow2.crypto_header", "no size of a LUKS header");
    fixed.header.luks_offset = offset;
    fixed.header.luks_length = length;
    return {};
}

/// Check 4, and where the LUKS header is.
Result<void> read_extensions(Reader& reader, Fixed& fixed) {
    for (unsigned count = 0; count < extensions_max; ++count) {
        VS_TRY(const auto type, reader.big<std::uint32_t>("qcow2.extension"));
        VS_TRY(const auto length, reader.big<std::uint32_t>("qcow2.extension"));
        if (type == extension_end)
            return {};
        VS_TRY(const Reader payload, reader.sub(length, "qcow2.extension"));
        VS_TRY_VOID(reader.take((8 - length % 8) % 8, "qcow2.extension"));
        if (type == extension_crypto_header)
            VS_TRY_VOID(read_crypto_header(payload, fixed));
        else if (type != extension_feature_names)
            return fail(Errc::unsupported, "qcow2.extension", "a header extension that we never make");
    }
    return fail(Errc::too_large, "qcow2.extension", "too many header extensions");
}

/// A text padded with zeros to `size`; bytes behind the first zero must be zero too.
Result<std::string> padded_text(Reader& reader, std::size_t size, std::string_view field) {
    VS_TRY(const Bytes raw, reader.take(size, field));
    const auto end = std::ranges::find(raw, std::uint8_t{0});
    if (!std::all_of(end, raw.end(), [](std::uint8_t byte) { return byte == 0; }))
        return fail(Errc::malformed, field, "bytes behind the end of a text");
    const std::string_view text = as_text(raw.first(static_cast<std::size_t>(end - raw.begin())));
    if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; }))
        return fail(Errc::malformed, field, "not a plain word");
    return std::string(text);
}

struct Slot {
    bool active = false;
    std::uint32_t iterations = 0;
};

Result<Slot> read_slot(Reader& reader, const Luks1Header& header, std::uint64_t length) {
    Slot slot;
    VS_TRY(const auto marker, reader.big<std::uint32_t>("luks.slot"));
    VS_TRY(slot.iterations, reader.big<std::uint32_t>("luks.slot"));
    VS_TRY_VOID(reader.take(32, "luks.slot")); // salt
    VS_TRY(const auto material_sector, reader.big<std::uint32_t>("luks.slot"));
    VS_TRY(const auto slot_stripes, reader.big<std::uint32_t>("luks.slot"));
    if (marker != slot_active && marker != slot_inactive)
        return fail(Errc::malformed, "luks.slot", "neither active nor inactive");
    slot.active = marker == slot_active;
    if (!slot.active)
        return slot;
    if (slot.iterations == 0 || slot.iterations > iterations_max)
        return fail(Errc::too_large, "luks.iterations", "iterations out of bounds");
    const std::uint64_t begin = std::uint64_t{material_sector} * sector;
    const std::uint64_t size = std::uint64_t{header.key_bytes} * stripes;
    if (slot_stripes != stripes || begin < luks1_header_bytes || begin > length || size > length - begin)
        return fail(Errc::malformed, "luks.key_material", "key material lies outside the header");
    return slot;
}

/// Check 1 of parse_luks1_header.
Result<void> read_cipher(Reader& reader, Luks1Header& out) {
    VS_TRY(const Bytes magic, reader.take(luks_magic.size(), "luks.magic"));
    if (!same_bytes(magic, luks_magic))
        return fail(Errc::malformed, "luks.magic", "no LUKS header");
    VS_TRY(const auto version, reader.big<std::uint16_t>("luks.version"));
    if (version != 1)
        return fail(Errc::unsupported, "luks.version", "not LUKS1");
    VS_TRY(out.cipher, padded_text(reader, 32, "luks.cipher"));
    VS_TRY(out.mode, padded_text(reader, 32, "luks.cipher"));
    VS_TRY(out.hash, padded_text(reader, 32, "luks.hash"));
    VS_TRY_VOID(reader.big<std::uint32_t>("luks.payload_offset"));
    VS_TRY(out.key_bytes, reader.big<std::uint32_t>("luks.key_bytes"));
    if (out.cipher != "aes" || out.mode != "xts-plain64")
        return fail(Errc::untrusted, "luks.cipher", "the disk's cipher is not aes-xts-plain64");
    if (out.hash != "sha256")
        return fail(Errc::untrusted, "luks.hash", "the disk's hash is not sha256");
    if (out.key_bytes != 64)
        return fail(Errc::untrusted, "luks.key_bytes", "the disk's key is not 512 bits long");
    return {};
}

/// Checks 2 to 4 of parse_luks1_header.
Result<void> read_slots(Reader& reader, Luks1Header& out, std::uint64_t length) {
    std::optional<unsigned> active;
    for (unsigned index = 0; index < slot_count; ++index) {
        VS_TRY(const Slot slot, read_slot(reader, out, length));
        if (!slot.active)
            continue;
        if (active)
            return fail(Errc::untrusted, "luks.slot", "more than one key slot is active");
        active = index;
        out.iterations = slot.iterations;
    }
    if (!active)
        return fail(Errc::untrusted, "luks.slot", "no key slot is active");
    out.active_slot = *active;
    return {};
}

} // namespace

Result<Qcow2Header> parse_qcow2_header(Bytes head) {
    const Bytes bounded = head.first(std::min(head.size(), qcow2_head_bytes));
    Reader reader(bounded);
    VS_TRY(Fixed fixed, read_fixed(reader, bounded));
    VS_TRY_VOID(read_extensions(reader, fixed));
    if (fixed.header.luks_length == 0)
        return fail(Errc::malformed, "qcow2.crypto_header", "no place for the LUKS header");
    return fixed.header;
}

Result<Luks1Header> parse_luks1_header(Bytes header, std::uint64_t length) {
    Reader reader(header);
    Luks1Header out;
    VS_TRY_VOID(read_cipher(reader, out));
    VS_TRY_VOID(reader.take(20 + 32 + 4, "luks.volume_key_digest"));
    VS_TRY(out.uuid, padded_text(reader, 40, "luks.uuid"));
    VS_TRY_VOID(read_slots(reader, out, length));
    VS_TRY_VOID(reader.finish("luks.header"));
    return out;
}

} // namespace vouchsafe::vmcrypt
