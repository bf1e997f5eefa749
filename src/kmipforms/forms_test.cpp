#include "kmipforms/forms.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace vouchsafe::kmipforms {
namespace {

using ttlv::Item;
using ttlv::Tag;

struct Spelling {
    std::string_view name; ///< of the test
    std::string_view tag, type, text;
    Item item;
};

Item big(std::string_view hex) {
    return {Tag::modulus, ttlv::BigInteger{ttlv::WipedBytes(*from_hex(hex))}};
}

Item instant(std::int64_t microseconds) {
    return {Tag::rotate_date, ttlv::DateTimeExtended{microseconds}};
}

// What both forms take as text besides the one spelling that they write.
const Spelling spellings[] = {
    {"IntegerHex", "BatchCount", "Integer", "0xfffffffe", ttlv::integer(Tag::batch_count, -2)},
    {"IntegerShortHex", "BatchCount", "Integer", "0x2", ttlv::integer(Tag::batch_count, 2)},
    {"IntegerSpaced", "BatchCount", "Integer", " 2\t", ttlv::integer(Tag::batch_count, 2)},
    {"MaskSpaced",
     "CryptographicUsageMask",
     "Integer",
     "Verify   Sign",
     ttlv::integer(Tag::cryptographic_usage_mask, 3)},
    {"MaskBarred",
     "CryptographicUsageMask",
     "Integer",
     "Sign|0x00000004|8",
     ttlv::integer(Tag::cryptographic_usage_mask, 13)},
    {"MaskNumber",
     "CryptographicUsageMask",
     "Integer",
     "12",
     ttlv::integer(Tag::cryptographic_usage_mask, 12)},
    {"MaskTopBit",
     "CryptographicUsageMask",
     "Integer",
     "0x80000000 Sign",
     ttlv::integer(Tag::cryptographic_usage_mask, INT32_MIN + 1)},
    {"LongIntegerHex",
     "UsageLimitsCount",
     "LongInteger",
     "0xffffffffffffffff",
     ttlv::long_integer(Tag::usage_limits_count, -1)},
    {"BigIntegerExtended", "Modulus", "BigInteger", "0x8001", big("ffffffffffff8001")},
    {"BigIntegerPositive", "Modulus", "BigInteger", "7f", big("000000000000007f")},
    {"BigIntegerUpperCase", "Modulus", "BigInteger", "00000000000000FF", big("00000000000000ff")},
    {"EnumerationHex", "Operation", "Enumeration", "0x0000000A", ttlv::enumeration(Tag::operation, 10)},
    {"EnumerationNumber", "Operation", "Enumeration", "10", ttlv::enumeration(Tag::operation, 10)},
    {"EnumerationWords",
     "ObjectType",
     "Enumeration",
     "Symmetric Key",
     ttlv::enumeration(Tag::object_type, 2)},
    {"BooleanNumber", "Fresh", "Boolean", "1", ttlv::boolean(Tag::fresh, true)},
    {"BooleanHex", "Fresh", "Boolean", "0x0000000000000000", ttlv::boolean(Tag::fresh, false)},
    {"TextKeepsItsSpace", "NameValue", "TextString", " a ", ttlv::text(Tag::name_value, " a ")},
    {"BytesUpperCase",
     "KeyMaterial",
     "ByteString",
     "ABcd",
     ttlv::byte_string(Tag::key_material, *from_hex("abcd"))},
    {"DateEast",
     "ActivationDate",
     "DateTime",
     "2000-02-02T00:00:00+10:00",
     ttlv::date_time(Tag::activation_date, 949'413'600)},
    {"DateWest",
     "ActivationDate",
     "DateTime",
     "2000-02-29T23:30:00-01:30",
     ttlv::date_time(Tag::activation_date, 951'872'400)},
    {"DateZulu",
     "ActivationDate",
     "DateTime",
     "1970-01-01T00:00:06Z",
     ttlv::date_time(Tag::activation_date, 6)},
    {"DateWithoutZone",
     "ActivationDate",
     "DateTime",
     "1970-01-01T00:00:06",
     ttlv::date_time(Tag::activation_date, 6)},
    {"DateFractionIsCut",
     "ActivationDate",
     "DateTime",
     "1969-12-31T23:59:58.999+00:00",
     ttlv::date_time(Tag::activation_date, -2)},
    {"DateHex",
     "ActivationDate",
     "DateTime",
     "0x000000003a505520",
     ttlv::date_time(Tag::activation_date, 0x3a505520)},
    {"DateYearZero",
     "ActivationDate",
     "DateTime",
     "0000-01-01T00:00:00Z",
     ttlv::date_time(Tag::activation_date, -62'167'219'200)},
    {"IntervalHex", "LeaseTime", "Interval", "0xffffffff", ttlv::interval(Tag::lease_time, UINT32_MAX)},
    {"ExtendedFraction", "RotateDate", "DateTimeExtended", "1970-01-01T00:00:01.5Z", instant(1'500'000)},
    {"ExtendedNanoseconds",
     "RotateDate",
     "DateTimeExtended",
     "1970-01-01T00:00:00.123456789Z",
     instant(123'456)},
    {"ExtendedHex", "RotateDate", "DateTimeExtended", "0x0000000000000007", instant(7)},
    {"Extension", "0x540001", "Integer", "7", ttlv::integer(Tag{0x540001}, 7)},
};

std::string xml_of(const Spelling& row) {
    const std::string tag(row.tag);
    const std::string element = tag.starts_with("0x") ? R"(TTLV name="Acme" tag=")" + tag + R"(")" : tag;
    return "<" + element + R"( type=")" + std::string(row.type) + R"(" value=")" + std::string(row.text) +
           R"("/>)";
}

std::string json_of(std::string_view tag, std::string_view type, std::string_view value) {
    return R"({"name": "Acme", "tag": ")" + std::string(tag) + R"(", "type": ")" + std::string(type) +
           R"(", "value": )" + std::string(value) + "}";
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text)
        out += c == '\t' ? std::string("\\t") : std::string(1, c);
    return out + "\"";
}

