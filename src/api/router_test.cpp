#include "api/router.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::api {
namespace {

using net::Method;

#define VS_CLUSTERS "/api/vcenter/trusted-infrastructure/trust-authority-clusters"

net::Request request(Method method, std::string target, std::string_view body = {}) {
    net::Request out;
    out.method = method;
    out.target = std::move(target);
    out.body = to_buffer(as_bytes(body));
    return out;
}

/// As a server does it: the route, then the input.
Result<Call> route(const net::Request& request) {
    VS_TRY(const Operation* const row, find_route(request.method, request.target));
    VS_TRY(json::Value input, read_input(*row, request));
    return Call{.operation = row, .input = std::move(input)};
}

struct Found {
    Method method;
    std::string_view target;
    std::string_view service;
    std::string_view name;
};

TEST(Route, IsFoundByMethodPathAndAction) {
    const Found cases[] = {
        {Method::post, "/api/session", "cis.session", "create"},
        {Method::delete_, "/api/session", "cis.session", "delete"},
        {Method::get, "/api/session/", "cis.session", "get"},
        {Method::get, "/api/vouchsafe/v1/hosts", "vouchsafe.hosts", "list"},
        {Method::get, "/api/vouchsafe/v1/hosts/", "vouchsafe.hosts", "list"},
        {Method::get, "/api/vouchsafe/v1/hosts/a", "vouchsafe.hosts", "get"},
        {Method::get, "/api/vouchsafe/v1/hosts/a%2Fb/", "vouchsafe.hosts", "get"},
        {Method::post, "/api/vouchsafe/v1/hosts/a?action=attest", "vouchsafe.hosts", "attest"},
        {Method::post, "/api/vouchsafe/v1/vms/a?vmw-task=true&action=start", "vouchsafe.vms", "start"},
        {Method::get,
         VS_CLUSTERS "/c/attestation/os/esx/base-images/1.0?vmw-task=true",
         "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx.base_images",
         "get"},
        // A list that clients of both generations ask for, with the action and without.
        {Method::post,
         "/api/vcenter/trusted-infrastructure/trust-authority-hosts/attestation",
         "vcenter.trusted_infrastructure.trust_authority_hosts.attestation",
         "list"},
        {Method::post,
         "/api/vcenter/trusted-infrastructure/trust-authority-hosts/attestation?action=query",
         "vcenter.trusted_infrastructure.trust_authority_hosts.attestation",
         "list"},
        {Method::get,
         "/api/vcenter/trusted-infrastructure/trust-authority-hosts/h/attestation/",
         "vcenter.trusted_infrastructure.trust_authority_hosts.attestation",
         "get"},
    };
    for (const Found& c : cases) {
        const auto found = find_route(c.method, c.target);
        ASSERT_TRUE(found) << c.target << " " << found.error().detail;
        EXPECT_EQ((*found)->service, c.service) << c.target;
        EXPECT_EQ((*found)->name, c.name) << c.target;
    }
}

struct Wrong {
    std::string_view name;
    Method method;
    std::string target;
    std::string body;
    Errc code;
    std::string_view where;
};

TEST(Route, SaysWhatIsWrong) {
    const std::string start = "/api/vouchsafe/v1/vms/a?action=start";
    const Wrong cases[] = {
        {"Unknown", Method::get, "/api/nothing", "", Errc::not_found, "route.path"},
        {"Empty", Method::get, "/", "", Errc::not_found, "route.path"},
        {"TooLong", Method::get, "/api/session/x", "", Errc::not_found, "route.path"},
        {"Prefix", Method::get, "/api", "", Errc::not_found, "route.path"},
        {"OtherCase", Method::get, "/API/session", "", Errc::not_found, "route.path"},
        {"EmptySegment", Method::get, "/api//session", "", Errc::not_found, "route.path"},
        {"EmptyParameter",
         Method::get,
         "/api/vouchsafe/v1/enrolments//explanation",
         "",
         Errc::not_found,
         "route.path"},
        {"EscapedWord", Method::get, "/api/%73ession", "", Errc::not_found, "route.path"},
        {"DotSegments", Method::get, "/api/x/../session", "", Errc::not_found, "route.path"},
        {"NoOriginForm", Method::get, "https://x/api/session", "", Errc::malformed, "route.path"},
        {"OldForm",
         Method::post,
         "/rest/com/vmware/cis/session?~action=get",
         "",
         Errc::not_found,
         "route.path"},
        {"OldActionOnANewPath",
         Method::post,
         "/api/session?~action=get",
         "",
         Errc::malformed,
         "query.~action"},
        {"WrongVerb", Method::put, "/api/session", "", Errc::unsupported, "route.method"},
        {"Head", Method::head, "/api/session", "", Errc::unsupported, "route.method"},
        {"MissingAction", Method::post, "/api/vouchsafe/v1/vms/a", "", Errc::unsupported, "route.method"},
        {"UnknownAction",
         Method::post,
         "/api/vouchsafe/v1/vms/a?action=dump",
         "",
         Errc::unsupported,
         "route.method"},
        {"SurplusAction", Method::get, "/api/session?action=get", "", Errc::unsupported, "route.method"},
        {"ActionTwice",
         Method::post,
         start + "&action=stop&vmw-task=true",
         "",
         Errc::malformed,
         "query.action"},
        {"TaskNotAsked", Method::post, start, "", Errc::unsupported, "query.vmw-task"},
        {"TaskDeclined", Method::post, start + "&vmw-task=false", "", Errc::malformed, "query.vmw-task"},
        {"TaskWhereThereIsNone",
         Method::get,
         "/api/session?vmw-task=true",
         "",
         Errc::malformed,
         "query.vmw-task"},
        {"UnknownParameter", Method::get, "/api/session?x=1", "", Errc::malformed, "query.x"},
        {"ParameterTwice", Method::get, "/api/vouchsafe/v1/audit?vm=a&vm=b", "", Errc::malformed, "query.vm"},
        {"NoInteger", Method::get, "/api/vouchsafe/v1/audit?limit=1x", "", Errc::malformed, "query.limit"},
        {"NoWordOfState", Method::get, VS_CLUSTERS "?state=enabled", "", Errc::malformed, "state[0]"},
        {"NoWordOfHealth",
         Method::get,
         VS_CLUSTERS "/c/attestation/os/esx/base-images?vmw-task=true&health=good",
         "",
         Errc::malformed,
         "health[0]"},
        {"HugeInteger",
         Method::get,
         "/api/vouchsafe/v1/audit?limit=99999999999999999999",
         "",
         Errc::malformed,
         "query.limit"},
        {"NoBoolean",
         Method::get,
         "/api/cis/tasks/t?return_all=yes",
         "",
         Errc::malformed,
         "query.return_all"},
        {"BrokenEscapeInQuery",
         Method::get,
         "/api/vouchsafe/v1/audit?vm=%4",
         "",
         Errc::malformed,
         "http.escape"},
        {"BrokenEscapeInPath",
         Method::get,
         "/api/vouchsafe/v1/hosts/%zz",
         "",
         Errc::malformed,
         "http.escape"},
        {"NulInPath", Method::get, "/api/vouchsafe/v1/hosts/a%00", "", Errc::malformed, "http.escape"},
        {"ControlInPath", Method::get, "/api/vouchsafe/v1/hosts/a%0A", "", Errc::malformed, "host"},
        {"LongPath",
         Method::get,
         "/api/vouchsafe/v1/hosts/" + std::string(256, 'a'),
         "",
         Errc::malformed,
         "host"},
        {"NoBody", Method::post, "/api/vouchsafe/v1/users", "", Errc::malformed, "body"},
        {"NoJson", Method::post, "/api/vouchsafe/v1/users", "name=x", Errc::malformed, "json.syntax"},
        {"NullBody", Method::post, "/api/vouchsafe/v1/users", "null", Errc::malformed, "body"},
        {"DuplicateKey",
         Method::post,
         "/api/vouchsafe/v1/clusters",
         R"({"name":"a","name":"b"})",
         Errc::malformed,
         "json.duplicate"},
        {"WrongBody",
         Method::post,
         "/api/vouchsafe/v1/clusters",
         R"({"name":1})",
         Errc::malformed,
         "body.name"},
        {"UnknownMember",
         Method::post,
         "/api/vouchsafe/v1/clusters",
         R"({"name":"a","x":1})",
         Errc::malformed,
         "body.x"},
        {"DeepBody",
         Method::post,
         "/v1/host/poll",
         std::string(100, '[') + std::string(100, ']'),
         Errc::too_large,
         "json.limit"},
        {"BodyForNone", Method::post, start + "&vmw-task=true", R"({"force":true})", Errc::malformed, "body"},
    };
    for (const Wrong& c : cases) {
        const auto found = route(request(c.method, c.target, c.body));
        ASSERT_FALSE(found) << c.name;
        EXPECT_EQ(found.error().code, c.code) << c.name << " " << found.error().detail;
        EXPECT_EQ(found.error().where, c.where) << c.name << " " << found.error().detail;
    }
}

TEST(Input, HoldsPathQueryAndBody) {
    const auto audit = route(request(Method::get, "/api/vouchsafe/v1/audit?limit=5&vm=a+b%2Fc"));
    ASSERT_TRUE(audit) << audit.error().detail;
    EXPECT_EQ(audit->input, json::object({{"limit", 5}, {"vm", "a b/c"}}));

    const auto member = route(
        request(Method::post, "/api/vouchsafe/v1/groups/Trusted%20Admins/members", R"({"user":"ada"})"));
    ASSERT_TRUE(member) << member.error().detail;
    EXPECT_EQ(member->input,
              json::object({{"group", "Trusted Admins"}, {"spec", json::object({{"user", "ada"}})}}));

    const auto images = route(
        request(Method::get,
                VS_CLUSTERS "/c/attestation/os/esx/base-images?vmw-task=true&version=1&health=OK&version=2"));
    ASSERT_TRUE(images) << images.error().detail;
    EXPECT_EQ(images->input,
              json::object(
                  {{"cluster", "c"}, {"version", json::array({"1", "2"})}, {"health", json::array({"OK"})}}));

    const auto task = route(request(Method::get, "/api/cis/tasks/t%3Aa?return_all=true"));
    ASSERT_TRUE(task) << task.error().detail;
    EXPECT_EQ(task->input, json::object({{"task", "t:a"}, {"return_all", true}}));
}

// Some clients send {} with everything.
TEST(Input, LetsEmptyObjectsPassWhereThereIsNoBody) {
    EXPECT_TRUE(route(request(Method::get, "/api/vouchsafe/v1/hosts", "{}")));
    EXPECT_TRUE(route(request(Method::delete_, "/api/vouchsafe/v1/users/x", "{}")));
    EXPECT_TRUE(route(request(Method::post, "/api/vouchsafe/v1/vms/a?action=stop&vmw-task=true", "{}")));
    EXPECT_FALSE(route(request(Method::post, "/api/vouchsafe/v1/vms/a?action=stop&vmw-task=true", "{ }x")));
}

TEST(Input, MayLeaveOutAnOptionalBody) {
    const std::string list = VS_CLUSTERS "/c/consumer-principals?action=query&vmw-task=true";
    const auto without = route(request(Method::post, list));
    ASSERT_TRUE(without) << without.error().detail;
    EXPECT_EQ(without->input, json::object({{"cluster", "c"}}));
    EXPECT_TRUE(route(request(Method::post, list, R"({"id":["x"]})")));
    EXPECT_FALSE(route(request(Method::post, list, R"({"id":"x"})")));
}

TEST(WireCall, IsWrittenOnlyOfWhatFits) {
    const Operation& attest = *find_operation("vouchsafe.hosts", "attest");
    const auto call = write_call(attest, json::object({{"host", "host/1 ü"}}));
    ASSERT_TRUE(call);
    EXPECT_EQ(call->target, "/api/vouchsafe/v1/hosts/host%2F1%20%C3%BC?action=attest&vmw-task=true");
    EXPECT_EQ(call->body, "");

    for (const json::Value& input : {json::object({}),
                                     json::object({{"host", 1}}),
                                     json::object({{"host", "a"}, {"x", "b"}}),
                                     json::object({{"host", ""}}),
                                     json::array({"host"})})
        EXPECT_FALSE(write_call(attest, input));
}

TEST(Table, RowsAreFoundByName) {
    for (const Operation& row : operations()) {
        const Operation* const found = find_operation(row.service, row.name);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->service, row.service);
        EXPECT_EQ(found->name, row.name);
    }
    EXPECT_EQ(find_operation("vouchsafe.vms", "explode"), nullptr);
    EXPECT_EQ(find_operation("vouchsafe", "vms"), nullptr);
}

TEST(BodyLimit, FollowsThePath) {
    constexpr std::size_t kib = 1024;
    const std::tuple<Method, std::string_view, std::size_t> cases[] = {
        {Method::get, "/api/vouchsafe/v1/users", 4 * kib},
        {Method::delete_, "/api/vouchsafe/v1/users/x", 4 * kib},
        {Method::post, "/api/vouchsafe/v1/users", 256 * kib},
        {Method::post, "/v1/host/poll", 1024 * kib},
        {Method::put, "/api/vouchsafe/v1/services-information", 6 * 1024 * kib},
        {Method::post,
         "/api/vcenter/trusted-infrastructure/trust-authority-clusters/c/attestation/os/esx/"
         "base-images?action=import-from-imgdb&vmw-task=true",
         6 * 1024 * kib},
        {Method::post, "/nothing/here", 256 * kib},
    };
    for (const auto& [method, target, limit] : cases)
        EXPECT_EQ(body_limit(method, target), limit) << target;
}

} // namespace
} // namespace vouchsafe::api
