// Both management servers: every row of the table of operations, asked by the wrong people, at the wrong
// server, in the wrong form. A new row is covered by itself.
#include "api/operation.h"
#include "json/write.h"
#include "protocol/workload.h"
#include "tests/e2e/wire_house.h"
#include "tests/e2e/wire_manager.h"
#include "tests/e2e/wire_mutations.h"

#include <filesystem>
#include <fstream>
#include <map>

namespace vouchsafe::test {
namespace {

using api::Operation;

struct Role {
    const char* name;
    api::Server server;
};

std::string filled(std::string_view path_template) {
    std::string path(path_template);
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
        path.replace(at, path.find('}', at) - at + 1, "no-such-thing");
    return path;
}

std::string target_of(const Operation& row) {
    std::string out = filled(row.path);
    char joint = '?';
    if (!row.action.empty()) {
        out += "?action=" + std::string(row.action);
        joint = '&';
    }
    if (row.answer == api::Answer::task)
        out += joint + std::string("vmw-task=true");
    return out;
}

std::string with_query(const std::string& target, const std::string& item) {
    return target + (target.contains('?') ? "&" : "?") + item;
}

std::string name_of(const Operation& row) {
    return std::string(row.service) + " " + std::string(row.name);
}

class WireManager : public testing::TestWithParam<Role> {
protected:
    WireManager() : manager(GetParam().name) {}

    void SetUp() override {
        before_ = snapshot();
        descriptors_ = manager.daemon().descriptors();
    }

    void TearDown() override {
        EXPECT_EQ(snapshot(), before_) << "something was half-written";
        if (const auto now = settled_descriptors(manager.daemon(), descriptors_); now && descriptors_) {
            EXPECT_LE(*now, *descriptors_) << "descriptors leak";
        }
        EXPECT_EQ(manager.daemon().stop(), 0);
        EXPECT_EQ(sanitizer_report(manager.daemon().log()), "");
    }

    bool has(const Operation& row) const {
        return row.server == api::Server::both || row.server == GetParam().server;
    }

    /// Rows of this server that a user calls with a session.
    std::vector<const Operation*> rows() const {
        std::vector<const Operation*> out;
        for (const Operation& row : api::operations())
            if (has(row) && row.privilege != access::Privilege::open &&
                row.privilege != access::Privilege::agent)
                out.push_back(&row);
        return out;
    }

    /// What can be read without naming anything: what the server knows.
    std::map<std::string, std::string> snapshot() {
        std::map<std::string, std::string> out;
        for (const Operation* row : rows()) {
            const bool whole = row->method == net::Method::get && row->answer == api::Answer::direct &&
                               !row->path.contains('{') && !row->service.starts_with("cis.");
            if (!whole)
                continue;
            const auto response = manager.send(manager.tester, row->method, target_of(*row));
            out[std::string(row->path)] =
                std::to_string(response.status) + " " + std::string(as_text(response.body));
        }
        VS_CHECK(out.size() > 2);
        return out;
    }

