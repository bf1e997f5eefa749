#include "vmcrypt/disk_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace vouchsafe::vmcrypt {
namespace {

Buffer vector_file(const std::string& name) {
    std::ifstream file(VS_VECTORS "/vmcrypt/" + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(Buffer& bytes, std::size_t offset, std::string_view hex) {
    const Buffer patch = from_hex(hex).value();
    ASSERT_LE(offset + patch.size(), bytes.size());
    std::ranges::copy(patch, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// One change to a good file, and the check that must notice it.
struct Bad {
    std::string name;
    std::size_t offset;
    std::string hex;
    Errc code;
    std::string where;
};

void PrintTo(const Bad& bad, std::ostream* out) {
    *out << bad.name;
}

std::string row_name(const testing::TestParamInfo<Bad>& row) {
    return row.param.name;
}

TEST(Qcow2Header, TakesWhatQemuImgMakes) {
    const auto header = parse_qcow2_header(vector_file("good-qcow2-luks.head"));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->version, 3U);
    EXPECT_EQ(header->virtual_size, 8U << 20U);
    EXPECT_EQ(header->luks_offset, 262144U);
    EXPECT_EQ(header->luks_length, 2068480U);
}

TEST(Qcow2Header, RefusesEveryTruncation) {
    const Buffer good = vector_file("good-qcow2-luks.head");
    // The last byte that is read: the end marker behind the feature names.
    constexpr std::size_t read = 112 + 24 + 8 + 384 + 8;
    for (std::size_t size = 0; size < read; ++size)
        EXPECT_FALSE(parse_qcow2_header(Bytes(good).first(size))) << size;
    EXPECT_TRUE(parse_qcow2_header(Bytes(good).first(read)));
}

TEST(Qcow2Header, RefusesTwoLuksHeaders) {
    Buffer twice = vector_file("good-qcow2-luks.head");
    overwrite(twice,
              136,
              "0537be77"
              "00000010"
              "0000000000040000"
              "00000000001f9000"
              "0000000000000000");
    const auto header = parse_qcow2_header(twice);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().detail, "two places for the LUKS header");
}

class BadQcow2 : public testing::TestWithParam<Bad> {};

TEST_P(BadQcow2, IsRefusedByItsCheck) {
    Buffer bytes = vector_file("good-qcow2-luks.head");
    overwrite(bytes, GetParam().offset, GetParam().hex);
    const auto header = parse_qcow2_header(bytes);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, GetParam().code);
    EXPECT_EQ(header.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    BadQcow2,
    testing::Values(
        Bad{"RawDisk", 0, "00000000", Errc::malformed, "qcow2.magic"},
        Bad{"VersionFour", 4, "00000004", Errc::unsupported, "qcow2.version"},
        Bad{"BackingFile", 8, "0000000000000200", Errc::untrusted, "qcow2.backing_file"},
        Bad{"BackingFileLength", 16, "00000008", Errc::untrusted, "qcow2.backing_file"},
        Bad{"HugeClusters", 20, "00000016", Errc::malformed, "qcow2.cluster_bits"},
        Bad{"HugeDisk", 24, "7fffffffffffffff", Errc::too_large, "qcow2.size"},
        Bad{"NotEncrypted", 32, "00000000", Errc::untrusted, "qcow2.crypt_method"},
        Bad{"OldQcowAes", 32, "00000001", Errc::untrusted, "qcow2.crypt_method"},
        Bad{"Snapshots", 60, "00000001", Errc::unsupported, "qcow2.snapshots"},
        Bad{"DirtyBit", 72, "0000000000000001", Errc::unsupported, "qcow2.incompatible_features"},
        Bad{"ExternalDataFile", 72, "0000000000000004", Errc::unsupported, "qcow2.incompatible_features"},
        Bad{"ShortHeader", 100, "00000060", Errc::malformed, "qcow2.header_length"},
        Bad{"LongHeader", 100, "7ffffff8", Errc::malformed, "qcow2.header_length"},
        Bad{"NoLuksHeader", 112, "00000000", Errc::malformed, "qcow2.crypto_header"},
        Bad{"ExternalDataName", 112, "44415441", Errc::unsupported, "qcow2.extension"},
        Bad{"BackingFormat", 112, "e2792aca", Errc::unsupported, "qcow2.extension"},
        Bad{"EndlessExtension", 116, "fffffff0", Errc::malformed, "qcow2.extension"},
        Bad{"LongLuksPlace", 116, "00000018", Errc::malformed, "qcow2.crypto_header"},
        Bad{"LuksInHeaderCluster", 120, "0000000000000000", Errc::malformed, "qcow2.crypto_header"},
        Bad{"LuksOffCluster", 120, "0000000000040200", Errc::malformed, "qcow2.crypto_header"},
        Bad{"LuksBeyondAnyDisk", 120, "ffffffffffff0000", Errc::malformed, "qcow2.crypto_header"},
        Bad{"TinyLuksHeader", 128, "0000000000000200", Errc::malformed, "qcow2.crypto_header"},
        Bad{"HugeLuksHeader", 128, "0000000100000000", Errc::malformed, "qcow2.crypto_header"}),
    row_name);

TEST(Luks1Header, TakesWhatQemuImgMakes) {
    const auto header = parse_luks1_header(vector_file("good-luks1.phdr"), 2068480);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->cipher, "aes");
    EXPECT_EQ(header->mode, "xts-plain64");
    EXPECT_EQ(header->hash, "sha256");
    EXPECT_EQ(header->key_bytes, 64U);
    EXPECT_EQ(header->active_slot, 0U);
    EXPECT_EQ(header->iterations, 43115U);
    EXPECT_EQ(header->uuid.size(), 36U);
}

TEST(Luks1Header, RefusesEveryOtherSize) {
    Buffer bytes = vector_file("good-luks1.phdr");
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(parse_luks1_header(Bytes(bytes).first(size), 2068480)) << size;
    bytes.push_back(0);
    EXPECT_FALSE(parse_luks1_header(bytes, 2068480));
}

TEST(Luks1Header, RefusesKeyMaterialOutsideTheHeader) {
    const Buffer bytes = vector_file("good-luks1.phdr");
    constexpr std::uint64_t end_of_slot_0 = 8 * 512 + 64 * 4000;
    EXPECT_TRUE(parse_luks1_header(bytes, end_of_slot_0));
    const auto header = parse_luks1_header(bytes, end_of_slot_0 - 1);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().where, "luks.key_material");
}

class BadLuks1 : public testing::TestWithParam<Bad> {};

TEST_P(BadLuks1, IsRefusedByItsCheck) {
    Buffer bytes = vector_file("good-luks1.phdr");
    overwrite(bytes, GetParam().offset, GetParam().hex);
    const auto header = parse_luks1_header(bytes, 2068480);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, GetParam().code);
    EXPECT_EQ(header.error().where, GetParam().where);
}

