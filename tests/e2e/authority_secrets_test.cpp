// Where the keys are and where they are not: a full cycle with an authority host, both management servers and
// a key server, whose primary key the test knows; then every file and all memory of the processes is
// searched.
#include "cli/connection.h"
#include "kmip/client.h"
#include "net/kmip_transport.h"
#include "tests/e2e/wire_manager.h"
#include "tests/support/needle.h"

#include <unistd.h>

#include <csignal>
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

class Secrets : public testing::Test {
protected:
    Secrets()
        : authority_manager_("authority", release_program_path("vouchsafe-managerd")),
          workload_manager_("workload", release_program_path("vouchsafe-managerd")),
          authority_(release_program_path("vouchsafe-authorityd"),
                     "https://authority-manager.localhost/openidconnect/vouchsafe"),
          primary_key_(primary_key_of(key_server_)) {
        ::setenv("VOUCHSAFE_HOME", folder_.path().c_str(), 1);
        log_in("authority", authority_manager_);
        log_in("workload", workload_manager_);
        must("authority",
             "vouchsafe.authority_hosts",
             "claim",
             {{"spec",
               json::object({{"url",
                              "https://" + std::string(authority_name) + ":" +
                                  std::to_string(authority_.daemon().port())},
                             {"pin", authority_.pin()},
                             {"token", authority_.claim_token()}})}});
        // The status of a management server is its own: the cluster is named by the list of clusters.
        const json::Value clusters = must("authority", service::clusters, "list", {});
        const json::Value status = json::object(
            {{"authority", json::object({{"cluster", *clusters.as_array().front().find("cluster")}})}});
        authority_.administer_by(
            [status](std::string_view service, std::string_view operation, json::Object input) {
                return service == test::service::status
                           ? Result<json::Value>(status)
                           : call("authority", service, operation, std::move(input));
            });
    }

    static void log_in(const std::string& role, ManagerProcess& manager) {
        const auto in =
            cli::Connection::log_in(role,
                                    {.url = "https://localhost:" + std::to_string(manager.daemon().port()),
                                     .pin = manager.daemon().said("pin"),
                                     .session = {},
                                     .user = "tester"},
                                    Secret(as_bytes("a pass phrase for tests")));
        VS_CHECK(in.has_value());
    }

    static Result<json::Value>
    call(std::string_view role, std::string_view service, std::string_view operation, json::Object input) {
        VS_TRY(cli::Connection connection, cli::Connection::open(role));
        return connection.call(service, operation, json::Value(std::move(input)));
    }

    static json::Value
    must(std::string_view role, std::string_view service, std::string_view operation, json::Object input) {
        auto answer = call(role, service, operation, std::move(input));
        if (!answer)
            std::fprintf(stderr, "%s: %s\n", answer.error().where.c_str(), answer.error().detail.c_str());
        VS_CHECK(answer.has_value());
        return *std::move(answer);
    }

    /// A VM's key made and opened again, and some refusals, so that logs and audit have what they would have.
    void release_keys() {
        ASSERT_TRUE(host_.open_session());
        const protocol::Context context = fresh_context();
        auto made = host_.release(protocol::GenerateKey{.provider = {"gold"}, .context = context});
        ASSERT_TRUE(made) << made.error().where;
        ASSERT_TRUE(host_.release(
            protocol::DecryptKey{.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = context}));
        Buffer spoilt = *made->ciphertext;
        spoilt.back() ^= 1U;
        EXPECT_FALSE(host_.release(
            protocol::DecryptKey{.provider = {"gold"}, .ciphertext = spoilt, .context = context}));
        EXPECT_FALSE(host_.release(protocol::GenerateKey{.provider = {"lead"}, .context = context}));
        EXPECT_FALSE(host_.send(protocol::release_path, "no message", "application/jose")->status == 200);
        vm_key_ = std::move(made->key);
        must("authority", "vouchsafe.audit", "list", {{"vm", context.vm.text}});
        must("authority", "vouchsafe.status", "get", {});
        const json::Value services = must("authority", "vouchsafe.services_information", "export", {});
        must("workload",
             "vouchsafe.services_information",
             "import",
             {{"spec",
               json::object(
                   {{"anchor", *services.find("anchor")}, {"document", *services.find("document")}})}});
    }

    void run_a_cycle() {
        enrol(authority_, host_, "secrets-1");
        add_provider(authority_, key_server_, "gold", {.name = "main", .address = key_server_.address()});
        const auto attested = host_.attest();
        ASSERT_TRUE(attested && attested->outcome == protocol::Outcome::trusted);
        release_keys();
    }

    /// They make mlock do nothing. Their programs run here where there are no others.
    static bool with_sanitizers() {
        return release_program_path("vouchsafe-authorityd") == program_path("vouchsafe-authorityd");
    }

    std::vector<Needle> needles() const {
        std::vector<Needle> out;
        primary_key_.expose([&](Bytes bytes) { out.push_back(Needle::of("primary key", bytes)); });
        vm_key_.expose([&](Bytes bytes) { out.push_back(Needle::of("key of a VM", bytes)); });
        return out;
    }

    TestDirectory folder_;
    ManagerProcess authority_manager_;
    ManagerProcess workload_manager_;
    AuthorityProcess authority_;
    KeyServerProcess key_server_;
    PlayedHost host_;
    Secret primary_key_;
    Secret vm_key_;
};

TEST_F(Secrets, AreInLockedMemoryOfTheAuthorityHostAlone) {
    run_a_cycle();
    if (HasFatalFailure())
        return;
    const std::vector<Needle> keys = needles();
    // The search finds what there is to be found: the key server keeps its keys as they are.
    EXPECT_FALSE(files_with(keys.front(), key_server_.folder()).empty());

    for (const Needle& key : keys) {
        SCOPED_TRACE(key.name);
        for (const std::string& folder :
             {authority_.folder(), authority_manager_.folder(), workload_manager_.folder(), folder_.path()})
            EXPECT_EQ(files_with(key, folder), std::vector<std::string>{}) << folder;
        for (ManagerProcess* const manager : {&authority_manager_, &workload_manager_}) {
            const MemorySearch search = search_memory(key, manager->daemon().pid());
            EXPECT_GT(search.bytes_read, 1U << 20U);
            EXPECT_TRUE(search.hits.empty()) << search.hits.front().mapping;
        }
        const MemorySearch search = search_memory(key, authority_.daemon().pid());
        EXPECT_GT(search.bytes_read, 1U << 20U);
        for (const MemoryHit& hit : search.hits) {
            EXPECT_TRUE(hit.undumpable) << hit.mapping;
            EXPECT_TRUE(hit.locked || with_sanitizers()) << hit.mapping;
        }
    }
    // It is under its lease: there, and only there.
    EXPECT_FALSE(search_memory(keys.front(), authority_.daemon().pid()).hits.empty());
    // What was released is gone.
    EXPECT_TRUE(search_memory(keys.back(), authority_.daemon().pid()).hits.empty());

    for (Daemon* const daemon :
         {&authority_.daemon(), &authority_manager_.daemon(), &workload_manager_.daemon()})
        EXPECT_EQ(core_limit(daemon->pid()), "0");
}

} // namespace
} // namespace vouchsafe::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    if (::geteuid() != 0) {
        std::puts("skipped: only root reads the memory of a process that cannot be dumped");
        return 77;
    }
    return RUN_ALL_TESTS();
}
