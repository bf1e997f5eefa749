// Commands about hosts, against a server that answers from a list and notes what it was asked.
#include "cli/commands.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "crypto/x509.h"
#include "json/parse.h"
#include "json/write.h"
#include "net/https_server.h"
#include "net/system_clock.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::cli {
namespace {

const std::string ak_a = "000b" + std::string(64, 'a');
const std::string ak_b = "000b" + std::string(64, 'b');

class AuthorityCommands : public testing::Test {
protected:
    AuthorityCommands() {
        ::setenv("VOUCHSAFE_HOME", (directory_.path() + "/home").c_str(), 1);
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
                      [this](net::Request request, net::Reply reply) { reply.send(answer_to(request)); })
                      .value();
        answers_["POST /api/session"] = {.status = 201, .body = R"("s-1")"};
        answers_["GET /api/vouchsafe/v1/status"] = {.body = R"({"name":"m","role":"authority"})"};
        VS_CHECK(Connection::log_in("authority",
                                    {.url = "https://localhost:" + std::to_string(server_->port()),
                                     .pin = to_hex(crypto::sha256(key_.public_key().spki_der())),
                                     .session = {},
                                     .user = "ada"},
                                    Secret(as_bytes("a long password")))
                     .has_value());
    }

    ~AuthorityCommands() override { server_.reset(); }

    void has_host(const json::Value& ak_name) {
        const json::Value host =
            json::object({{"host", "h-1"}, {"label", "host-a"}, {"state", "pending"}, {"ak_name", ak_name}});
        answers_["GET /api/vouchsafe/v1/enrolments"] = {.body = json::canonical(json::array({host}))};
        answers_["GET /api/vouchsafe/v1/enrolments/h-1"] = {.body = json::canonical(host)};
        answers_["POST /api/vouchsafe/v1/enrolments/h-1?action=approve"] = {.status = 204};
    }

    int run(std::vector<std::string> words) {
        words.insert(words.begin(), "vouchsafe");
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int exit = cli::main(static_cast<int>(argv.size()), argv.data());
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return exit;
    }

    /// What was posted, in order.
    std::vector<json::Value> posted() {
        const std::scoped_lock lock(mutex_);
        return posted_;
    }

    std::map<std::string, net::Response> answers_; ///< by method and target; set between requests
    std::string out, err;

private:
    net::Response answer_to(const net::Request& request) {
        const std::scoped_lock lock(mutex_);
        if (auto body = json::parse(as_text(request.body)); body)
            posted_.push_back(*std::move(body));
        const auto found = answers_.find(std::string(net::to_string(request.method)) + " " + request.target);
        return found == answers_.end() ? net::Response{.status = 404, .body = "{}"} : found->second;
    }

    test::TestDirectory directory_;
    crypto::EcPrivateKey key_ = crypto::EcPrivateKey::generate();
    std::mutex mutex_;
    std::vector<json::Value> posted_;
    std::unique_ptr<net::HttpsServer> server_;
};

TEST_F(AuthorityCommands, ApproveTheKeyThatWasConfirmed) {
    has_host(ak_a);
    EXPECT_EQ(run({"enrolment", "approve", "host-a", "--expect-ak", ak_a, "--group", "blue"}), 0) << err;
    ASSERT_EQ(posted().size(), 1U);
    EXPECT_EQ(posted().front(), json::object({{"ak_name", ak_a}, {"groups", json::array({"blue"})}}));
    EXPECT_EQ(run({"enrolment", "approve", "host-a", "--expect-ak", ak_a}), 0) << err;
    EXPECT_EQ(posted().back(), json::object({{"ak_name", ak_a}})) << "groups that are not said stay";
}

TEST_F(AuthorityCommands, ApproveNoKeyUnseen) {
    has_host(ak_a);
    EXPECT_EQ(run({"enrolment", "approve", "host-a", "--expect-ak", ak_b}), 1);
    EXPECT_NE(err.find(ak_a), std::string::npos) << err;
    EXPECT_EQ(run({"enrolment", "approve", "host-a"}), 1) << "nobody is there to be asked";
    EXPECT_NE(out.find(ak_a), std::string::npos) << out;
    EXPECT_NE(err.find("--expect-ak " + ak_a), std::string::npos) << err;
    EXPECT_EQ(err.find("log in as"), std::string::npos) << "this is no matter of rights: " << err;
    has_host(json::Value());
    EXPECT_EQ(run({"enrolment", "approve", "host-a", "--expect-ak", ak_a}), 1);
    EXPECT_NE(err.find("has not proven"), std::string::npos) << err;
    EXPECT_TRUE(posted().empty());
}

TEST_F(AuthorityCommands, AddFirmwareOfAHostOrByItsValues) {
    has_host(ak_a);
    answers_["POST /api/vouchsafe/v1/firmware-sets/updates?action=add"] = {.status = 204};
    EXPECT_EQ(run({"firmware-set", "add", "updates", "--from-host", "host-a", "--note", "maker"}), 0) << err;
    EXPECT_EQ(posted().back(), json::object({{"host", "h-1"}, {"note", "maker"}}));
    EXPECT_EQ(run({"firmware-set", "add", "updates", "--pcr0", "aa", "--pcr2", "bb", "--version", "2"}), 0)
        << err;
    EXPECT_EQ(posted().back(),
              json::object({{"pcr0", "aa"}, {"pcr2", "bb"}, {"bank", "sha256"}, {"version", "2"}}));
    EXPECT_EQ(run({"firmware-set", "add", "updates", "--from-host", "nobody"}), 3);
    EXPECT_NE(run({"firmware-set", "add", "updates", "--from-host", "host-a", "--pcr0", "aa"}), 0);
    EXPECT_EQ(posted().size(), 2U);
}

TEST_F(AuthorityCommands, ShowFirmwareSets) {
    answers_["GET /api/vouchsafe/v1/firmware-sets/updates"] = {
        .body = R"({"name":"updates","note":"maker","bank":"sha256",)"
                R"("firmware":[{"pcr0":"aa","pcr2":"bb","version":"2.1"}]})"};
    EXPECT_EQ(run({"firmware-set", "show", "updates"}), 0) << err;
    for (const char* const shown : {"maker", "sha256", "2.1", "aa", "bb"})
        EXPECT_NE(out.find(shown), std::string::npos) << out;
    answers_["PUT /api/vouchsafe/v1/firmware-rule"] = {.status = 204};
    EXPECT_EQ(run({"firmware-set", "rule", "unsafe-ignore"}), 0) << err;
    EXPECT_EQ(posted().back(), json::object({{"unsafe_ignore_firmware", true}}));
    EXPECT_EQ(run({"firmware-set", "rule", "judge"}), 0) << err;
    EXPECT_EQ(posted().back(), json::object({{"unsafe_ignore_firmware", false}}));
}

TEST_F(AuthorityCommands, SayWhichRightIsMissing) {
    has_host(ak_a);
    answers_["POST /api/vouchsafe/v1/enrolments/h-1?action=approve"] = {
        .status = 403,
        .body =
            R"({"error_type":"UNAUTHORIZED","messages":[{"args":[],"default_message":"no","id":"privilege"}]})"};
    EXPECT_EQ(run({"enrolment", "approve", "host-a", "--expect-ak", ak_a}), 1);
    EXPECT_NE(err.find("log in as"), std::string::npos) << err;
}

} // namespace
} // namespace vouchsafe::cli
