#include "manager/server.h"
#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <span>
#include <string>

namespace vouchsafe::manager {
namespace {

using net::Method;

constexpr std::string_view password = "a long password";

/// One management server behind its handler, with a user in each group, and operations that note their calls.
class Serving {
public:
    explicit Serving(api::Server role) {
        for (const std::string_view group : access::group_names())
            create(std::string(group));
        create("Nobody");
        add_common_operations(operations_, directory_);
        for (const api::Operation& row : api::operations())
            if (row.service.starts_with("vcenter.") || row.service == "vouchsafe.clusters" ||
                row.service == "vouchsafe.vms")
                operations_.add(row.service, row.name, [this](const Call& call) -> Result<json::Value> {
                    called = std::string(call.operation.service) + "." + std::string(call.operation.name);
                    caller = call.caller.user;
                    return json::Value(called);
                });
        handler_ = serve({.role = role,
                          .directory = directory_,
                          .tasks = tasks_,
                          .operations = operations_,
                          .agents = role == api::Server::authority
                                        ? AgentDoor()
                                        : [this](const api::Operation& row, net::Request, net::Reply reply) {
                                              called = "agent " + std::string(row.name);
                                              reply.send({.status = 200});
                                          }},
                         pool_);
    }

    net::Response send(net::Request request) {
        called.clear();
        auto [reply, answer] = test::awaited_reply();
        handler_(std::move(request), std::move(reply));
        return test::wait_for(answer);
    }

    net::Response
    send(const std::string& user, Method method, const std::string& target, std::string_view body = {}) {
        net::Request request = test::request(method, target, body);
        if (!user.empty())
            request.headers.push_back({.name = "vmware-api-session-id", .value = session(user)});
        return send(std::move(request));
    }

    /// The session of a member of that group.
    std::string session(const std::string& user) {
        std::string& id = sessions_[user];
        if (id.empty())
            id = directory_.log_in(lower(user), Secret(as_bytes(password))).value();
        return id;
    }

