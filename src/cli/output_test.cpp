#include "cli/commands.h"
#include "cli/output.h"
#include "json/parse.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::cli {
namespace {

std::string printed(const std::function<void()>& work) {
    testing::internal::CaptureStdout();
    work();
    return testing::internal::GetCapturedStdout();
}

std::string said(const std::function<void()>& work) {
    testing::internal::CaptureStderr();
    work();
    return testing::internal::GetCapturedStderr();
}

TEST(Exits, AreOneForEachKindOfFailure) {
    const std::pair<Errc, int> cases[] = {
        {Errc::malformed, 2},
        {Errc::too_large, 2},
        {Errc::unsupported, 2},
        {Errc::untrusted, 1},
        {Errc::denied, 1},
        {Errc::exists, 1},
        {Errc::conflict, 1},
        {Errc::busy, 1},
        {Errc::expired, 1},
        {Errc::not_found, 3},
        {Errc::unavailable, 4},
        {Errc::timed_out, 4},
        {Errc::unauthenticated, 5},
        {Errc::internal, 70},
    };
    for (const auto& [code, exit] : cases)
        EXPECT_EQ(static_cast<int>(exit_for(code)), exit) << to_string(code);
}

TEST(Table, HasColumnsAsWideAsTheirWidestCell) {
    Table table({"NAME", "STATE"});
    table.row({"a", "trusted"});
    table.row({"größe-1", ""});
    EXPECT_EQ(table.text(), "NAME     STATE\na        trusted\ngröße-1  -\n");
}

// Escape sequences with one byte (ESC), with Unicode's one character (CSI), and lines of the server's own.
const std::string hostile = "a\x1b[2Jb\xc2\x9b"
                            "31mc\nd\x7f"
                            "e\r\x07";

bool obeyed(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        if ((c < 0x20 && c != '\n') || c == 0x7F || (c == 0xC2 && next >= 0x80 && next < 0xA0))
            return true;
    }
    return false;
}

TEST(Output, NeverHandsControlCharactersToTheTerminal) {
    ASSERT_TRUE(obeyed(hostile));
    const json::Value object = json::object({{"name", hostile}, {"list", json::array({hostile})}});
    Context context;
    Context as_json{.format = Format::json, .run = {}};
    const std::pair<std::string_view, std::string> outputs[] = {
        {"print", printed([] { print(hostile); })},
        {"say", said([] { say(hostile); })},
        {"report", said([] { (void)report({.code = Errc::denied, .where = "x", .detail = hostile}); })},
        {"json", printed([&] { print_json(object); })},
        {"one", printed([&] { show_one(context, object); })},
        {"one as json", printed([&] { show_one(as_json, object); })},
        {"list",
         printed([&] { show_list(context, json::array({object}), {{"NAME", "name"}, {"LIST", "list"}}); })},
        {"list as json", printed([&] { show_list(as_json, json::array({object}), {{"NAME", "name"}}); })},
    };
    for (const auto& [name, text] : outputs) {
        EXPECT_FALSE(obeyed(text)) << name;
        EXPECT_NE(text.find("31mc"), std::string::npos) << name << " lost what could be shown";
    }
    EXPECT_EQ(outputs[2].second.find("\nd"), std::string::npos) << "an error is one line";
    EXPECT_EQ(printable("ü\n\t"), "ü  ");
}

TEST(Output, AsJsonIsTheSameValue) {
    const json::Value value = json::object({{"text", hostile}, {"ü", json::array({1, true, nullptr})}});
    EXPECT_EQ(json::parse(json_text(value)).value(), value);
}

TEST(Cells, ShowValuesInWords) {
    const json::Value value = json::object({{"text", "x"},
                                            {"number", 5},
                                            {"yes", true},
                                            {"no", false},
                                            {"null", nullptr},
                                            {"object", json::object({{"a", 1}})},
                                            {"list", json::array({"a", 1})}});
    const std::pair<std::string_view, std::string_view> cases[] = {{"text", "x"},
                                                                   {"number", "5"},
                                                                   {"yes", "yes"},
                                                                   {"no", "no"},
                                                                   {"null", ""},
                                                                   {"object", ""},
                                                                   {"list", "a, 1"},
                                                                   {"absent", ""}};
    for (const auto& [member, text] : cases)
        EXPECT_EQ(cell(value, member), text) << member;
    EXPECT_EQ(cell(json::Value("no object"), "text"), "");
    const json::Value message =
        json::object({{"id", "x"}, {"default_message", "it is down"}, {"args", json::Array{}}});
    EXPECT_EQ(cell(json::object({{"details", json::array({message, "b"})}}), "details"), "it is down, b");
}

TEST(Reports, SayWhatToTry) {
    const auto reported = [](Errc code, std::string_view where) {
        return said(
            [&] { (void)report({.code = code, .where = std::string(where), .detail = "what happened"}); });
    };

    const struct {
        Errc code;
        std::string_view where;
        std::string_view hint;
    } cases[] = {{Errc::unauthenticated, "session.unknown", "try: vouchsafe login"},
                 {Errc::untrusted, "net.tls_identity", "check the pin"},
                 {Errc::denied, "privilege", "log in as a user of the group"},
                 {Errc::denied, "host.not_trusted", "vouchsafe host explain"}};

    for (const auto& [code, where, hint] : cases)
        EXPECT_NE(reported(code, where).find(hint), std::string::npos) << where;
    EXPECT_EQ(reported(Errc::not_found, "vm"), "vouchsafe: what happened\n");
}

} // namespace
} // namespace vouchsafe::cli
