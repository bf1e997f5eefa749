#include "json/members.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::json {
namespace {

const Value document = object({{"text", "hello"},
                               {"number", 7},
                               {"flag", true},
                               {"items", array({"a", "b"})},
                               {"inner", object({{"x", 1}})},
                               {"none", Value()},
                               {"b64", "AQI="},
                               {"b64url", "AQI"},
                               {"hex", "0102"},
                               {"time", "2026-11-23T20:52:01.000Z"},
                               {"version", 1}});

TEST(Members, ReadsEveryKind) {
    Members m(document, "doc");
    EXPECT_EQ(m.string("text").value(), "hello");
    EXPECT_EQ(m.integer("number", {0, 7}).value(), 7);
    EXPECT_TRUE(m.boolean("flag").value());
    EXPECT_EQ(m.array("items").value()->size(), 2U);
    EXPECT_EQ(m.strings("items").value(), (std::vector<std::string>{"a", "b"}));
    auto inner = m.object("inner");
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->where(), "doc.inner");
    EXPECT_EQ(inner->integer("x").value(), 1);
    EXPECT_TRUE(inner->finish());
    EXPECT_FALSE(m.optional_string("none").value().has_value());
    EXPECT_EQ(m.base64("b64").value(), (Buffer{1, 2}));
    EXPECT_EQ(m.base64url("b64url").value(), (Buffer{1, 2}));
    EXPECT_EQ(m.hex("hex").value(), (Buffer{1, 2}));
    EXPECT_EQ(to_text(m.time("time").value()), "2026-11-23T20:52:01.000Z");
    EXPECT_TRUE(m.version(1));
    EXPECT_TRUE(m.finish());
}

TEST(Members, OptionalMembersMayBeAbsentOrNull) {
    Members m(document, "doc");
    for (const char* name : {"none", "absent"}) {
        EXPECT_FALSE(m.has(name));
        EXPECT_FALSE(m.optional_string(name).value());
        EXPECT_FALSE(m.optional_integer(name).value());
        EXPECT_FALSE(m.optional_boolean(name).value());
        EXPECT_EQ(m.optional_array(name).value(), nullptr);
        EXPECT_EQ(m.optional_value(name).value(), nullptr);
        EXPECT_FALSE(m.optional_object(name).value());
        EXPECT_FALSE(m.optional_base64(name).value());
        EXPECT_FALSE(m.optional_base64url(name).value());
        EXPECT_FALSE(m.optional_hex(name).value());
        EXPECT_FALSE(m.optional_time(name).value());
        EXPECT_FALSE(m.optional_strings(name).value());
    }
    EXPECT_EQ(m.optional_integer("number").value(), 7);
    EXPECT_EQ(m.optional_string("text").value(), "hello");
    EXPECT_EQ(m.optional_array("items").value()->size(), 2U);
    EXPECT_TRUE(m.optional_object("inner").value());
}

TEST(Members, RefusesWhatIsMissingOrNull) {
    Members m(document, "doc");
    for (const char* name : {"none", "absent"}) {
        const auto got = m.string(name);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, Errc::malformed);
        EXPECT_EQ(got.error().where, std::string("doc.") + name);
        EXPECT_FALSE(m.integer(name));
        EXPECT_FALSE(m.boolean(name));
        EXPECT_FALSE(m.array(name));
        EXPECT_FALSE(m.object(name));
        EXPECT_FALSE(m.value(name));
        EXPECT_FALSE(m.base64(name));
        EXPECT_FALSE(m.hex(name));
        EXPECT_FALSE(m.time(name));
    }
}

struct WrongKind {
    std::string name;
    std::string member;
    std::function<bool(Members&, const std::string&, Error&)> read;
};

template <class Method> auto reads(Method method) {
    return [method](Members& m, const std::string& member, Error& error) {
        auto got = std::invoke(method, m, member);
        if (!got)
            error = got.error();
        return got.has_value();
    };
}

class MembersRefuse : public testing::TestWithParam<WrongKind> {};

TEST_P(MembersRefuse, TheWrongKind) {
    const Value bad = object({{"number", 7},
                              {"text", "=x"},
                              {"mixed", array({"a", 1})},
                              {"upper", "AB"},
                              {"unpadded", "AQI"},
                              {"padded", "AQI="}});
    Members m(bad, "doc");
    Error error{.code = Errc::internal, .where = {}, .detail = {}};
    EXPECT_FALSE(GetParam().read(m, GetParam().member, error));
    EXPECT_EQ(error.code, Errc::malformed);
    EXPECT_EQ(error.where, "doc." + GetParam().member);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    MembersRefuse,
    testing::Values(WrongKind{"NumberAsText", "number", reads(&Members::string)},
                    WrongKind{"NumberAsOptionalText", "number", reads(&Members::optional_string)},
                    WrongKind{"NumberAsBoolean", "number", reads(&Members::boolean)},
                    WrongKind{"NumberAsArray", "number", reads(&Members::array)},
                    WrongKind{"NumberAsObject", "number", reads(&Members::object)},
                    WrongKind{"NumberAsOptionalObject", "number", reads(&Members::optional_object)},
                    WrongKind{"NumberAsBase64", "number", reads(&Members::base64)},
                    WrongKind{"NumberAsTime", "number", reads(&Members::time)},
                    WrongKind{"MixedTexts", "mixed", reads(&Members::strings)},
                    WrongKind{"TextThatIsNoHex", "text", reads(&Members::hex)},
                    WrongKind{"UpperCaseHex", "upper", reads(&Members::hex)},
                    WrongKind{"UpperCaseOptionalHex", "upper", reads(&Members::optional_hex)},
                    WrongKind{"UnpaddedBase64", "unpadded", reads(&Members::base64)},
                    WrongKind{"PaddedBase64url", "padded", reads(&Members::base64url)},
                    WrongKind{"TextThatIsNoTime", "text", reads(&Members::optional_time)}),
    [](const auto& row) { return row.param.name; });

