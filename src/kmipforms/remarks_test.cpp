#include "kmipforms/remarks.h"

#include <gtest/gtest.h>

#include <utility>

namespace vouchsafe::kmipforms {
namespace {

using ttlv::Item;
using ttlv::Tag;

Item message(std::int32_t major, std::int32_t minor, ttlv::Structure payload) {
    Item version = ttlv::structure(Tag::protocol_version,
                                   {ttlv::integer(Tag::protocol_version_major, major),
                                    ttlv::integer(Tag::protocol_version_minor, minor)});
    return ttlv::structure(
        Tag::request_message,
        {ttlv::structure(Tag::request_header, {std::move(version)}),
         ttlv::structure(Tag::batch_item, {ttlv::structure(Tag::request_payload, std::move(payload))})});
}

using Lines = std::vector<std::string>;

Lines about(std::int32_t major, std::int32_t minor, Item item) {
    Lines lines = remarks(message(major, minor, {std::move(item)}));
    for (std::string& line : lines)
        if (constexpr std::string_view path = "RequestMessage/BatchItem/RequestPayload/";
            line.starts_with(path))
            line.erase(0, path.size());
    return lines;
}

TEST(Remarks, AreNoneForWhatTheVersionHas) {
    EXPECT_EQ(about(1, 4, ttlv::enumeration(Tag::object_type, 6)), Lines{});
    EXPECT_EQ(about(2, 1, ttlv::enumeration(Tag::operation, 0x3B)), Lines{});
    EXPECT_EQ(about(1, 4, ttlv::enumeration(Tag::hashing_algorithm, 0x0E)), Lines{});
}

TEST(Remarks, NameTagsOfOtherVersions) {
    EXPECT_EQ(about(2, 0, ttlv::structure(Tag::template_attribute, {})),
              Lines{"TemplateAttribute: a tag of KMIP 1.0 to 1.4"});
    EXPECT_EQ(about(1, 4, ttlv::structure(Tag::attributes, {})),
              Lines{"Attributes: a tag of KMIP 2.0 and later"});
    EXPECT_EQ(about(2, 1, ttlv::integer(Tag{0x42FFFF}, 1)), Lines{"0x42ffff: no tag of KMIP 1.0 to 2.1"});
}

TEST(Remarks, NameValuesOfOtherVersions) {
    EXPECT_EQ(about(2, 0, ttlv::enumeration(Tag::object_type, 6)),
              Lines{"ObjectType: the value Template is of KMIP 1.0 to 1.4"});
    EXPECT_EQ(about(1, 3, ttlv::enumeration(Tag::operation, 0x2B)),
              Lines{"Operation: the value Export is of KMIP 1.4 and later"});
    EXPECT_EQ(about(2, 1, ttlv::enumeration(Tag::operation, 0x3C)),
              Lines{"Operation: a value that is not listed: 0x0000003c"});
    EXPECT_EQ(about(2, 1, ttlv::enumeration(Tag::attribute_reference, 0x42FFFF)),
              Lines{"AttributeReference: names no tag of KMIP 1.0 to 2.1"});
}

TEST(Remarks, NameATypeOfOtherVersions) {
    for (const Tag tag : {Tag::activation_date, Tag{0x540010}}) {
        const ttlv::Item item{tag, ttlv::DateTimeExtended{1}};
        EXPECT_EQ(about(2, 0, item), Lines{});
        const Lines lines = about(1, 4, item);
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_TRUE(lines[0].ends_with(": a type of KMIP 2.0 and later: DateTimeExtended")) << lines[0];
    }
}

TEST(Remarks, NameTypesThatATagDoesNotHave) {
    EXPECT_EQ(about(1, 0, ttlv::long_integer(Tag::cryptographic_length, 256)),
              Lines{"CryptographicLength: of a type that this tag does not have: LongInteger"});
}

TEST(Remarks, LeaveVendorsAlone) {
    EXPECT_EQ(about(1, 0, ttlv::structure(Tag{0x540001}, {ttlv::integer(Tag{0x540002}, 1)})), Lines{});
    EXPECT_EQ(about(1, 0, ttlv::enumeration(Tag::opaque_data_type, 0x80000001)), Lines{});
    EXPECT_EQ(about(2, 0, ttlv::enumeration(Tag::attribute_reference, 0x540001)), Lines{});
}

TEST(Remarks, SayAThingOnce) {
    const Item twice =
        ttlv::structure(Tag::attribute, {ttlv::integer(Tag{0x42FFFF}, 1), ttlv::integer(Tag{0x42FFFF}, 2)});
    EXPECT_EQ(about(1, 0, twice).size(), 1U);
}

TEST(Remarks, KnowTheVersionsOfTheTables) {
    EXPECT_EQ(remarks(message(3, 0, {})), Lines{"ProtocolVersion: none of 1.0 to 2.1"});
    // Without a header no version is held against anything.
    EXPECT_EQ(remarks(ttlv::structure(Tag::attributes, {ttlv::structure(Tag::template_attribute, {})})),
              Lines{});
}

} // namespace
} // namespace vouchsafe::kmipforms
