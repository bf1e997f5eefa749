#include "cli/connection.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "crypto/x509.h"
#include "json/write.h"
#include "net/https_server.h"
#include "net/system_clock.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>

namespace vouchsafe::cli {
namespace {

/// A management server as far as the wire goes: it opens a session for any password, and answers `answer`.
class Server {
public:
    Server() {
        const SysTime now = net::SystemClock().now();
        const std::string certificate =
            crypto::make_self_signed(key_,
                                     {.common_name = "localhost",
                                      .dns_names = {"localhost"},
                                      .usage = crypto::Usage::server,
                                      .validity = {.not_before = now - std::chrono::hours(1),
                                                   .not_after = now + std::chrono::hours(1)}})
                .pem();
        server_ = net::HttpsServer::listen(
                      {.identity = {.certificate_pem = certificate, .private_key = key_.to_secret_der()}},
                      [this](net::Request request, net::Reply reply) {
                          ++requests;
                          reply.send(answer_to(request));
                      })
                      .value();
    }

    Login login() const {
        return {.url = "https://localhost:" + std::to_string(server_->port()),
                .pin = to_hex(crypto::sha256(key_.public_key().spki_der())),
                .session = {},
                .user = "ada"};
    }

    std::atomic<int> requests = 0;
    net::Response answer;      ///< set between requests
    std::string task = "null"; ///< what its tasks say
    std::string role = "workload";

private:
    net::Response answer_to(const net::Request& request) const {
        if (request.path() == "/api/session")
            return request.header("authorization") == "Basic " + to_base64(as_bytes("ada:a long password"))
                       ? net::Response{.status = 201, .body = "\"s-1\""}
                       : net::Response{.status = 401,
                                       .body = R"({"error_type":"UNAUTHENTICATED","messages":[]})"};
        if (request.header("vmware-api-session-id") != "s-1")
            return {.status = 401, .body = "{}"};
        if (request.path().starts_with("/api/cis/tasks/"))
            return {.body = task};
        if (request.path() == "/api/vouchsafe/v1/status")
            return {.body = R"({"name":"m","role":")" + role + R"(","version":"0.1.0"})"};
        return answer;
    }

    crypto::EcPrivateKey key_ = crypto::EcPrivateKey::generate();
    std::unique_ptr<net::HttpsServer> server_;
};

class LoggingIn : public testing::Test {
protected:
    LoggingIn() { ::setenv("VOUCHSAFE_HOME", home().c_str(), 1); }

    std::string home() const { return directory_.path() + "/home"; }

    std::string logins() const { return home() + "/logins.json"; }

    Result<void> log_in(const Login& login, std::string_view password = "a long password") {
        return Connection::log_in("workload", login, Secret(as_bytes(password)));
    }

    Result<json::Value> vms() {
        VS_TRY(Connection connection, Connection::open("workload"));
        return connection.call("vouchsafe.vms", "list", json::object({}));
    }

    Result<json::Value> start() {
        VS_TRY(Connection connection, Connection::open("workload"));
        return connection.call("vouchsafe.vms", "start", json::object({{"vm", "db-1"}}));
    }

