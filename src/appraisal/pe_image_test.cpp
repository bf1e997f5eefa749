#include "appraisal/pe_image.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>

namespace vouchsafe::appraisal {
namespace {

// as sbsign wrote it into the signature of signed.efi
constexpr std::string_view signed_digest = "b06047bcfe90046709594feafb7c4c0ae6bf941f7c010251f21277b25dd44ad3";
constexpr std::size_t pe_at = 64; // in the vectors
constexpr std::size_t optional_at = pe_at + 24;
constexpr std::size_t first_section_at = optional_at + 240;

void put(Buffer& file, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        file.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

std::string digest_of(const Buffer& file) {
    const auto image = parse_pe_image(file);
    VS_CHECK(image);
    return to_hex(authenticode_digest(*image, Algorithm::sha256));
}

TEST(PeImage, HasTheDigestThatItsSignatureCovers) {
    EXPECT_EQ(digest_of(test::read_vector("appraisal/uki/signed.efi")), signed_digest);
    EXPECT_EQ(digest_of(test::read_vector("appraisal/uki/unsigned.efi")), signed_digest);
}

TEST(PeImage, TheDigestCoversAllButWhatSigningWrites) {
    const Buffer file = test::read_vector("appraisal/uki/signed.efi");
    for (const std::size_t at :
         {std::size_t{2}, optional_at + 16, first_section_at + 36, std::size_t{1024}}) {
        Buffer changed = file;
        changed[at] ^= 1U;
        EXPECT_NE(digest_of(changed), signed_digest) << at;
    }
    for (const std::size_t at : {optional_at + 64, file.size() - 1}) { // checksum, signature
        Buffer changed = file;
        changed[at] ^= 1U;
        EXPECT_EQ(digest_of(changed), signed_digest) << at;
    }
    Buffer longer = test::read_vector("appraisal/uki/unsigned.efi");
    longer.push_back(0);
    EXPECT_NE(digest_of(longer), signed_digest);
}

TEST(PeImage, SectionsAreAsLoadersSeeThem) {
    const Buffer file = test::read_vector("appraisal/uki/unsigned.efi");
    const auto image = parse_pe_image(file);
    ASSERT_TRUE(image);
    ASSERT_EQ(image->sections.size(), 6U);
    const PeSection* const initrd = image->section(".initrd");
    ASSERT_NE(initrd, nullptr);
    EXPECT_EQ(as_text(content(*initrd).value()), "an initrd");
    EXPECT_EQ(image->section(".splash"), nullptr);
    PeSection longer = *initrd;
    longer.size = longer.raw.size() + 1;
    EXPECT_EQ(content(longer).error().code, Errc::unsupported);
}

TEST(PeImage, LongNamesAreInTheStringTable) {
    Buffer file = test::read_vector("appraisal/shim/shim.efi");
    const auto image = parse_pe_image(file);
    ASSERT_TRUE(image);
    EXPECT_NE(image->section(".vendor_cert"), nullptr);
    EXPECT_NE(image->section(".sbatlevel"), nullptr);
    put(file, pe_at + 12, 0x7FFFFFFF); // symbols, and the table after them, outside
    const auto outside = parse_pe_image(file);
    ASSERT_TRUE(outside);
    EXPECT_EQ(outside->section(".vendor_cert"), nullptr);
    EXPECT_NE(outside->section("/4"), nullptr);
}

TEST(PeImage, ListsItsSignatures) {
    EXPECT_TRUE(signatures(*parse_pe_image(test::read_vector("appraisal/uki/unsigned.efi")))->empty());
    Buffer file = test::read_vector("appraisal/uki/signed.efi");
    const std::size_t at = file.size() - parse_pe_image(file)->certificates.size();
    const auto found = [&file] { return signatures(*parse_pe_image(file)); };
    ASSERT_EQ(found()->size(), 1U);
    const auto size = static_cast<std::uint32_t>(found()->front().size());
    put(file, at + 4, 0x0EF10200);
    EXPECT_TRUE(found()->empty()) << "of another kind";
    put(file, at, size + 8 + 8);
    EXPECT_EQ(found().error().where, "pe.certificates") << "beyond the table";
    put(file, at, 7);
    EXPECT_EQ(found().error().where, "pe.certificates");
    std::ranges::fill(std::span(file).subspan(at), std::uint8_t{0});
    for (std::size_t i = 0; i <= most_signatures_of_image; ++i)
        put(file, at + 8 * i, 8);
    EXPECT_EQ(found().error().code, Errc::too_large);
}

struct Broken {
    std::string name;
    std::string where;
    std::function<void(Buffer&)> change;
};

TEST(PeImage, RefusesWhatBreaksTheFormat) {
    const std::vector<Broken> all{
        {"empty", "pe.dos_header", [](Buffer& file) { file.clear(); }},
        {"no MZ", "pe.dos_header", [](Buffer& file) { file[0] = 'N'; }},
        {"PE header outside", "pe.header", [](Buffer& file) { put(file, 0x3C, 0xFFFFFFFF); }},
        {"no PE", "pe.header", [](Buffer& file) { file[pe_at] = 'N'; }},
        {"too many sections", "pe.sections", [](Buffer& file) { file[pe_at + 6] = 97; }},
        {"another kind", "pe.magic", [](Buffer& file) { file[optional_at] = 0; }},
        {"short optional header", "pe.optional_header", [](Buffer& file) { file[pe_at + 20] = 40; }},
        {"headers that end early", "pe.headers_size", [](Buffer& file) { put(file, optional_at + 60, 100); }},
        {"section outside", "pe.section", [](Buffer& file) { put(file, first_section_at + 20, 0x7FFFFFFF); }},
        {"section too large",
         "pe.section",
         [](Buffer& file) { put(file, first_section_at + 16, 0x7FFFFFFF); }},
        {"sections that overlap",
         "pe.sections",
         [](Buffer& file) { put(file, first_section_at + 16, static_cast<std::uint32_t>(file.size()) / 2); }},
        {"certificates outside",
         "pe.certificates",
         [](Buffer& file) { put(file, optional_at + 148, 0x10000); }},
        {"certificates not at the end", "pe.certificates", [](Buffer& file) { file.push_back(0); }},
        {"two of a name",
         "pe.section",
         [](Buffer& file) { std::copy_n(&file[first_section_at + 40], 8, &file[first_section_at]); }},
    };
    for (const Broken& broken : all) {
        Buffer file = test::read_vector("appraisal/uki/signed.efi");
        broken.change(file);
        const auto image = parse_pe_image(file);
        ASSERT_FALSE(image) << broken.name;
        EXPECT_EQ(image.error().where, broken.where) << broken.name;
    }
}

} // namespace
} // namespace vouchsafe::appraisal
