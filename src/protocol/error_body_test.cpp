#include "json/parse.h"
#include "json/write.h"
#include "protocol/error_body.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace vouchsafe::protocol {
namespace {

TEST(ErrorBody, HasOneFormBothWays) {
    const ErrorBody body{
        .error_type = "NOT_FOUND", .id = "image.unknown", .message = "there is no image 1.0"};
    EXPECT_EQ(
        json::canonical(body.to_json()),
        R"({"error_type":"NOT_FOUND","messages":[{"args":[],"default_message":"there is no image 1.0","id":"image.unknown"}]})");
    EXPECT_EQ(ErrorBody::from_json(body.to_json()), body);
}

TEST(ErrorBody, KeepsWhatIsThereOfAnother) {
    const std::pair<std::string_view, ErrorBody> cases[] = {
        {"null", {}},
        {"[]", {}},
        {R"({"error_type":1,"messages":1})", {}},
        {R"({"error_type":"X","messages":[]})", {"X", "", ""}},
        {R"({"error_type":"X","messages":["m"]})", {"X", "", ""}},
        {R"({"error_type":"X","messages":[{"id":1,"default_message":"m"}]})", {"X", "", "m"}},
        {R"({"messages":[{"id":"i","default_message":"m"},{"id":"j"}],"data":{}})", {"", "i", "m"}},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(ErrorBody::from_json(json::parse(text).value()), expected) << text;
}

TEST(CodeForStatus, IsWhatTheStatusMeans) {
    const std::pair<int, Errc> cases[] = {
        {302, Errc::malformed},
        {400, Errc::malformed},
        {401, Errc::unauthenticated},
        {403, Errc::denied},
        {404, Errc::not_found},
        {408, Errc::timed_out},
        {409, Errc::conflict},
        {413, Errc::too_large},
        {431, Errc::malformed},
        {500, Errc::internal},
        {502, Errc::internal},
        {503, Errc::unavailable},
        {504, Errc::timed_out},
    };
    for (const auto& [status, code] : cases)
        EXPECT_EQ(code_for_status(status), code) << status;
}

} // namespace
} // namespace vouchsafe::protocol