    std::string called; ///< operation that ran last
    std::string caller;

private:
    static std::string lower(std::string text) {
        std::ranges::transform(
            text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    }

    void create(const std::string& group) {
        const bool known = std::ranges::find(access::group_names(), group) != access::group_names().end();
        VS_CHECK(directory_
                     .create_user(lower(group),
                                  Secret(as_bytes(password)),
                                  known ? std::set{group} : std::set<std::string>())
                     .has_value());
    }

    test::MemoryDocuments documents_;
    test::ManualClock clock_;
    crypto::SystemRandom random_;
    Directory directory_{documents_, clock_, random_};
    Tasks tasks_{clock_, random_};
    Operations operations_;
    std::map<std::string, std::string> sessions_;
    net::WorkerPool pool_{{.threads = 2, .queue = 16}};
    net::Handler handler_;
};

std::string error_id(const net::Response& response) {
    const auto document = json::parse(response.body);
    const json::Value* const messages = document ? document->find("messages") : nullptr;
    return messages == nullptr ? "" : messages->as_array().front().find("id")->as_string();
}

#define VS_CLUSTERS "/api/vcenter/trusted-infrastructure/trust-authority-clusters"

struct Attempt {
    std::string_view name;
    std::string user;
    Method method;
    std::string target;
    std::string body;
    int status;
    std::string_view id;
};

void expect_refusals(Serving& server, std::span<const Attempt> attempts) {
    for (const Attempt& attempt : attempts) {
        const net::Response response =
            server.send(attempt.user, attempt.method, attempt.target, attempt.body);
        EXPECT_EQ(response.status, attempt.status) << attempt.name << " " << response.body;
        EXPECT_EQ(error_id(response), attempt.id) << attempt.name;
        EXPECT_EQ(server.called, "") << attempt.name;
    }
}

TEST(Serve, RefusesBeforeItRuns) {
    Serving server(api::Server::authority);
    const std::string delete_image = VS_CLUSTERS "/c/attestation/os/esx/base-images/1?vmw-task=true";
    const Attempt attempts[] = {
        {"NoSession", "", Method::get, VS_CLUSTERS, "", 401, "session.unknown"},
        {"NoPrivilegeToRead", "Nobody", Method::get, VS_CLUSTERS, "", 403, "privilege"},
        {"AdministratorsDoUsersOnly", "Administrators", Method::get, VS_CLUSTERS, "", 403, "privilege"},
        {"AuditorsChangeNothing", "Auditors", Method::delete_, delete_image, "", 403, "privilege"},
        {"VmAdministratorsChangeNoTrust",
         "VMAdministrators",
         Method::delete_,
         delete_image,
         "",
         403,
         "privilege"},
        {"TrustedAdminsMakeNoUsers",
         "TrustedAdmins",
         Method::post,
         "/api/vouchsafe/v1/users",
         "{}",
         403,
         "privilege"},
        {"Unknown", "TrustedAdmins", Method::get, "/api/nothing", "", 404, "route.path"},
        {"WrongVerb", "TrustedAdmins", Method::put, VS_CLUSTERS, "", 400, "route.method"},
        {"NotThereYet", "TrustedAdmins", Method::get, "/api/vouchsafe/v1/status", "", 400, "operation"},
        {"UnknownMember",
         "Administrators",
         Method::post,
         "/api/vouchsafe/v1/users",
         R"({"name":"x","password":"a long password","admin":true})",
         400,
         "body.admin"},
        {"DuplicateKey",
         "Administrators",
         Method::post,
         "/api/vouchsafe/v1/users",
         R"({"name":"x","name":"y","password":"a long password"})",
         400,
         "json.duplicate"},
        {"NoTaskAsked",
         "TrustedAdmins",
         Method::delete_,
         VS_CLUSTERS "/c/attestation/os/esx/base-images/1",
         "",
         400,
         "query.vmw-task"},
        {"OversizedText",
         "Administrators",
         Method::put,
         "/api/vouchsafe/v1/users/x/password",
         R"({"password":")" + std::string(70'000, 'a') + R"("})",
         413,
         "body.password"},
    };
    expect_refusals(server, attempts);
}

// A stranger learns nothing of shapes, and no body is read for one without the right.
TEST(Serve, ChecksTheCallerBeforeTheInput) {
    Serving server(api::Server::authority);
    const Attempt attempts[] = {
        {"Stranger", "", Method::post, "/api/vouchsafe/v1/users", "no json", 401, "session.unknown"},
        {"Unprivileged", "Auditors", Method::post, "/api/vouchsafe/v1/users", "no json", 403, "privilege"},
    };
    expect_refusals(server, attempts);
}

TEST(Serve, RunsWhatIsAllowed) {
    Serving server(api::Server::authority);
    EXPECT_EQ(server.send("Auditors", Method::get, VS_CLUSTERS).status, 200);
    EXPECT_EQ(server.called, "vcenter.trusted_infrastructure.trust_authority_clusters.list");
    EXPECT_EQ(server.caller, "auditors");

    EXPECT_EQ(server
                  .send("Administrators",
                        Method::post,
                        "/api/vouchsafe/v1/users",
                        R"({"name":"eve","password":"a long password","groups":["Auditors"]})")
                  .status,
              201);
    EXPECT_NE(server.send("Administrators", Method::get, "/api/vouchsafe/v1/users").body.find("eve"),
              std::string::npos);
    EXPECT_EQ(server.send("Administrators", Method::delete_, "/api/vouchsafe/v1/groups/Auditors/members/eve")
                  .status,
              204);
    EXPECT_EQ(server.send("Administrators", Method::delete_, "/api/vouchsafe/v1/users/eve").status, 204);
    EXPECT_EQ(server.send("Administrators", Method::delete_, "/api/vouchsafe/v1/users/eve").status, 404);
}

TEST(Serve, AnswersLongOperationsWithATask) {
    Serving server(api::Server::authority);
    const net::Response started = server.send(
        "TrustedAdmins", Method::delete_, VS_CLUSTERS "/c/attestation/os/esx/base-images/1?vmw-task=true");
    ASSERT_EQ(started.status, 202) << started.body;
    const std::string task = json::parse(started.body)->as_string();
    const std::string target = "/api/cis/tasks/" + net::percent_encode(task);
    json::Value info;
    do
        info = json::parse(server.send("TrustedAdmins", Method::get, target).body).value();
    while (*info.find("status") != json::Value("SUCCEEDED"));
    EXPECT_NE(info.find("result"), nullptr);
    EXPECT_EQ(json::parse(server.send("TrustedAdmins", Method::get, target + "?exclude_result=true").body)
                  ->find("result"),
              nullptr);
    EXPECT_EQ(server.send("Auditors", Method::get, target).status, 404) << "another's task";
    const net::Response cancelled = server.send("TrustedAdmins", Method::post, target + "?action=cancel");
    EXPECT_EQ(cancelled.status, 400);
    EXPECT_EQ(error_id(cancelled), "task.cancel");
    EXPECT_EQ(server.send("Auditors", Method::post, target + "?action=cancel").status, 404);
    EXPECT_EQ(server.send("TrustedAdmins", Method::get, "/api/cis/tasks?status=FAILED").body, "{}");
    EXPECT_EQ(server.send("TrustedAdmins", Method::get, "/api/cis/tasks?status=ENDED").status, 400);
    EXPECT_EQ(server.send("Auditors", Method::get, "/api/cis/tasks").body, "{}");
    EXPECT_NE(server.send("TrustedAdmins", Method::get, "/api/cis/tasks").body, "{}");
}

// Neither server does the other's job, whoever asks: rule 5.
TEST(Serve, EachRoleRefusesTheOther) {
    Serving authority(api::Server::authority);
    Serving workload(api::Server::workload);
    int refused = 0;
    for (const api::Operation& row : api::operations()) {
        if (row.server == api::Server::both)
            continue;
        std::string target(row.path);
        while (target.find('{') != std::string::npos)
            target.replace(target.find('{'), target.find('}') - target.find('{') + 1, "x");
        target += row.action.empty() ? "?" : "?action=" + std::string(row.action) + "&";
        target += row.answer == api::Answer::task ? "vmw-task=true" : "";
        Serving& other = row.server == api::Server::authority ? workload : authority;
        const net::Response response = other.send("TrustedAdmins", row.method, target, "{}");
        EXPECT_EQ(response.status, 400) << target;
        EXPECT_EQ(error_id(response), "server.role") << target;
        EXPECT_EQ(other.called, "") << target;
        ++refused;
    }
    EXPECT_GT(refused, 70);
}

TEST(Serve, HostsHaveADoorOfTheirOwnAtTheWorkloadManager) {
    Serving workload(api::Server::workload);
    EXPECT_EQ(workload.send("", Method::post, "/v1/host/poll").status, 200);
    EXPECT_EQ(workload.called, "agent poll");
    EXPECT_EQ(workload.send("", Method::post, "/v1/host/join").status, 200);
    EXPECT_EQ(workload.called, "agent join");
}

net::Request log_in_request(std::string_view authorization) {
    net::Request request = test::request(Method::post, "/api/session");
    if (!authorization.empty())
        request.headers.push_back({.name = "authorization", .value = std::string(authorization)});
    return request;
}

std::string basic(std::string_view credentials) {
    return "Basic " + to_base64(as_bytes(credentials));
}

TEST(Sessions, AreOpenedByBasicAndShownAndEnded) {
    Serving server(api::Server::workload);
    const net::Response opened = server.send(log_in_request(basic("auditors:a long password")));
    ASSERT_EQ(opened.status, 201) << opened.body;
    const std::string session = json::parse(opened.body)->as_string();
    const auto with_session = [&](Method method, const std::string& target) {
        net::Request request = test::request(method, target);
        request.headers.push_back({.name = "vmware-api-session-id", .value = session});
        return server.send(std::move(request));
    };
    const net::Response info = with_session(Method::get, "/api/session");
    EXPECT_EQ(info.status, 200);
    EXPECT_EQ(*json::parse(info.body)->find("user"), json::Value("auditors"));
    EXPECT_EQ(with_session(Method::get, "/api/vouchsafe/v1/clusters").status, 200);
    EXPECT_EQ(error_id(with_session(Method::delete_, "/api/session?x=1")), "query.x");
    EXPECT_EQ(with_session(Method::get, "/api/session").status, 200); // and it has ended nothing
    EXPECT_EQ(with_session(Method::delete_, "/api/session").status, 204);
    EXPECT_EQ(with_session(Method::get, "/api/session").status, 401);
    EXPECT_EQ(with_session(Method::delete_, "/api/session").status, 401);
    EXPECT_EQ(with_session(Method::get, "/api/vouchsafe/v1/clusters").status, 401);
}

TEST(Sessions, AreRefusedWithoutGoodCredentials) {
    Serving server(api::Server::workload);
    const std::tuple<std::string_view, std::string, int, std::string_view> cases[] = {
        {"None", "", 401, "login.basic"},
        {"Bearer", "Bearer abc", 401, "login.basic"},
        {"NoBase64", "Basic !!!!", 401, "login.basic"},
        {"NoColon", basic("auditors"), 401, "login.basic"},
        {"NoSpace", "Basic", 401, "login.basic"},
        {"WrongPassword", basic("auditors:another password"), 401, "login.wrong"},
        {"Stranger", basic("eve:another password"), 401, "login.wrong"},
        {"Empty", basic(":"), 401, "login.wrong"},
    };
    for (const auto& [name, header, status, id] : cases) {
        const net::Response response = server.send(log_in_request(header));
        EXPECT_EQ(response.status, status) << name << " " << response.body;
        EXPECT_EQ(error_id(response), id) << name;
    }
    const auto sent = [&](const std::string& target, std::string_view scheme, std::string_view body) {
        net::Request request = test::request(Method::post, target, body);
        request.headers.push_back({.name = "authorization",
                                   .value = std::string(scheme) + " " +
                                            to_base64(as_bytes(std::string("auditors:a long password")))});
        return server.send(std::move(request));
    };
    EXPECT_EQ(sent("/api/session", "bASIC", "").status, 201); // its case does not matter
    EXPECT_EQ(sent("/api/session", "Basic", "{}").status, 201);
    EXPECT_EQ(error_id(sent("/api/session?user=eve", "Basic", "")), "query.user");
    EXPECT_EQ(error_id(sent("/api/session", "Basic", R"({"user":"eve"})")), "body");
    // Two headers are none: which of them would count?
    net::Request twice = log_in_request(basic("auditors:a long password"));
    twice.headers.push_back({.name = "authorization", .value = basic("auditors:a long password")});
    EXPECT_EQ(server.send(std::move(twice)).status, 401);
}

} // namespace
} // namespace vouchsafe::manager
