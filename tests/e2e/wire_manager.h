// A management server as a process of its own, with users that may everything and nothing.
#pragma once

#include "crypto/random.h"
#include "json/write.h"
#include "net/https_client.h"
#include "tests/e2e/wire_house.h"
#include "tests/support/daemon.h"
#include "tests/support/test_directory.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::test {

class ManagerProcess {
public:
    explicit ManagerProcess(const std::string& role,
                            const std::string& program = program_path("vouchsafe-managerd"))
        : daemon_({program,
                   "--role",
                   role,
                   "--state",
                   folder_.path() + "/state",
                   "--name",
                   role + "-manager.localhost",
                   "--unsafe-plaintext-key-file",
                   state_key(),
                   "--port",
                   "0"},
                  folder_.path() + "/managerd.log") {
        daemon_.start();
        administrator = log_in("administrator", daemon_.said("password"));
        const json::Value spec = json::object(
            {{"name", "tester"},
             {"password", "a pass phrase for tests"},
             {"groups", json::array({"Administrators", "TrustedAdmins", "VMAdministrators", "Auditors"})}});
        VS_CHECK(send(administrator, net::Method::post, users, json::canonical(spec)).status == 201);
        const json::Value nobody_spec =
            json::object({{"name", "nobody"}, {"password", "a pass phrase for nobody"}});
        VS_CHECK(send(administrator, net::Method::post, users, json::canonical(nobody_spec)).status == 201);
        tester = log_in("tester", "a pass phrase for tests");
        nobody = log_in("nobody", "a pass phrase for nobody");
    }

    Daemon& daemon() { return daemon_; }

    const std::string& folder() const { return folder_.path(); }

    net::HttpsClient client(std::optional<net::TlsIdentity> identity = {}) const {
        auto out = net::HttpsClient::create({.server = {.host = "localhost", .port = daemon_.port()},
                                             .trust = net::PinnedKey{.spki_sha256 = daemon_.said("pin")},
                                             .identity = std::move(identity)});
        VS_CHECK(out.has_value());
        return *std::move(out);
    }

    net::ClientResponse basic(const std::string& credentials) {
        return send({{"authorization", credentials}}, net::Method::post, "/api/session");
    }

    std::string log_in(const std::string& user, const std::string& password) {
        const auto response = basic("Basic " + to_base64(as_bytes(user + ":" + password)));
        VS_CHECK(response.status == 201);
        return json_of(response).as_string();
    }

    net::ClientResponse send(std::vector<net::Header> headers,
                             net::Method method,
                             const std::string& target,
                             std::string body = {}) {
        if (!client_)
            client_.emplace(client());
        auto response = client_->send({.method = method,
                                       .target = target,
                                       .content_type = "application/json",
                                       .body = std::move(body),
                                       .headers = std::move(headers)},
                                      std::chrono::seconds(30));
        VS_CHECK(response.has_value());
        return *std::move(response);
    }

    net::ClientResponse
    send(const std::string& session, net::Method method, const std::string& target, std::string body = {}) {
        return send(std::vector<net::Header>{{"vmware-api-session-id", session}}, method, target, body);
    }

    static constexpr const char* users = "/api/vouchsafe/v1/users";
    std::string administrator;
    std::string tester; ///< may everything
    std::string nobody; ///< is in no group

private:
    std::string state_key() const {
        const std::string path = folder_.path() + "/state-key";
        std::ofstream(path) << to_hex(crypto::SystemRandom().bytes(32));
        std::filesystem::permissions(path, std::filesystem::perms::owner_read);
        return path;
    }

    TestDirectory folder_;
    Daemon daemon_;
    std::optional<net::HttpsClient> client_;
};

} // namespace vouchsafe::test