TEST(Members, RefusesIntegersOutOfRangeAndTextsForIntegers) {
    Members m(document, "doc");
    EXPECT_EQ(m.integer("number", {8, 9}).error().where, "doc.number");
    EXPECT_FALSE(m.optional_integer("number", {0, 6}));
    EXPECT_FALSE(m.integer("text"));
    EXPECT_EQ(m.version(2).error().code, Errc::unsupported);
}

// People see the detail alone, and have typed more than one thing.
TEST(Members, SayWhichMemberIsWrong) {
    Members m(document, "doc");
    EXPECT_EQ(m.integer("number", {8, 9}).error().detail, "doc.number must be from 8 to 9");
    EXPECT_EQ(m.integer("text").error().detail, "doc.text must be an integer, not a string");
    EXPECT_EQ(m.string("absent").error().detail, "doc.absent is missing");
    EXPECT_EQ(m.hex("text").error().detail, "doc.text is refused by hex.length");
    EXPECT_EQ(m.version(2).error().detail, "doc.version must be 2: no other is known here");
    EXPECT_EQ(m.finish().error().detail, "doc has a member that is not known here: b64");
    EXPECT_EQ(Members(document, "").boolean("text").error().detail, "text must be a boolean, not a string");
    const Value text("x");
    EXPECT_EQ(Members(text, "").finish().error().detail, "the document must be an object");
}

TEST(Members, RefusesUnknownMembers) {
    const Value value = object({{"a", 1}, {"typo", 2}});
    Members m(value, "doc");
    EXPECT_TRUE(m.integer("a"));
    EXPECT_TRUE(m.has("typo")); // looking is not reading
    const auto finished = m.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, Errc::malformed);
    EXPECT_EQ(finished.error().where, "doc");
    EXPECT_TRUE(m.integer("typo"));
    EXPECT_TRUE(m.finish());
}

TEST(Members, RefusesUnknownMembersThatAreNull) {
    const Value value = object({{"unknown", Value()}});
    EXPECT_FALSE(Members(value, "doc").finish());
}

TEST(Members, RefusesWhatIsNoObject) {
    const Value value = array({1});
    Members m(value, "doc");
    EXPECT_EQ(m.string("a").error().where, "doc");
    EXPECT_FALSE(m.optional_string("a"));
    EXPECT_FALSE(m.has("a"));
    EXPECT_FALSE(m.finish());
}

TEST(Members, ReadsListsWithinTheirBound) {
    Members m(document, "doc");
    const auto two = m.list<std::string>("items", 2, to_string);
    ASSERT_TRUE(two);
    EXPECT_EQ(two->size(), 2U);
    EXPECT_EQ(m.list<std::string>("items", 1, to_string).error().code, Errc::too_large);
    const auto numbers = m.list<std::int64_t>(
        "items", 2, [](const Value& value, const std::string& where) { return to_integer(value, where); });
    ASSERT_FALSE(numbers);
    EXPECT_EQ(numbers.error().where, "doc.items");
}

TEST(Value, FindsMembersOfObjectsOnly) {
    ASSERT_NE(document.find("number"), nullptr);
    EXPECT_EQ(document.find("number")->as_integer(), 7);
    EXPECT_EQ(document.find("absent"), nullptr);
    EXPECT_EQ(Value(1).find("number"), nullptr);
}

TEST(Value, KnowsItsKind) {
    EXPECT_TRUE(Value().is_null());
    EXPECT_TRUE(Value("true").is_string());
    EXPECT_TRUE(Value(true).is_bool());
    EXPECT_TRUE(Value(std::uint8_t{1}).is_integer());
    EXPECT_TRUE(Value(std::optional<std::string>()).is_null());
    EXPECT_EQ(Value(std::optional<int>(3)), Value(3));
    EXPECT_NE(Value(1), Value(true));
    EXPECT_EQ(array_of(std::vector<int>{1, 2}), array({1, 2}));
}

TEST(ValueDeathTest, EndsTheProcessForTheWrongKindAndForLostBits) {
    EXPECT_DEATH(std::ignore = Value(1).as_string(), "is_string");
    EXPECT_DEATH(std::ignore = Value(std::numeric_limits<std::uint64_t>::max()), "in_range");
    EXPECT_DEATH(std::ignore = object({{"a", 1}, {"a", 2}}), "emplace");
}

} // namespace
} // namespace vouchsafe::json