    ManagerProcess manager;

private:
    std::map<std::string, std::string> before_;
    std::optional<std::size_t> descriptors_;
};

TEST_P(WireManager, RefusesTheOtherServersJob) {
    int refused = 0;
    for (const Operation& row : api::operations()) {
        if (has(row))
            continue;
        SCOPED_TRACE(name_of(row));
        EXPECT_TRUE(
            says(manager.send(manager.tester, row.method, target_of(row)), {400, "UNSUPPORTED server.role"}));
        ++refused;
    }
    EXPECT_GT(refused, 10);
}

TEST_P(WireManager, AsksWhoCallsAndWhatTheyMay) {
    const std::string unknown(64, '0');
    for (const Operation* row : rows()) {
        SCOPED_TRACE(name_of(*row));
        for (const std::string& session : {std::string(), unknown, manager.tester + "0"})
            EXPECT_TRUE(says(manager.send(session, row->method, target_of(*row)), {401, "UNAUTHENTICATED "}));
        if (row->privilege != access::Privilege::session) {
            EXPECT_TRUE(says(manager.send(manager.nobody, row->method, target_of(*row)),
                             {403, "UNAUTHORIZED privilege"}));
        }
    }
}

TEST_P(WireManager, RefusesBodiesOfAnotherForm) {
    int refused = 0;
    for (const Operation* row : rows()) {
        const std::string target = target_of(*row);
        const auto wrong = [&](const std::string& what, const std::string& body, int status) {
            SCOPED_TRACE(name_of(*row) + ": " + what);
            EXPECT_TRUE(
                says(manager.send(manager.tester, row->method, target, body), {status, "INVALID_ARGUMENT"}));
            ++refused;
        };
        const bool reads_body = row->method != net::Method::get && row->method != net::Method::delete_;
        if (!reads_body)
            continue;
        if (row->body_name.empty()) {
            wrong("a body where there is none", R"({"x":1})", 400);
            continue;
        }
        for (const BadBody& body : broken_json(sample(row->body)))
            wrong(body.what, body.text, body.status);
        for (const BadValue& bad : wrong_values(row->body))
            wrong(bad.what, json::canonical(bad.value), 400);
        if (row->body_need == api::Need::required)
            wrong("no body", "", 400);
        wrong("too long", std::string(api::body_limit(row->method, target) + 1, ' '), 413);
    }
    EXPECT_GT(refused, 100);
}

TEST_P(WireManager, RefusesQueriesOfAnotherForm) {
    for (const Operation* row : rows()) {
        if (row->service == "cis.session")
            continue;
        SCOPED_TRACE(name_of(*row));
        const std::string target = target_of(*row);
        EXPECT_TRUE(says(manager.send(manager.tester, row->method, with_query(target, "no_such=1")),
                         {400, "INVALID_ARGUMENT query.no_such"}));
        EXPECT_TRUE(says(manager.send(manager.tester, row->method, with_query(target, "x=%zz")),
                         {400, "INVALID_ARGUMENT http.escape"}));
        for (const api::Field& field : row->query) {
            const std::string name(field.name);
            if (field.type.kind == api::Kind::list || field.type.kind == api::Kind::text)
                continue;
            const std::string wrong = with_query(target, name + "=%00");
            EXPECT_EQ(manager.send(manager.tester, row->method, wrong).status, 400);
            const std::string twice = with_query(with_query(target, name + "=1"), name + "=1");
            EXPECT_EQ(manager.send(manager.tester, row->method, twice).status, 400);
        }
        if (row->answer == api::Answer::task) {
            std::string direct = target;
            direct.erase(direct.find("vmw-task=true") - 1);
            EXPECT_TRUE(
                says(manager.send(manager.tester, row->method, direct), {400, "UNSUPPORTED query.vmw-task"}));
        }
    }
}

TEST_P(WireManager, KnowsItsMethodsAndActions) {
    for (const Operation* row : rows()) {
        SCOPED_TRACE(name_of(*row));
        const std::string path = filled(row->path);
        EXPECT_EQ(manager.send(manager.tester, net::Method::head, path).status, 400); // HEAD has no body
        EXPECT_TRUE(says(manager.send(manager.tester, row->method, path + "?action=no-such"),
                         {400, "UNSUPPORTED route.method"}));
        EXPECT_TRUE(says(manager.send(manager.tester, row->method, path + "/no/such/place"),
                         {404, "NOT_FOUND route.path"}));
    }
}

// Things that are not there: a typed error, never one of ours.
TEST_P(WireManager, SaysWhatIsNotThere) {
    for (const Operation* row : rows()) {
        if (row->service == "cis.session" || !row->path.contains('{') || !row->body_name.empty())
            continue;
        SCOPED_TRACE(name_of(*row));
        const auto response = manager.send(manager.tester, row->method, target_of(*row));
        if (response.status == 202)
            continue; // the task says it
        EXPECT_TRUE(says(response, {404, "NOT_FOUND"}) || says(response, {400, ""}) ||
                    says(response, {503, "SERVICE_UNAVAILABLE"}))
            << response.status << " " << error_of(response);
    }
}

TEST_P(WireManager, LetsNobodyInWithoutTheirPassword) {
    struct Row {
        std::string credentials;
        Said said;
    };

    const auto basic = [](const std::string& text) { return "Basic " + to_base64(as_bytes(text)); };
    const std::vector<Row> rows{
        {"", {401, "UNAUTHENTICATED login"}},
        {"Bearer x", {401, "UNAUTHENTICATED login"}},
        {"Basic no base64!", {401, "UNAUTHENTICATED login.basic"}},
        {basic("tester"), {401, "UNAUTHENTICATED login.basic"}},
        {basic("tester:wrong"), {401, "UNAUTHENTICATED login.wrong"}},
        {basic("tester:"), {401, "UNAUTHENTICATED login.wrong"}},
        {basic("no-such-user:wrong"), {401, "UNAUTHENTICATED login.wrong"}},
        {basic(std::string(8000, 'x') + ":wrong"), {401, "UNAUTHENTICATED login.wrong"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.credentials.substr(0, 40));
        EXPECT_TRUE(says(manager.basic(row.credentials), row.said));
    }
    const std::string session = manager.log_in("nobody", "a pass phrase for nobody");
    EXPECT_EQ(manager.send(session, net::Method::get, "/api/session").status, 200);
    EXPECT_EQ(manager.send(session, net::Method::delete_, "/api/session").status, 204);
    EXPECT_EQ(manager.send(session, net::Method::get, "/api/session").status, 401);
    for (int i = 0; i < 6; ++i)
        manager.basic(basic("mallory:guess"));
    EXPECT_TRUE(says(manager.basic(basic("mallory:guess")), {503, "SERVICE_UNAVAILABLE login.wait"}));
}

INSTANTIATE_TEST_SUITE_P(Roles,
                         WireManager,
                         testing::Values(Role{"authority", api::Server::authority},
                                         Role{"workload", api::Server::workload}),
                         [](const auto& role) { return std::string(role.param.name); });

net::TlsIdentity client_identity() {
    const auto key = crypto::EcPrivateKey::generate();
    const SysTime now = net::SystemClock().now();
    return {.certificate_pem =
                crypto::make_self_signed(key,
                                         {.common_name = "host",
                                          .dns_names = {},
                                          .usage = crypto::Usage::client,
                                          .validity = {.not_before = now - std::chrono::hours(1),
                                                       .not_after = now + std::chrono::hours(1)}})
                    .pem(),
            .private_key = key.to_secret_der()};
}

TEST(WireHostDoor, OpensForHostsThatJoinedOnly) {
    ManagerProcess manager("workload");
    const json::Value join =
        protocol::JoinRequest{.token = std::string(40, '0'), .name = "host", .agent_version = "0.1.0"}
            .to_json();
    protocol::PollRequest report;
    report.label = "host";
    report.agent_version = "0.1.0";
    report.state = "unknown";
    const json::Value poll = report.to_json();
    net::HttpsClient unknown = manager.client();
    net::HttpsClient foreign = manager.client(client_identity());
    const auto send = [](net::HttpsClient& client, std::string_view path, const std::string& body) {
        auto response = client.send({.method = net::Method::post, .target = std::string(path), .body = body},
                                    std::chrono::seconds(30));
        VS_CHECK(response.has_value());
        return *std::move(response);
    };
    const std::string good_join = json::canonical(join);
    const std::string good_poll = json::canonical(poll);
    EXPECT_TRUE(
        says(send(unknown, protocol::join_path, good_join), {401, "UNAUTHENTICATED agent.certificate"}));
    EXPECT_TRUE(
        says(send(unknown, protocol::poll_path, good_poll), {401, "UNAUTHENTICATED agent.certificate"}));
    EXPECT_TRUE(says(send(foreign, protocol::join_path, good_join), {401, "UNAUTHENTICATED join.token"}));
    EXPECT_TRUE(says(send(foreign, protocol::poll_path, good_poll), {401, "UNAUTHENTICATED agent.unknown"}));
    for (const BadBody& body : broken_json(join))
        EXPECT_TRUE(says(send(foreign, protocol::join_path, body.text), {body.status, "INVALID_ARGUMENT"}))
            << body.what;
    for (const BadBody& body : wrong_members(join))
        EXPECT_TRUE(says(send(foreign, protocol::join_path, body.text), {body.status, "INVALID_ARGUMENT"}))
            << body.what;
    for (const BadBody& body : broken_json(poll))
        EXPECT_TRUE(says(send(foreign, protocol::poll_path, body.text), {body.status, "INVALID_ARGUMENT"}))
            << body.what;
    for (const BadBody& body : wrong_members(poll, {"reporting_token"}))
        EXPECT_TRUE(says(send(foreign, protocol::poll_path, body.text), {body.status, "INVALID_ARGUMENT"}))
            << body.what;
    EXPECT_TRUE(says(send(foreign, protocol::poll_path, std::string(protocol::max_poll_bytes + 1, ' ')),
                     {413, "INVALID_ARGUMENT"}));
    EXPECT_EQ(json_of(manager.send(manager.tester, net::Method::get, "/api/vouchsafe/v1/hosts")),
              json::Value(json::Array{}));
    EXPECT_EQ(manager.daemon().stop(), 0);
    EXPECT_EQ(sanitizer_report(manager.daemon().log()), "");
}

} // namespace
} // namespace vouchsafe::test
