#include "ttlv/codec.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::ttlv {
namespace {

constexpr Tag example_tag = Tag::compromise_date; // 420020, the tag of the specification's examples

Buffer from_spaced_hex(std::string_view spaced) {
    std::string digits;
    for (const char c : spaced)
        if (c != ' ' && c != '|')
            digits += c;
    return *from_hex(digits);
}

struct Example {
    std::string_view name;
    std::string_view hex;
    Item item;
};

// [KMIP 1.4, TTLV Encoding, Examples]
const Example examples[] = {
    {"Integer", "42 00 20 | 02 | 00 00 00 04 | 00 00 00 08 00 00 00 00", integer(example_tag, 8)},
    {"LongInteger",
     "42 00 20 | 03 | 00 00 00 08 | 01 B6 9B 4B A5 74 92 00",
     long_integer(example_tag, 123'456'789'000'000'000)},
    {"BigInteger",
     "42 00 20 | 04 | 00 00 00 10 | 00 00 00 00 03 FD 35 EB 6B C2 DF 46 18 08 00 00",
     Item{example_tag, BigInteger{WipedBytes(from_spaced_hex("0000000003FD35EB6BC2DF4618080000"))}}},
    {"Enumeration", "42 00 20 | 05 | 00 00 00 04 | 00 00 00 FF 00 00 00 00", enumeration(example_tag, 255)},
    {"Boolean", "42 00 20 | 06 | 00 00 00 08 | 00 00 00 00 00 00 00 01", boolean(example_tag, true)},
    {"TextString",
     "42 00 20 | 07 | 00 00 00 0B | 48 65 6C 6C 6F 20 57 6F 72 6C 64 00 00 00 00 00",
     text(example_tag, "Hello World")},
    {"ByteString",
     "42 00 20 | 08 | 00 00 00 03 | 01 02 03 00 00 00 00 00",
     byte_string(example_tag, from_spaced_hex("010203"))},
    {"DateTime", "42 00 20 | 09 | 00 00 00 08 | 00 00 00 00 47 DA 67 F8", date_time(example_tag, 0x47DA67F8)},
    {"Interval", "42 00 20 | 0A | 00 00 00 04 | 00 0D 2F 00 00 00 00 00", interval(example_tag, 864'000)},
    {"Structure",
     "42 00 20 | 01 | 00 00 00 20 | 42 00 04 | 05 | 00 00 00 04 | 00 00 00 FE 00 00 00 00 | "
     "42 00 05 | 02 | 00 00 00 04 | 00 00 00 FF 00 00 00 00",
     structure(example_tag,
               {enumeration(Tag::application_specific_information, 254), integer(Tag::archive_date, 255)})},
    {"DateTimeExtended",
     "42 00 20 | 0B | 00 00 00 08 | 00 00 00 00 00 00 00 01",
     Item{example_tag, DateTimeExtended{1}}},
    {"EmptyText", "42 00 20 | 07 | 00 00 00 00", text(example_tag, "")},
    {"NegativeInteger", "42 00 20 | 02 | 00 00 00 04 | FF FF FF FE 00 00 00 00", integer(example_tag, -2)},
};

class SpecificationExample : public testing::TestWithParam<Example> {};

TEST_P(SpecificationExample, EncodesToTheGivenBytes) {
    EXPECT_EQ(to_hex(encode(GetParam().item)), to_hex(from_spaced_hex(GetParam().hex)));
}

TEST_P(SpecificationExample, ParsesToTheGivenItem) {
    const auto parsed = parse(from_spaced_hex(GetParam().hex));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, GetParam().item);
}

TEST_P(SpecificationExample, IsRefusedWhenCutAnywhere) {
    const Buffer whole = from_spaced_hex(GetParam().hex);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse(Bytes(whole).first(size))) << size;
}

INSTANTIATE_TEST_SUITE_P(Ttlv, SpecificationExample, testing::ValuesIn(examples), [](const auto& row) {
    return std::string(row.param.name);
});

struct Bad {
    std::string_view name;
    std::string_view hex;
    Errc code;
    std::string_view where;
};

constexpr Bad bad_messages[] = {
    {"ForeignTag", "41 00 20 02 00000004 0000000800000000", Errc::malformed, "ttlv.tag"},
    {"TypeZero", "42 00 20 00 00000004 0000000800000000", Errc::malformed, "ttlv.type"},
    {"TypeTooHigh", "42 00 20 0C 00000004 0000000800000000", Errc::malformed, "ttlv.type"},
    {"ShortInteger", "42 00 20 02 00000002 0008000000000000", Errc::malformed, "ttlv.length"},
    {"LongInteger", "42 00 20 02 00000008 0000000000000008", Errc::malformed, "ttlv.length"},
    {"ShortBoolean", "42 00 20 06 00000004 0000000100000000", Errc::malformed, "ttlv.length"},
    {"BooleanTwo", "42 00 20 06 00000008 0000000000000002", Errc::malformed, "ttlv.value"},
    {"OddBigInteger", "42 00 20 04 00000004 0000000100000000", Errc::malformed, "ttlv.length"},
    {"EmptyBigInteger", "42 00 20 04 00000000", Errc::malformed, "ttlv.length"},
    {"NotUtf8", "42 00 20 07 00000002 C0AF000000000000", Errc::malformed, "ttlv.value"},
    {"PaddingNotZero", "42 00 20 02 00000004 0000000800000001", Errc::malformed, "ttlv.padding"},
    {"LengthPastEnd", "42 00 20 08 00000009 0000000000000000", Errc::malformed, "ttlv.length"},
    {"ChildPastParent",
     "42 00 20 01 00000008 4200200800000008 0000000000000000",
     Errc::malformed,
     "ttlv.length"},
    {"UnalignedStructure", "42 00 20 01 00000004 4200200000000000", Errc::malformed, "ttlv.header"},
    {"Trailing", "42 00 20 02 00000004 0000000800000000 00", Errc::malformed, "ttlv.trailing"},
};

class BadMessage : public testing::TestWithParam<Bad> {};

TEST_P(BadMessage, IsRefusedAtItsDefect) {
    const auto parsed = parse(from_spaced_hex(GetParam().hex));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, GetParam().code);
    EXPECT_EQ(parsed.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(Ttlv, BadMessage, testing::ValuesIn(bad_messages), [](const auto& row) {
    return std::string(row.param.name);
});

TEST(Parse, IgnoresPaddingOnlyWhenAskedTo) {
    const Buffer sloppy = from_spaced_hex("42 00 20 02 00000004 0000000800000001");
    EXPECT_FALSE(parse(sloppy));
    const auto lenient = parse(sloppy, {}, Padding::ignored);
    ASSERT_TRUE(lenient);
    EXPECT_EQ(*lenient, integer(example_tag, 8));
}

TEST(Parse, KeepsUnknownTagsAndExtensions) {
    const Item unknown = structure(example_tag, {integer(Tag{0x42FFFF}, 1), integer(Tag{0x540001}, 2)});
    const auto parsed = parse(encode(unknown));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, unknown);
}

Item nested(unsigned depth) {
    Item item = structure(example_tag, {});
    for (unsigned i = 1; i < depth; ++i) {
        Structure around;
        around.push_back(std::move(item));
        item = structure(example_tag, std::move(around));
    }
    return item;
}

TEST(ParseLimits, BoundDepth) {
    EXPECT_TRUE(parse(encode(nested(32))));
    const auto deeper = parse(encode(nested(33)));
    ASSERT_FALSE(deeper);
    EXPECT_EQ(deeper.error(),
              (Error{Errc::too_large, "ttlv.limit", "structures nested too deep, at byte 256"}));
}

TEST(ParseLimits, BoundItemsInTheWholeTree) {
    const Item row = structure(example_tag, Structure(3, integer(example_tag, 1)));
    const Buffer twelve = encode(structure(example_tag, Structure(3, row))); // 1 + 3 + 9 items
    EXPECT_TRUE(parse(twelve, {.items = 13}));
    const auto parsed = parse(twelve, {.items = 12});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::too_large);
}

TEST(ParseLimits, BoundSize) {
    const Buffer message = encode(integer(example_tag, 8));
    EXPECT_TRUE(parse(message, {.bytes = 16}));
    const auto parsed = parse(message, {.bytes = 15});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::too_large);
}

TEST(MessageSize, ReadsTheFirstEightBytes) {
    const auto size = message_size(from_spaced_hex("42 00 7B 01 00000010"), Tag::response_message);
    ASSERT_TRUE(size);
    EXPECT_EQ(*size, 24U);
}

TEST(MessageSize, RefusesWhatIsNoSuchMessage) {
    const auto where = [](std::string_view hex) {
        return message_size(from_spaced_hex(hex), Tag::response_message).error().where;
    };
    EXPECT_EQ(where("42 00 78 01 00000010"), "ttlv.tag");
    EXPECT_EQ(where("48 54 54 50 2F 31 2E 31"), "ttlv.tag"); // "HTTP/1.1"
    EXPECT_EQ(where("42 00 7B 08 00000010"), "ttlv.type");
    EXPECT_EQ(where("42 00 7B 01 00000011"), "ttlv.length");
    EXPECT_EQ(where("42 00 7B 01 00100000"), "ttlv.limit");
    EXPECT_EQ(where("42 00 7B 01"), "ttlv.header");
}

TEST(Describe, NamesTagsAndHidesSecrets) {
    const Buffer key(32, 0xAB);
    const Item message =
        structure(Tag::key_block,
                  {enumeration(Tag::key_format_type, 1),
                   structure(Tag::key_value, {byte_string(Tag::key_material, key)}),
                   structure(Tag::credential,
                             {enumeration(Tag::credential_type, 1),
                              structure(Tag::credential_value,
                                        {text(Tag::username, "kps"), text(Tag::password, "opensesame")})}),
                   integer(Tag{0x540001}, 7)});
    EXPECT_EQ(describe(message),
              "Key Block (Structure)\n"
              "  Key Format Type (Enumeration) = Raw\n"
              "  Key Value (Structure)\n"
              "    Key Material (Byte String) = <32 bytes>\n"
              "  Credential (Structure)\n"
              "    Credential Type (Enumeration) = <hidden>\n"
              "    Credential Value (Structure)\n"
              "      Username (Text String) = <3 bytes>\n"
              "      Password (Text String) = <10 bytes>\n"
              "  0x540001 (Integer) = 7\n");
}

TEST(Describe, ShowsSecretsWhenAskedTo) {
    const Item message = structure(
        Tag::credential,
        {text(Tag::password, "opensesame"), byte_string(Tag::key_material, from_spaced_hex("0102"))});
    EXPECT_EQ(describe(message, Secrets::shown),
              "Credential (Structure)\n"
              "  Password (Text String) = \"opensesame\"\n"
              "  Key Material (Byte String) = 0102\n");
}

TEST(Describe, NamesMasksAndValuesOfAttributes) {
    const Item message = structure(Tag::attribute,
                                   {text(Tag::attribute_name, "Cryptographic Usage Mask"),
                                    integer(Tag::attribute_value, 12),
                                    enumeration(Tag::state, 0x80000001),
                                    enumeration(Tag::attribute_reference, 0x42008D)});
    EXPECT_EQ(describe(message),
              "Attribute (Structure)\n"
              "  Attribute Name (Text String) = \"Cryptographic Usage Mask\"\n"
              "  Attribute Value (Integer) = Encrypt Decrypt\n"
              "  State (Enumeration) = 0x80000001\n"
              "  Attribute Reference (Enumeration) = State\n");
}

TEST(ParseErrors, SayWhereTheItemBegins) {
    // A structure of an Integer and a Boolean that is 2.
    const auto parsed = parse(from_spaced_hex("420020 01 00000020 4200050200000004 0000000100000000"
                                              "4200080600000008 0000000000000002"));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().detail, "a Boolean that is neither 0 nor 1, at byte 24");
}