class Spelled : public testing::TestWithParam<Spelling> {};

TEST_P(Spelled, IsReadInXml) {
    const auto item = from_xml(xml_of(GetParam()), {});
    ASSERT_TRUE(item) << item.error().detail;
    EXPECT_EQ(*item, GetParam().item);
}

TEST_P(Spelled, IsReadInJson) {
    const auto item = from_json(json_of(GetParam().tag, GetParam().type, quoted(GetParam().text)), {});
    ASSERT_TRUE(item) << item.error().detail;
    EXPECT_EQ(*item, GetParam().item);
}

INSTANTIATE_TEST_SUITE_P(Forms, Spelled, testing::ValuesIn(spellings), [](const auto& row) {
    return std::string(row.param.name);
});

struct JsonNumber {
    std::string_view tag, type, value;
    Item item;
};

TEST(Json, TakesNumbersAndBooleans) {
    const JsonNumber rows[] = {
        {"BatchCount", "Integer", "-2", ttlv::integer(Tag::batch_count, -2)},
        {"UsageLimitsCount",
         "LongInteger",
         "9223372036854775807",
         ttlv::long_integer(Tag::usage_limits_count, INT64_MAX)},
        {"Modulus", "BigInteger", "-1", big("ffffffffffffffff")},
        {"Operation", "Enumeration", "10", ttlv::enumeration(Tag::operation, 10)},
        {"LeaseTime", "Interval", "4294967295", ttlv::interval(Tag::lease_time, UINT32_MAX)},
        {"Fresh", "Boolean", "true", ttlv::boolean(Tag::fresh, true)},
        {"0x42000D", "Integer", "1", ttlv::integer(Tag::batch_count, 1)},
    };
    for (const JsonNumber& row : rows) {
        const auto item = from_json(json_of(row.tag, row.type, row.value), {});
        ASSERT_TRUE(item) << row.tag << ": " << item.error().detail;
        EXPECT_EQ(*item, row.item) << row.tag;
    }
}

TEST(Xml, TakesWhatSurroundsAMessage) {
    const std::string_view text = "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n"
                                  "<!-- a request -->\n"
                                  "<RequestMessage xmlns='urn:oasis:tc:kmip:xmlns' type='Structure'>\n"
                                  "  <BatchCount value='1' type='Integer'></BatchCount><!-- one -->\n"
                                  "</RequestMessage>\n";
    const auto item = from_xml(text, {});
    ASSERT_TRUE(item) << item.error().detail;
    EXPECT_EQ(*item, ttlv::structure(Tag::request_message, {ttlv::integer(Tag::batch_count, 1)}));
}

TEST(Xml, SaysTheLine) {
    const auto item = from_xml("<RequestMessage>\n  <BatchItem>\n    <Fresh type='Boolean' value='2'/>\n"
                               "  </BatchItem>\n</RequestMessage>\n",
                               {});
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error(), (Error{Errc::malformed, "form.value", "neither true nor false, at line 3"}));
}

TEST(Json, SaysThePath) {
    const auto item = from_json(
        R"({"tag": "RequestMessage", "value": [{"tag": "Fresh", "type": "Boolean", "value": "2"}]})", {});
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error(),
              (Error{Errc::malformed, "form.value", "neither true nor false, at RequestMessage/Fresh"}));
}

