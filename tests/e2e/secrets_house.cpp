#include "tests/e2e/secrets_house.h"

#include "cli/connection.h"
#include "kmip/client.h"
#include "net/kmip_transport.h"

#include <chrono>
#include <cstdlib>

namespace vouchsafe::test {
namespace {

class Way final : public kmip::Transport {
public:
    explicit Way(net::KmipTransport& to) : to_(to) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return to_.exchange(request, deadline);
    }

private:
    net::KmipTransport& to_;
};

/// What the key server holds under the id, fetched as a client of its own.
Secret primary_key_of(KeyServerProcess& key_server) {
    const auto key = crypto::EcPrivateKey::generate();
    const SysTime now = net::SystemClock().now();
    const auto certificate = crypto::make_self_signed(
        key,
        {.common_name = "the test",
         .dns_names = {},
         .usage = crypto::Usage::client,
         .validity = {.not_before = now - std::chrono::hours(1), .not_after = now + std::chrono::hours(24)}});
    key_server.trust(certificate.pem());
    auto transport = net::KmipTransport::create(
        {.server = key_server.address(),
         .trust = net::PinnedCertificates{.pem = {key_server.certificate_pem()}},
         .identity = {.certificate_pem = certificate.pem(), .private_key = key.to_secret_der()}});
    VS_CHECK(transport.has_value());
    Way way(**transport);
    kmip::Client client(way, {});
    auto got =
        client.get({key_server.primary_key()}, std::chrono::steady_clock::now() + std::chrono::seconds(30));
    VS_CHECK(got.has_value());
    return std::move(got->material);
}

void log_in(const std::string& role, ManagerProcess& manager) {
    const auto in =
        cli::Connection::log_in(role,
                                {.url = "https://localhost:" + std::to_string(manager.daemon().port()),
                                 .pin = manager.daemon().said("pin"),
                                 .session = {},
                                 .user = "tester"},
                                Secret(as_bytes("a pass phrase for tests")));
    VS_CHECK(in.has_value());
}

} // namespace

Secrets::Secrets()
    : authority_manager_("authority", unprivileged("vouchsafe-managerd")),
      workload_manager_("workload", unprivileged("vouchsafe-managerd")),
      authority_(unprivileged("vouchsafe-authorityd"),
                 "https://authority-manager.localhost/openidconnect/vouchsafe"),
      primary_key_(primary_key_of(key_server_)) {
    ::setenv("VOUCHSAFE_HOME", folder_.path().c_str(), 1);
    log_in("authority", authority_manager_);
    log_in("workload", workload_manager_);
    must("authority",
         "vouchsafe.authority_hosts",
         "claim",
         {{"spec",
           json::object(
               {{"url",
                 "https://" + std::string(authority_name) + ":" + std::to_string(authority_.daemon().port())},
                {"pin", authority_.pin()},
                {"token", authority_.claim_token()}})}});
    // The status of a management server is its own: the cluster is named by the list of clusters.
    const json::Value clusters = must("authority", service::clusters, "list", {});
    const json::Value status = json::object(
        {{"authority", json::object({{"cluster", *clusters.as_array().front().find("cluster")}})}});
    authority_.administer_by(
        [status](std::string_view service, std::string_view operation, json::Object input) {
            return service == test::service::status ? Result<json::Value>(status)
                                                    : call("authority", service, operation, std::move(input));
        });
}

std::string Secrets::unprivileged(const std::string& name) const {
    std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << "#!/bin/sh\nexec " << without_privileges << " '" << release_program_path(name)
                        << "' \"$@\"\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
}

Result<json::Value> Secrets::call(std::string_view role,
                                  std::string_view service,
                                  std::string_view operation,
                                  json::Object input) {
    VS_TRY(cli::Connection connection, cli::Connection::open(role));
    return connection.call(service, operation, json::Value(std::move(input)));
}

json::Value Secrets::must(std::string_view role,
                          std::string_view service,
                          std::string_view operation,
                          json::Object input) {
    auto answer = call(role, service, operation, std::move(input));
    if (!answer)
        std::fprintf(stderr, "%s: %s\n", answer.error().where.c_str(), answer.error().detail.c_str());
    VS_CHECK(answer.has_value());
    return *std::move(answer);
}

bool Secrets::with_sanitizers() {
    return release_program_path("vouchsafe-authorityd") == program_path("vouchsafe-authorityd");
}

void Secrets::expect_in_no_manager(const Needle& key) {
    for (const std::string& folder :
         {authority_.folder(), authority_manager_.folder(), workload_manager_.folder(), folder_.path()})
        EXPECT_EQ(files_with(key, folder), std::vector<std::string>{}) << folder;
    for (ManagerProcess* const manager : {&authority_manager_, &workload_manager_}) {
        const MemorySearch search = search_memory(key, manager->daemon().pid());
        EXPECT_GT(search.bytes_read, 1U << 20U);
        EXPECT_TRUE(search.hits.empty()) << search.hits.front().mapping;
    }
}

MemorySearch Secrets::expect_guarded(const Needle& key, pid_t process) {
    MemorySearch search = search_memory(key, process);
    EXPECT_GT(search.bytes_read, 1U << 20U);
    for (const MemoryHit& hit : search.hits) {
        EXPECT_TRUE(hit.undumpable) << hit.mapping;
        EXPECT_TRUE(hit.locked || with_sanitizers()) << hit.mapping;
    }
    return search;
}

void Secrets::expect_closed(Daemon& daemon) {
    EXPECT_EQ(core_limit(daemon.pid()), "0");
    EXPECT_FALSE(opens_to_its_user(daemon.pid()));
    EXPECT_FALSE(daemon.leaves_core());
}

} // namespace vouchsafe::test