constexpr std::string_view cipher_null = "6369706865725f6e756c6c";
constexpr std::string_view mode_ecb = "65636200000000000000000000";

INSTANTIATE_TEST_SUITE_P(
    Table,
    BadLuks1,
    testing::Values(Bad{"NoMagic", 0, "00", Errc::malformed, "luks.magic"},
                    Bad{"Luks2", 6, "0002", Errc::unsupported, "luks.version"},
                    Bad{"NullCipher", 8, std::string(cipher_null), Errc::untrusted, "luks.cipher"},
                    Bad{"EcbMode", 40, std::string(mode_ecb), Errc::untrusted, "luks.cipher"},
                    Bad{"HiddenText", 8 + 20, "41", Errc::malformed, "luks.cipher"},
                    Bad{"Sha1", 72, "736861310000", Errc::untrusted, "luks.hash"},
                    Bad{"Aes128", 108, "00000020", Errc::untrusted, "luks.key_bytes"},
                    Bad{"ControlBytesInUuid", 168, "0a", Errc::malformed, "luks.uuid"},
                    Bad{"SlotNeitherWay", 208, "00000001", Errc::malformed, "luks.slot"},
                    Bad{"NoActiveSlot", 208, "0000dead", Errc::untrusted, "luks.slot"},
                    Bad{"SecondSlot", 208 + 48, "00ac71f300000001", Errc::untrusted, "luks.slot"},
                    Bad{"NoIterations", 212, "00000000", Errc::too_large, "luks.iterations"},
                    Bad{"EndlessIterations", 212, "ffffffff", Errc::too_large, "luks.iterations"},
                    Bad{"MaterialOverHeader", 248, "00000000", Errc::malformed, "luks.key_material"},
                    Bad{"MaterialBeyondHeader", 248, "ffffffff", Errc::malformed, "luks.key_material"},
                    Bad{"FewStripes", 252, "00000001", Errc::malformed, "luks.key_material"}),
    row_name);

} // namespace
} // namespace vouchsafe::vmcrypt
