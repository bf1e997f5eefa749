#include "serve.h"

#include "base/version.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "manager/authority_link.h"
#include "manager/directory.h"
#include "manager/order_hub.h"
#include "manager/server.h"
#include "manager/tasks.h"
#include "manager/workload.h"
#include "net/https_server.h"
#include "net/process.h"
#include "net/system_clock.h"
#include "net/workers.h"
#include "store/documents.h"
#include "store/files.h"
#include "store/sealed_files.h"

#include <fmt/core.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <optional>

namespace vouchsafe::managerd {

namespace {

constexpr std::chrono::days certificate_life{3650};

// A server is of one role for ever: its databases, users and keys are that role's.
Result<void> keep_role(const Options& options) {
    const std::string path = options.state + "/role";
    const auto stored = store::read_file(path, 64);
    if (!stored && stored.error().code == Errc::not_found)
        return store::write_file(path, as_bytes(options.role));
    VS_TRY_VOID(stored);
    if (as_text(*stored) != options.role)
        return fail(Errc::conflict,
                    "role",
                    "this state directory is of the " + std::string(as_text(*stored)) + " management server");
    return {};
}

Result<crypto::EcPrivateKey> key_named(store::SealedFiles& files, std::string_view name) {
    auto stored = files.load(name);
    if (stored)
        return crypto::EcPrivateKey::from_secret_der(*stored);
    if (stored.error().code != Errc::not_found)
        return std::unexpected(stored.error());
    auto key = crypto::EcPrivateKey::generate();
    VS_TRY_VOID(files.save(name, key.to_secret_der()));
    return key;
}

// The token service's certificate is exported and imported elsewhere, so it is made once and kept.
Result<std::string> certificate_named(const Options& options,
                                      const std::string& file,
                                      const crypto::EcPrivateKey& key,
                                      const crypto::SelfSignedRequest& request) {
    const std::string path = options.state + "/" + file;
    const auto stored = store::read_file(path, std::size_t{64} << 10U);
    if (stored)
        return std::string(as_text(*stored));
    const std::string pem = crypto::make_self_signed(key, request).pem();
    VS_TRY_VOID(store::write_file(path, as_bytes(pem)));
    return pem;
}

Result<manager::TokenService> token_service(const Options& options, store::SealedFiles& files, SysTime now) {
    VS_TRY(crypto::EcPrivateKey key, key_named(files, "sts"));
    VS_TRY(std::string certificate,
           certificate_named(options,
                             "sts-certificate.pem",
                             key,
                             {.common_name = "Vouchsafe STS " + options.name,
                              .dns_names = {},
                              .usage = crypto::Usage::client,
                              .validity = {.not_before = now - std::chrono::hours(1),
                                           .not_after = now + certificate_life}}));
    return manager::TokenService{.issuer = "https://" + options.name + "/openidconnect/vouchsafe",
                                 .domain = options.name,
                                 .key = std::move(key),
                                 .certificate_pem = std::move(certificate)};
}

json::Value status(const Options& options) {
    return json::object({{"name", options.name}, {"role", options.role}, {"version", program_version}});
}

void log_to_stderr(const std::string& role) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        role + "-manager", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

// The parts that only one of the roles has.
struct RoleParts {
    std::optional<manager::AuthorityLink> link;
    std::optional<manager::OrderHub> hub;
    std::optional<manager::Workload> workload;
};

} // namespace

Result<void> serve(const Options& options) {
    log_to_stderr(options.role);
    net::StopSignal stop; // before any thread
    crypto::SystemRandom random;
    const net::SystemClock clock;
    VS_TRY_VOID(net::check_server_name(options.name)); // it goes into keys and certificates that stay
    VS_TRY(net::ResolveMap resolve, net::parse_resolve_map(options.resolve));
    VS_TRY_VOID(store::make_private_directory(options.state));
    VS_TRY_VOID(store::make_private_directory(options.state + "/keys"));
    VS_TRY_VOID(keep_role(options));
    VS_TRY(Secret state_key, store::read_state_key(options.state_key));
    store::SealedFiles secrets(options.state + "/keys", std::move(state_key), random);
    VS_TRY(const manager::TokenService tokens, token_service(options, secrets, clock.now()));
    VS_TRY(const crypto::EcPrivateKey tls_key, key_named(secrets, "tls"));
    VS_TRY(const auto documents, store::SqliteDocuments::open(options.state + "/manager.db"));

    manager::Directory directory(*documents, clock, random);
    manager::Operations operations;
    manager::add_common_operations(operations, directory);
    const bool is_authority = options.role == "authority";
    RoleParts parts;
    // Tasks may wait for orders, so what they use outlives them.
    if (is_authority) {
        parts.link.emplace(manager::AuthorityLinkParts{.documents = *documents,
                                                       .tokens = tokens,
                                                       .clock = clock,
                                                       .random = random,
                                                       .resolve = std::move(resolve)});
        manager::add_authority_operations(operations, *parts.link);
    } else {
        parts.hub.emplace(random);
        parts.workload.emplace(manager::WorkloadParts{.documents = *documents,
                                                      .tokens = tokens,
                                                      .clock = clock,
                                                      .random = random,
                                                      .hub = *parts.hub,
                                                      .name = options.name});
        parts.workload->add_operations(operations);
        VS_TRY_VOID(parts.workload->give_up_unfinished());
    }
    operations.add("vouchsafe.status", "get", [&options](const manager::Call&) { return status(options); });

    manager::Tasks tasks(clock, random);
    net::WorkerPool pool({.threads = 8, .queue = 512});
    const SysTime now = clock.now();
    const std::string certificate =
        crypto::make_self_signed(tls_key,
                                 {.common_name = options.name,
                                  .dns_names = {options.name},
                                  .usage = crypto::Usage::server,
                                  .validity = {.not_before = now - std::chrono::hours(1),
                                               .not_after = now + std::chrono::days(365)}})
            .pem();
    VS_TRY(
        const auto server,
        net::HttpsServer::listen(
            {.address = options.address,
             .port = options.port,
             .identity = {.certificate_pem = certificate, .private_key = tls_key.to_secret_der()},
             .client_certificates =
                 is_authority ? net::ClientCertificates::ignored : net::ClientCertificates::requested,
             .body_limit = api::body_limit},
            manager::serve({.role = is_authority ? api::Server::authority : api::Server::workload,
                            .directory = directory,
                            .tasks = tasks,
                            .operations = operations,
                            .agents = is_authority ? manager::AgentDoor{} : parts.workload->agent_door(pool)},
                           pool)));

    VS_TRY(const std::optional<Secret> first, directory.create_first_administrator());
    if (first)
        first->expose(
            [](Bytes bytes) { fmt::print("user     administrator\npassword {}\n", as_text(bytes)); });
    fmt::print("pin      {}\n", to_hex(crypto::sha256(tls_key.public_key().spki_der())));
    if (is_authority)
        fmt::print("issuer   {}\n", tokens.issuer);
    fmt::print("ready {}-manager https://{}:{}\n", options.role, options.name, server->port());
    std::fflush(stdout);
    if (!options.port_file.empty()) {
        VS_TRY_VOID(net::write_port_file(options.port_file, server->port()));
    }
    stop.wait();
    spdlog::info("stopping");
    server->stop();
    return {};
}

} // namespace vouchsafe::managerd