TEST(Xml, KeepsEveryCharacterThatItCanSay) {
    const Item item =
        ttlv::text(Tag::name_value, "\t\r\n <>&\"' \x7F \xC2\x80\xC2\x9F\xC2\xA0 \xEF\xBF\xBD \U0001F511");
    const auto xml = to_xml(item);
    ASSERT_TRUE(xml);
    EXPECT_EQ(from_xml(*xml, {}), item);
    // No terminal is driven by what a message says.
    EXPECT_EQ(xml->find('\x7F'), std::string::npos);
    EXPECT_EQ(xml->find("\xC2\x9F"), std::string::npos);
}

TEST(Xml, SaysWhatItCannotSay) {
    using std::string_view_literals::operator""sv;
    for (const std::string_view text : {"\0"sv, "a\x1B"sv, "\xEF\xBF\xBE"sv, "\xEF\xBF\xBF"sv}) {
        const auto xml = to_xml(ttlv::structure(Tag::name, {ttlv::text(Tag::name_value, text)}));
        ASSERT_FALSE(xml);
        EXPECT_EQ(xml.error().where, "form.text");
    }
}

TEST(Json, KeepsEveryCharacter) {
    using std::string_view_literals::operator""sv;
    const Item item = ttlv::text(Tag::name_value, "\0\x1B\xEF\xBF\xBE\"\\\n"sv);
    EXPECT_EQ(from_json(to_json(item), {}), item);
}

TEST(Forms, WriteWipedTextAsText) {
    const Item password = ttlv::wiped_text(Tag::password, as_bytes("a<b"));
    EXPECT_EQ(to_xml(password), "<Password type=\"TextString\" value=\"a&lt;b\"/>\n");
    EXPECT_EQ(from_json(to_json(password), {}), ttlv::text(Tag::password, "a<b"));
}

// Some servers send an attribute's value before its name, which then tells a reader nothing.
TEST(Forms, KeepAValueThatComesBeforeItsName) {
    const auto attribute = [](std::string_view name, Item value) {
        return ttlv::structure(Tag::attribute, {std::move(value), ttlv::text(Tag::attribute_name, name)});
    };
    for (const Item& item :
         {attribute("Cryptographic Usage Mask", ttlv::integer(Tag::attribute_value, 12)),
          attribute("Cryptographic Algorithm", ttlv::enumeration(Tag::attribute_value, 3))}) {
        EXPECT_EQ(from_xml(*to_xml(item), {}), item);
        EXPECT_EQ(from_json(to_json(item), {}), item);
    }
}

// The years that ISO 8601 has no four digits for, and the ends of the range.
TEST(Forms, KeepEveryInstant) {
    constexpr std::int64_t year_10000 = 253'402'300'800;
    constexpr std::int64_t year_0 = -62'167'219'200;
    for (const std::int64_t seconds :
         {INT64_MIN, year_0 - 1, year_0, std::int64_t{-1}, year_10000 - 1, year_10000, INT64_MAX}) {
        const Item date = ttlv::date_time(Tag::time_stamp, seconds);
        EXPECT_EQ(from_xml(*to_xml(date), {}), date) << seconds;
        EXPECT_EQ(from_json(to_json(date), {}), date) << seconds;
        const Item extended = instant(seconds);
        EXPECT_EQ(from_xml(*to_xml(extended), {}), extended) << seconds;
    }
    EXPECT_EQ(to_xml(ttlv::date_time(Tag::time_stamp, year_10000 - 1)),
              "<TimeStamp type=\"DateTime\" value=\"9999-12-31T23:59:59+00:00\"/>\n");
}

Item filled(std::string_view tag, std::string_view type, std::string_view text) {
    const Reading reading{.limits = {},
                          .placeholders = {{"NOW", "1970-01-02T00:00:00Z"}, {"KEY_0", "0a0b"}, {"id", "7"}},
                          .now = from_seconds(1)};
    auto item = from_xml("<" + std::string(tag) + " type='" + std::string(type) + "' value='" +
                             std::string(text) + "'/>",
                         reading);
    return item ? *std::move(item) : ttlv::text(Tag::result_message, item.error().where);
}