    test::TestDirectory directory_;
    Server server_;
};

TEST_F(LoggingIn, KeepsTheSessionForTheNextCommand) {
    ASSERT_TRUE(log_in(server_.login()));
    server_.answer = {.body = R"([{"name":"db-1"}])"};
    const auto answer = vms();
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->as_array().size(), 1U);
    EXPECT_FALSE(Connection::open("authority")) << "one log-in for each server";
}

TEST_F(LoggingIn, KeepsItForTheUserAlone) {
    ASSERT_TRUE(log_in(server_.login()));
    struct stat status{};
    ASSERT_EQ(::stat(logins().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat(home().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    std::ifstream file(logins());
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(text.find("a long password"), std::string::npos);
}

TEST_F(LoggingIn, RefusesLogInsThatOthersMayUse) {
    ASSERT_TRUE(log_in(server_.login()));
    for (const ::mode_t mode : {0640U, 0604U, 0620U, 0666U}) {
        ASSERT_EQ(::chmod(logins().c_str(), mode), 0);
        const auto loaded = load_logins();
        ASSERT_FALSE(loaded) << mode;
        EXPECT_EQ(loaded.error().where, "logins.mode");
    }
    ASSERT_EQ(::chmod(logins().c_str(), 0600), 0);
    EXPECT_TRUE(load_logins());
}

TEST_F(LoggingIn, RefusesDamagedLogIns) {
    ASSERT_TRUE(log_in(server_.login()));
    for (const std::string_view text : {"", "[]", "{", R"({"workload":{"url":1}})", R"({"workload":{}})"}) {
        std::ofstream(logins()) << text;
        EXPECT_FALSE(load_logins()) << text;
    }
}

// The password goes to the server whose key was named, and to no other.
TEST_F(LoggingIn, ChecksThePinBeforeThePassword) {
    Login login = server_.login();
    login.pin.front() = login.pin.front() == '0' ? '1' : '0';
    const auto refused = log_in(login);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "net.tls_identity");
    EXPECT_EQ(server_.requests, 0);
    login.pin = "no pin";
    EXPECT_FALSE(log_in(login));
    EXPECT_EQ(server_.requests, 0);
    EXPECT_FALSE(Connection::open("workload"));
}

TEST_F(LoggingIn, TakesNoUrlWithoutTls) {
    Login login = server_.login();
    login.url.replace(0, 5, "http");
    EXPECT_EQ(log_in(login).error().code, Errc::malformed);
    EXPECT_EQ(server_.requests, 0);
}

TEST_F(LoggingIn, AServerOfTheOtherRoleLeavesNothing) {
    server_.role = "authority";
    const auto refused = log_in(server_.login());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "login.role");
    EXPECT_TRUE(load_logins()->empty());
}

TEST_F(LoggingIn, AWrongPasswordLeavesNothing) {
    const auto refused = log_in(server_.login(), "wrong");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unauthenticated);
    EXPECT_TRUE(load_logins()->empty());
}

TEST_F(LoggingIn, EndsWithTheLogOut) {
    ASSERT_TRUE(log_in(server_.login()));
    ASSERT_TRUE(Connection::log_out("workload"));
    EXPECT_TRUE(load_logins()->empty());
    EXPECT_TRUE(Connection::log_out("workload"));
}

TEST_F(LoggingIn, AnswersOfAnotherFormAreErrors) {
    ASSERT_TRUE(log_in(server_.login()));
    for (const std::string_view body : {"", "{}", "\"x\"", "no json", R"([{"a":1,"a":2}])"}) {
        server_.answer = {.body = std::string(body)};
        const auto answer = vms();
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().code, Errc::malformed) << body;
    }
}

TEST_F(LoggingIn, WaitsForTasksAndKeepsTheirErrors) {
    ASSERT_TRUE(log_in(server_.login()));
    server_.answer = {.status = 202, .body = "\"t-1\""};
    server_.task = R"({"status":"SUCCEEDED","result":{"vm":"x"}})";
    const auto done = start();
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(*done->find("vm"), json::Value("x"));

    const std::pair<std::string_view, Errc> failures[] = {{"NOT_FOUND", Errc::not_found},
                                                          {"UNAUTHORIZED", Errc::denied},
                                                          {"TIMED_OUT", Errc::timed_out},
                                                          {"INVALID_ARGUMENT", Errc::malformed}};
    for (const auto& [word, code] : failures) {
        server_.task = R"({"status":"FAILED","error":{"error_type":")" + std::string(word) +
                       R"(","messages":[{"id":"vm","default_message":"no","args":[]}]}})";
        EXPECT_EQ(start(), Result<json::Value>(fail(code, "vm", "no"))) << word;
    }
    server_.task = R"({"status":"FAILED"})";
    EXPECT_EQ(start().error().where, "server.task");
}

} // namespace
} // namespace vouchsafe::cli
