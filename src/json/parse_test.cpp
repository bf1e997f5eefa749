#include "json/parse.h"
#include "json/write.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace vouchsafe::json {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

struct Good {
    std::string name;
    std::string text;
    Value value;
};

class ParseAccepts : public testing::TestWithParam<Good> {};

TEST_P(ParseAccepts, AndGivesTheValue) {
    const auto value = parse(GetParam().text);
    ASSERT_TRUE(value) << value.error().where << ": " << value.error().detail;
    EXPECT_EQ(*value, GetParam().value);
}

const std::string million(1000 * 1000, 'x');

INSTANTIATE_TEST_SUITE_P(
    Table,
    ParseAccepts,
    testing::Values(
        Good{"Null", "null", Value()},
        Good{"True", " true\r\n\t", Value(true)},
        Good{"False", "false", Value(false)},
        Good{"Zero", "0", Value(0)},
        Good{"LeastInteger", "-9223372036854775808", Value(std::numeric_limits<std::int64_t>::min())},
        Good{"GreatestInteger", "9223372036854775807", Value(std::numeric_limits<std::int64_t>::max())},
        Good{"EmptyObject", "{}", object({})},
        Good{"EmptyArray", "[]", array({})},
        Good{"EmptyName", R"({"":1})", object({{"", 1}})},
        Good{"SameNameInTwoObjects",
             R"([{"a":1},{"a":2},{"b":{"a":3},"a":4}])",
             array({object({{"a", 1}}), object({{"a", 2}}), object({{"a", 4}, {"b", object({{"a", 3}})}})})},
        Good{"Escapes", R"("\"\\\/\b\f\n\r\t\u0041")", Value("\"\\/\b\f\n\r\tA")},
        Good{"SurrogatePair", R"("\ud83d\ude00")", Value("\xF0\x9F\x98\x80")},
        Good{"NulInText", R"("a\u0000b")", Value(std::string("a\0b", 3))},
        Good{"NulInName", R"({"a\u0000":1,"a":2})", object({{std::string_view("a\0", 2), 1}, {"a", 2}})},
        Good{"LongText", '"' + million + '"', Value(million)},
        Good{"LongTextWithEscapes",
             '"' + repeat("\\n", 1000) + million.substr(0, 1000) + '"',
             Value(std::string(1000, '\n') + million.substr(0, 1000))},
        Good{"LongName", "{\"" + million + "\":0}", object({{million, 0}})}),
    [](const auto& row) { return row.param.name; });

struct Bad {
    std::string name;
    std::string text;
    Errc code;
    std::string where;
};

class ParseRefuses : public testing::TestWithParam<Bad> {};

TEST_P(ParseRefuses, WithItsReason) {
    const auto value = parse(GetParam().text);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, GetParam().code);
    EXPECT_EQ(value.error().where, GetParam().where);
}

Bad syntax(std::string name, std::string text) {
    return Bad{std::move(name), std::move(text), Errc::malformed, "json.syntax"};
}

Bad number(std::string name, std::string text) {
    return Bad{std::move(name), std::move(text), Errc::malformed, "json.number"};
}

Bad duplicate(std::string name, std::string text) {
    return Bad{std::move(name), std::move(text), Errc::malformed, "json.duplicate"};
}

Bad utf8(std::string name, std::string text) {
    return Bad{std::move(name), std::move(text), Errc::malformed, "json.utf8"};
}

Bad limit(std::string name, std::string text) {
    return Bad{std::move(name), std::move(text), Errc::too_large, "json.limit"};
}