TEST(Placeholders, AreFilledBeforeAValueIsRead) {
    EXPECT_EQ(filled("TimeStamp", "DateTime", "$NOW"), ttlv::date_time(Tag::time_stamp, 86'400));
    EXPECT_EQ(filled("TimeStamp", "DateTime", "$NOW-3600"), ttlv::date_time(Tag::time_stamp, 82'800));
    EXPECT_EQ(filled("TimeStamp", "DateTime", "$NOW+60"), ttlv::date_time(Tag::time_stamp, 86'460));
    EXPECT_EQ(filled("RotateDate", "DateTimeExtended", "$NOW+1"), instant(86'401'000'000));
    EXPECT_EQ(filled("KeyMaterial", "ByteString", "$KEY_0"),
              ttlv::byte_string(Tag::key_material, *from_hex("0a0b")));
    EXPECT_EQ(filled("UniqueIdentifier", "TextString", "$KEY_0"), ttlv::text(Tag::unique_identifier, "0a0b"));
    EXPECT_EQ(filled("BatchCount", "Integer", "$id"), ttlv::integer(Tag::batch_count, 7));
}

TEST(Placeholders, TakeTheReadersNowForInstantsAlone) {
    const Reading reading{.limits = {}, .placeholders = {}, .now = from_seconds(100)};
    EXPECT_EQ(from_xml("<TimeStamp type='DateTime' value='$NOW-1'/>", reading),
              ttlv::date_time(Tag::time_stamp, 99));
    EXPECT_EQ(from_xml("<NameValue type='TextString' value='$NOW'/>", reading),
              ttlv::text(Tag::name_value, "$NOW"));
    EXPECT_EQ(from_xml("<BatchCount type='Integer' value='$NOW'/>", reading).error().where,
              "form.placeholder");
    EXPECT_EQ(from_xml("<TimeStamp type='DateTime' value='$LATER'/>", reading).error().where,
              "form.placeholder");
}

TEST(Placeholders, AreTextWhereNothingIsGivenForThem) {
    for (const std::string_view text : {"$UNKNOWN", "$", "$a b", "$5.00", "US$NOW", "$NOW+", "$NOW+x"})
        EXPECT_EQ(filled("NameValue", "TextString", text), ttlv::text(Tag::name_value, text)) << text;
}

TEST(Placeholders, AreRefusedWhereTheyCannotBe) {
    const auto refused = [](std::string_view where) { return ttlv::text(Tag::result_message, where); };
    EXPECT_EQ(filled("KeyMaterial", "ByteString", "$KEY_1"), refused("form.placeholder"));
    EXPECT_EQ(filled("KeyMaterial", "ByteString", "$KEY_0+1"), refused("form.placeholder"));
    EXPECT_EQ(filled("TimeStamp", "DateTime", "$KEY_0"), refused("form.value"));
    EXPECT_EQ(filled("TimeStamp", "DateTime", "$NOW+-1"), refused("form.value"));
}

Item nested(unsigned depth) {
    Item item = ttlv::integer(Tag::batch_count, 1);
    for (unsigned i = 0; i < depth; ++i) {
        ttlv::Structure around;
        around.push_back(std::move(item));
        item = ttlv::structure(Tag::attribute, std::move(around));
    }
    return item;
}

// A form is accepted exactly when its bytes would be.
void expect_limits(const Item& item, const ttlv::Limits& limits) {
    const bool accepted = ttlv::parse(ttlv::encode(item), limits).has_value();
    const Reading reading{.limits = limits, .placeholders = {}, .now = {}};
    EXPECT_EQ(from_xml(*to_xml(item), reading).has_value(), accepted);
    EXPECT_EQ(from_json(to_json(item), reading).has_value(), accepted);
}

TEST(Limits, AreThoseOfTheBytes) {
    for (const unsigned depth : {31U, 32U, 33U, 200U})
        expect_limits(nested(depth), {});
    for (const std::size_t items : {3U, 4U, 5U})
        expect_limits(nested(3), {.items = items});
    const Item text = ttlv::text(Tag::name_value, std::string(100, 'a'));
    for (const std::size_t bytes : {111U, 112U, 113U})
        expect_limits(text, {.bytes = bytes});
}

TEST(Limits, HoldForTheFormItself) {
    const Reading small{.limits = {.bytes = 16}, .placeholders = {}, .now = {}};
    const std::string spaces(200, ' ');
    EXPECT_EQ(from_xml(spaces + "<BatchItem/>", small).error().where, "xml.limit");
    EXPECT_EQ(from_json(spaces + "{}", small).error().where, "json.limit");
    EXPECT_TRUE(from_xml("<BatchItem/>", small));
}

TEST(HexText, TakesWhiteSpaceAndBothCases) {
    EXPECT_EQ(from_hex_text(" 0A 0b\n\tFF\r\n"), (Buffer{0x0A, 0x0B, 0xFF}));
    EXPECT_EQ(from_hex_text(""), Buffer{});
    EXPECT_EQ(from_hex_text("0x00").error().where, "form.hex");
}

} // namespace
} // namespace vouchsafe::kmipforms
