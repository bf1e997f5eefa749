#include "api/filter.h"
#include "api/shape.h"
#include "json/parse.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace vouchsafe::api {
namespace {

constexpr std::array<std::string_view, 2> colours = {"RED", "GREEN"};
constexpr Type texts = list(text);
constexpr std::array inner_fields = {Field{"name", id}, Field{"tags", texts, Need::optional}};
constexpr Structure inner{"test.inner", inner_fields};
constexpr Type inner_type = structure(inner);
constexpr Type inners = list(inner_type);
constexpr std::array outer_fields = {Field{"one", inner_type},
                                     Field{"many", inners, Need::optional},
                                     Field{"colour", word(colours), Need::optional}};
constexpr Structure outer{"test.outer", outer_fields};

std::string quoted(std::size_t size) {
    return "\"" + std::string(size, 'A') + "\"";
}

TEST(Shape, TakesWhatFits) {
    const std::pair<Type, std::string> cases[] = {
        {none, "null"},
        {text, R"("")"},
        {text, R"("any\u0000thing\n")"},
        {text, quoted(std::size_t{64} << 10U)},
        {id, R"("x")"},
        {id, R"("größe 1/2")"},
        {id, quoted(255)},
        {secret, R"("pass\u0001word")"},
        {binary, R"("")"},
        {binary, R"("AAEC")"},
        {binary, quoted(std::size_t{5} << 20U)},
        {time, R"("2026-11-23T20:52:01Z")"},
        {time, R"("2026-11-23T20:52:01.123Z")"},
        {integer, "-5"},
        {boolean, "false"},
        {word(colours), R"("GREEN")"},
        {document, R"({"whatever":[{"it":"holds"}]})"},
        {texts, "[]"},
        {structure(outer), R"({"one":{"name":"x"}})"},
        {structure(outer), R"({"one":{"name":"x","tags":null},"many":null})"},
        {structure(outer), R"({"one":{"name":"x","tags":["a"]},"many":[{"name":"y"}],"colour":"RED"})"},
    };
    for (const auto& [type, value] : cases) {
        const auto checked = check_shape(json::parse(value, {.bytes = 8U << 20U}).value(), type, "body");
        EXPECT_TRUE(checked) << value.substr(0, 80) << " " << checked.error().detail;
    }
}

struct Misfit {
    std::string_view name;
    Type type;
    std::string value;
    std::string_view where;
    Errc code = Errc::malformed;
};

TEST(Shape, SaysWhereAMisfitIs) {
    const Misfit cases[] = {
        {"SomethingForNothing", none, "{}", "body"},
        {"NumberForText", text, "1", "body"},
        {"NullForText", text, "null", "body"},
        {"LongText", text, quoted((std::size_t{64} << 10U) + 1), "body", Errc::too_large},
        {"LongSecret", secret, quoted((std::size_t{64} << 10U) + 1), "body", Errc::too_large},
        {"EmptyId", id, R"("")", "body"},
        {"LongId", id, quoted(256), "body"},
        {"IdWithALineEnd", id, R"("a\nb")", "body"},
        {"IdWithDelete", id, R"("a\u007fb")", "body"},
        {"IdWithAC1Control", id, R"("a\u009bb")", "body"},
        {"NoBase64", binary, R"("A!==")", "body"},
        {"LongBinary", binary, quoted((std::size_t{6} << 20U) + 4), "body", Errc::too_large},
        {"NoTime", time, R"("yesterday")", "body"},
        {"LocalTime", time, R"("2026-11-23T20:52:01+01:00")", "body"},
        {"TextForInteger", integer, R"("1")", "body"},
        {"IntegerForBoolean", boolean, "1", "body"},
        {"UnknownWord", word(colours), R"("red")", "body"},
        {"ArrayForDocument", document, "[]", "body"},
        {"ObjectForList", texts, "{}", "body"},
        {"WrongItem", texts, R"(["a",1])", "body[1]"},
        {"ArrayForStructure", structure(outer), "[]", "body"},
        {"Missing", structure(outer), "{}", "body.one"},
        {"NullForRequired", structure(outer), R"({"one":null})", "body.one"},
        {"Unknown", structure(outer), R"({"one":{"name":"x"},"two":2})", "body.two"},
        {"NullUnknown", structure(outer), R"({"one":{"name":"x"},"two":null})", "body.two"},
        {"MissingInside", structure(outer), R"({"one":{}})", "body.one.name"},
        {"UnknownInside", structure(outer), R"({"one":{"name":"x","size":1}})", "body.one.size"},
        {"WrongInList",
         structure(outer),
         R"({"one":{"name":"x"},"many":[{"name":"y"},{}]})",
         "body.many[1].name"},
        {"WrongDeepInside",
         structure(outer),
         R"({"one":{"name":"x","tags":["a",true]}})",
         "body.one.tags[1]"},
        {"WordInside", structure(outer), R"({"one":{"name":"x"},"colour":"BLUE"})", "body.colour"},
    };
    for (const Misfit& c : cases) {
        const auto checked = check_shape(json::parse(c.value, {.bytes = 8U << 20U}).value(), c.type, "body");
        ASSERT_FALSE(checked) << c.name;
        EXPECT_EQ(checked.error().where, c.where) << c.name;
        EXPECT_EQ(checked.error().code, c.code) << c.name;
        EXPECT_TRUE(checked.error().detail.starts_with(c.where)) << c.name << ": " << checked.error().detail;
    }
}

TEST(Shape, BoundsLists) {
    json::Array items(max_list_items, json::Value("x"));
    EXPECT_TRUE(check_shape(json::Value(items), texts, "body"));
    items.emplace_back("x");
    const auto checked = check_shape(json::Value(items), texts, "body");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::too_large);
}

constexpr std::array login_fields = {Field{"password", secret}};
constexpr Structure login{"test.login", login_fields};

TEST(Shape, NeverRepeatsASecret) {
    for (const std::string value :
         {R"({"password":["hunter2"]})", R"({"passwort":"hunter2"})", R"("hunter2")"}) {
        const auto checked = check_shape(json::parse(value).value(), structure(login), "body");
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().detail.find("hunter2"), std::string::npos);
    }
}

TEST(Filter, WantsWhatItLists) {
    const auto filter = json::parse(R"({"names":["a","b"],"ports":[1],"none":[],"null":null})").value();
    EXPECT_TRUE(wants(&filter, "names", "b"));
    EXPECT_FALSE(wants(&filter, "names", "c"));
    EXPECT_TRUE(wants(&filter, "ports", 1));
    EXPECT_FALSE(wants(&filter, "ports", "1"));
    EXPECT_FALSE(wants(&filter, "none", "a"));
    EXPECT_TRUE(wants(&filter, "null", "a"));
    EXPECT_TRUE(wants(&filter, "absent", "a"));
    EXPECT_TRUE(wants(nullptr, "names", "c"));
}

} // namespace
} // namespace vouchsafe::api