INSTANTIATE_TEST_SUITE_P(Table,
                         ParseRefuses,
                         testing::Values(syntax("Nothing", ""),
                                         syntax("WhiteSpaceOnly", " \n"),
                                         syntax("Unfinished", R"({"a":)"),
                                         syntax("UnfinishedText", R"("abc)"),
                                         syntax("TrailingComma", "[1,]"),
                                         syntax("Comment", "/* */ 1"),
                                         syntax("SecondDocument", "{} {}"),
                                         syntax("TrailingWord", "1 x"),
                                         syntax("TrailingNul", std::string("1\0", 2)),
                                         syntax("ByteOrderMark", "\xEF\xBB\xBF{}"),
                                         syntax("SingleQuotes", "{'a':1}"),
                                         syntax("UnquotedName", "{a:1}"),
                                         syntax("RawControlCharacter", "\"a\nb\""),
                                         syntax("RawNul", std::string("\"a\0b\"", 5)),
                                         syntax("UnknownEscape", R"("\x41")"),
                                         syntax("LoneHighSurrogate", R"("\ud83d")"),
                                         syntax("LoneLowSurrogate", R"("\ude00")"),
                                         syntax("LoneSurrogateInName", R"({"\ud83dx":1})"),
                                         syntax("NaN", "NaN"),
                                         syntax("LeadingZero", "01"),
                                         syntax("PlusSign", "+1"),
                                         syntax("UpperCaseWord", "True"),
                                         number("Fraction", "1.0"),
                                         number("Exponent", "1e2"),
                                         number("BigExponent", "1E+2"),
                                         number("MinusZero", "-0"),
                                         number("MinusZeroInArray", "[0,-0]"),
                                         number("OneOverTheGreatest", "9223372036854775808"),
                                         number("OneUnderTheLeast", "-9223372036854775809"),
                                         number("FarTooGreat", repeat("9", 400)),
                                         duplicate("SameName", R"({"a":1,"b":2,"a":1})"),
                                         duplicate("SameNameEscaped", R"({"a":1,"\u0061":2})"),
                                         duplicate("SameNameNested", R"([{"x":{"a":null,"a":null}}])"),
                                         utf8("OverlongForm", "\"\xC0\xAF\""),
                                         utf8("EncodedSurrogate", "\"\xED\xA0\x80\""),
                                         utf8("CutShort", "\"\xE2\x82\""),
                                         utf8("OutsideTexts", "\xFF"),
                                         limit("TooLong", '"' + std::string(1U << 20U, 'x') + '"'),
                                         limit("TooDeep", repeat("[", 33) + repeat("]", 33)),
                                         limit("TooDeepUnfinished", repeat("[", 100000)),
                                         limit("TooDeepObjects",
                                               repeat("{\"a\":", 33) + "1" + repeat("}", 33)),
                                         limit("TooManyItems", "[" + repeat("0,", 65535) + "0]")),
                         [](const auto& row) { return row.param.name; });

TEST(Parse, TakesWhatIsJustWithinItsLimits) {
    EXPECT_TRUE(parse(repeat("[", 32) + repeat("]", 32)));
    EXPECT_TRUE(parse("[" + repeat("0,", 65534) + "0]"));
    EXPECT_TRUE(parse("[1,2]", Limits{.bytes = 5, .depth = 1, .items = 3}));
    EXPECT_FALSE(parse("[1,2]", Limits{.bytes = 4, .depth = 1, .items = 3}));
    EXPECT_FALSE(parse("[1,2]", Limits{.bytes = 5, .depth = 0, .items = 3}));
    EXPECT_FALSE(parse("[1,2]", Limits{.bytes = 5, .depth = 1, .items = 2}));
}

TEST(ParseCanonical, TakesTheCanonicalEncodingAlone) {
    EXPECT_TRUE(parse_canonical(R"({"a":[1,"x"],"b":null})"));
    for (const char* text : {R"({"b":1,"a":2})", R"({"a": 1})", R"("\u0041")", R"("\/")", " 1", "1\n"}) {
        const auto value = parse_canonical(text);
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().where, "json.canonical") << text;
    }
    EXPECT_EQ(parse_canonical("{").error().where, "json.syntax");
}

TEST(Canonical, SortsNamesByBytesAndEscapesLittle) {
    const Value value = object({{"b", "\x01\x1f\x7f/\"\\\b\f\n\r\t"},
                                {"a", array({true, false, Value(), -7, "é"})},
                                {"B", object({})},
                                {"", array({})}});
    EXPECT_EQ(canonical(value),
              "{\"\":[],\"B\":{},\"a\":[true,false,null,-7,\"é\"],"
              "\"b\":\"\\u0001\\u001f\x7f/\\\"\\\\\\b\\f\\n\\r\\t\"}");
}

TEST(Pretty, IndentsAndReadsBack) {
    const Value value = object({{"a", array({1, 2})}, {"b", object({})}});
    EXPECT_EQ(pretty(value), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n");
    const auto again = parse(pretty(value));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, value);
}

} // namespace
} // namespace vouchsafe::json