TEST(WipedText, IsEncodedAsTextAndNeverShown) {
    const Item item = wiped_text(Tag::password, as_bytes("p4ssw0rd!"));
    EXPECT_EQ(item.type(), Type::text);
    EXPECT_EQ(encode(item), encode(text(Tag::password, "p4ssw0rd!")));
    EXPECT_EQ(describe(item).find("p4ss"), std::string::npos);
    EXPECT_EQ(describe(wiped_text(Tag::name_value, as_bytes("p4ssw0rd!"))).find("p4ss"), std::string::npos);
}

TEST(Describe, HidesTransparentKeyMaterialAndTamesText) {
    const Item message =
        structure(Tag::key_value,
                  {structure(Tag::key_material, {Item{Tag::key, std::string("abc")}, integer(Tag::data, 5)}),
                   text(Tag::result_message, "line\nfeed\x1b[31m"),
                   date_time(Tag::time_stamp, 0)});
    EXPECT_EQ(describe(message),
              "Key Value (Structure)\n"
              "  Key Material (Structure)\n"
              "    Key (Text String) = <3 bytes>\n"
              "    Data (Integer) = <hidden>\n"
              "  Result Message (Text String) = \"line?feed?[31m\"\n"
              "  Time Stamp (Date-Time) = 1970-01-01T00:00:00.000Z\n");
}

} // namespace
} // namespace vouchsafe::ttlv
