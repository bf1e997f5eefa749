#include "api/errors.h"
#include "json/parse.h"
#include "json/write.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace vouchsafe::api {
namespace {

struct Row {
    Errc code;
    std::string_view word;
    int status;
    std::optional<Errc> to_client{}; ///< where a client hears another code
};

constexpr Row rows[] = {
    {Errc::malformed, "INVALID_ARGUMENT", 400},
    {Errc::too_large, "INVALID_ARGUMENT", 413},
    {Errc::untrusted, "UNAUTHORIZED", 403, Errc::denied},
    {Errc::denied, "UNAUTHORIZED", 403},
    {Errc::unauthenticated, "UNAUTHENTICATED", 401},
    {Errc::not_found, "NOT_FOUND", 404},
    {Errc::exists, "ALREADY_EXISTS", 400},
    {Errc::conflict, "NOT_ALLOWED_IN_CURRENT_STATE", 400},
    {Errc::busy, "RESOURCE_BUSY", 500},
    {Errc::expired, "UNAUTHENTICATED", 401, Errc::unauthenticated},
    {Errc::unavailable, "SERVICE_UNAVAILABLE", 503},
    {Errc::timed_out, "TIMED_OUT", 504},
    {Errc::unsupported, "UNSUPPORTED", 400},
    {Errc::internal, "INTERNAL_SERVER_ERROR", 500},
};

TEST(Errors, EachCodeHasItsWordAndStatus) {
    for (const Row& row : rows) {
        const WireError wire = wire_error(row.code);
        EXPECT_EQ(wire.error_type, row.word) << to_string(row.code);
        EXPECT_EQ(wire.status, row.status) << to_string(row.code);
    }
}

TEST(Errors, TravelToTheClient) {
    for (const Row& row : rows) {
        const Error error{.code = row.code, .where = "a.check", .detail = "what happened"};
        const net::Response answer = error_answer(error);
        EXPECT_EQ(answer.status, row.status);
        EXPECT_EQ(answer.content_type, "application/json");
        const auto document = json::parse(answer.body).value();
        const Error read = error_from_answer(answer.status, document);
        EXPECT_EQ(read.code, row.to_client.value_or(row.code)) << to_string(row.code);
        if (row.code == Errc::internal)
            continue;
        EXPECT_EQ(read.where, "a.check");
        EXPECT_EQ(read.detail, "what happened");
    }
}

// A task's error has no status: the word says what kind it is.
TEST(Errors, OfTasksKeepTheirCode) {
    for (const Row& row : rows) {
        const Error read = error_from_task(error_document({.code = row.code, .where = "a", .detail = "b"}));
        const Errc expected =
            row.code == Errc::too_large ? Errc::malformed : row.to_client.value_or(row.code);
        EXPECT_EQ(read.code, expected) << to_string(row.code);
    }
    EXPECT_EQ(error_from_task({}),
              (Error{.code = Errc::internal, .where = "server.task", .detail = "the server's task failed"}));
}

TEST(Errors, HaveTheFormOfTheApi) {
    EXPECT_EQ(
        json::canonical(error_document({.code = Errc::not_found, .where = "vm", .detail = "there is none"})),
        R"({"error_type":"NOT_FOUND","messages":[{"args":[],"default_message":"there is none","id":"vm"}]})");
    EXPECT_EQ(
        json::canonical(error_document({.code = Errc::denied, .where = "privilege", .detail = {}})),
        R"({"error_type":"UNAUTHORIZED","messages":[{"args":[],"default_message":"privilege","id":"privilege"}]})");
}

TEST(Errors, KeepInsideWhatIsInternal) {
    const std::string text = json::canonical(error_document(
        {.code = Errc::internal, .where = "sqlite.step", .detail = "/var/lib/x: no such table"}));
    EXPECT_EQ(text.find("sqlite"), std::string::npos);
    EXPECT_EQ(text.find("/var"), std::string::npos);
}

TEST(Errors, OfAnotherKindAreTheirStatus) {
    for (const std::string_view body : {"null", "{}", R"({"error_type":"ODD","messages":[]})", R"(["x"])"}) {
        const Error read = error_from_answer(404, json::parse(body).value());
        EXPECT_EQ(read.code, Errc::not_found) << body;
        EXPECT_EQ(read.where, "server.status") << body;
    }
    // Words of the API that are none of ours.
    EXPECT_EQ(error_from_answer(409, json::parse(R"({"error_type":"CONCURRENT_CHANGE"})").value()).code,
              Errc::conflict);
}

TEST(Answers, WithoutAValueHaveNoBody) {
    EXPECT_EQ(json_answer(204, {}).body, "");
    EXPECT_EQ(json_answer(200, json::array({})).body, "[]");
    EXPECT_EQ(json_answer(201, "x").body, R"("x")");
}

} // namespace
} // namespace vouchsafe::api
