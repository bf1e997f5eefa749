#include "serve.h"

#include "attestation/service.h"
#include "authority/administration.h"
#include "authority/attested_quotes.h"
#include "authority/audit_start.h"
#include "authority/check_values.h"
#include "authority/claim.h"
#include "authority/coalescing_key_server.h"
#include "authority/core.h"
#include "authority/endpoints.h"
#include "authority/hedging_key_server.h"
#include "authority/key_comparison.h"
#include "authority/key_servers.h"
#include "authority/keyring.h"
#include "crypto/random.h"
#include "keyprovider/kmip_key_server.h"
#include "keyprovider/release.h"
#include "net/https_server.h"
#include "net/process.h"
#include "net/system_clock.h"
#include "net/workers.h"
#include "store/audit_file.h"
#include "store/authority_database.h"
#include "store/files.h"
#include "store/sealed_files.h"
#include "store/state_key.h"

#include <fmt/core.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <memory>

namespace vouchsafe::authorityd {

namespace {

// What init and serve both open.
struct Opened {
    std::unique_ptr<store::SealedFiles> secrets;
    std::unique_ptr<store::AuthorityDatabase> database;
    std::unique_ptr<store::AuditFile> audit;
    std::int64_t audited_revision;
};

Result<std::unique_ptr<store::SealedFiles>> open_secrets(const Options& options, Random& random) {
    VS_TRY_VOID(store::make_private_directory(options.state));
    VS_TRY_VOID(store::make_private_directory(options.state + "/keys"));
    if (!options.state_key.unsafe_plaintext_file.empty())
        spdlog::warn("the state key is a plain file; whoever copies the disk has the keys");
    VS_TRY(Secret key, store::read_state_key(options.state_key));
    return std::make_unique<store::SealedFiles>(options.state + "/keys", std::move(key), random);
}

store::AuditFile::Sign sign_checkpoints(const authority::Keyring& keys) {
    const auto signer = std::make_shared<const auditlog::CheckpointSigner>(
        keys.checkpoint_signer()); // shared: a std::function is copied
    return [signer](const audit::ChainHead& head, SysTime now) {
        return auditlog::make_checkpoint(*signer, head, now);
    };
}

Result<Opened> open(const Options& options,
                    std::unique_ptr<store::SealedFiles> secrets,
                    const authority::Keyring& keys,
                    const Clock& clock) {
    VS_TRY(auto database, store::AuthorityDatabase::open(options.state + "/authority.db"));
    VS_TRY(const auto expected, database->audit_head());
    authority::AuditStart start(expected);
    VS_TRY(auto audit,
           store::AuditFile::open(
               {.path = options.state + "/audit.jsonl",
                .host = keys.config().host,
                .clock = clock,
                .on_record = [&start](const audit::AuditRecord& record) { start.take(record); },
                .sign = sign_checkpoints(keys),
                .limits = {.file_bytes = options.audit_file_mib << 20U,
                           .checkpoint_age = std::chrono::seconds(options.audit_checkpoint_seconds)}}));
    VS_TRY_VOID(start.check());
    if (audit->cut_off() > 0)
        spdlog::warn("audit: {} bytes of an unfinished record were cut off, and that is on record",
                     audit->cut_off());
    return Opened{.secrets = std::move(secrets),
                  .database = std::move(database),
                  .audit = std::move(audit),
                  .audited_revision = start.audited_revision()};
}

void log_to_stderr() {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("authorityd", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

// What cannot be saved now is tried again after the next heartbeat.
void save_uses(keyprovider::GenerationUses& uses, inventory::AuthorityRecords& records, SysTime now) {
    const auto changed = uses.take_changed();
    if (changed.empty())
        return;
    const auto saved = records.save_generation_uses(changed, keyprovider::GenerationUses::oldest_kept(now));
    if (!saved) {
        uses.put_back(changed);
        spdlog::warn("uses of generations: not saved: {} ({})", saved.error().detail, saved.error().where);
    }
}

void report_heartbeat(const Error* error) {
    if (error != nullptr)
        spdlog::error(
            "heartbeat: {} ({}); nothing is released until it works again", error->detail, error->where);
    else
        spdlog::info("heartbeat: works again");
}

// A checkpoint, and the store told how far the audit goes. What fails now is tried again after the next
// heartbeat; where it goes on failing, nothing is released either.
void vouch_for_audit(const Opened& opened, store::AuditFile::When when) {
    if (const auto vouched = opened.audit->checkpoint(when); !vouched)
        spdlog::error("audit: no checkpoint: {} ({})", vouched.error().detail, vouched.error().where);
    if (const auto saved = opened.database->save_audit_head(opened.audit->head()); !saved)
        spdlog::error("audit: its head is not saved: {} ({})", saved.error().detail, saved.error().where);
}

} // namespace

Result<void> initialise(const Options& options) {
    log_to_stderr();
    crypto::SystemRandom random;
    const net::SystemClock clock;
    // What is fixed for ever is looked at before anything is made.
    VS_TRY_VOID(net::check_server_name(options.name));
    if (!net::parse_url(options.administrator))
        return fail(Errc::malformed,
                    "init.administrator",
                    "the administrator is the issuer that the authority management server prints: https://…");
    const AuthorityHostId host{options.id};
    VS_TRY(auto secrets, open_secrets(options, random));
    VS_TRY(const authority::Keyring keys,
           authority::Keyring::create(*secrets, {.host = host, .tls_name = options.name}, clock, random));
    VS_TRY(const Opened opened, open(options, std::move(secrets), keys, clock));
    VS_TRY_VOID(authority::Core::initialise(
        {.keys = keys, .changes = opened.database->changes(), .audit = *opened.audit, .clock = clock},
        {.anchor = keys.identity().anchor,
         .cluster_name = options.cluster_name,
         .administrator_issuer = options.administrator,
         .host = {.id = host,
                  .address = {.hostname = options.name},
                  .key_certificates = keys.key_certificates()}}));
    VS_TRY(const std::string token, authority::make_claim_token(*opened.secrets, random));
    fmt::print("anchor {}\npin    {}\ntoken  {}\n", keys.identity().anchor, keys.tls_pin(), token);
    fmt::print(
        stderr,
        "\nThe anchor goes to every trusted host; pin and token to the authority management server, once:\n"
        "  vouchsafe authority claim https://{}:PORT --pin {} --token-file FILE\n",
        options.name,
        keys.tls_pin());
    return {};
}

Result<void> serve(const Options& options) {
    log_to_stderr();
    net::StopSignal stop; // before any thread
    crypto::SystemRandom random;
    const net::SystemClock clock;
    VS_TRY(net::ResolveMap resolve, net::parse_resolve_map(options.resolve));
    VS_TRY(auto secrets, open_secrets(options, random));
    VS_TRY(const authority::Keyring keys, authority::Keyring::load(*secrets, clock));
    VS_TRY(const Opened opened, open(options, std::move(secrets), keys, clock));
    VS_TRY(const auto core,
           authority::Core::open({.keys = keys,
                                  .changes = opened.database->changes(),
                                  .audit = *opened.audit,
                                  .clock = clock,
                                  .audited_revision = opened.audited_revision}));
    VS_TRY_VOID(core->complete_audit());

    authority::KeyServers key_servers(*opened.secrets, std::move(resolve));
    keyprovider::KmipKeyServer kmip(key_servers, clock, random);
    authority::HedgingKeyServer hedging(kmip, clock);
    authority::CoalescingKeyServer coalescing(hedging);
    keyprovider::PrimaryKeyCache primary_keys(coalescing, clock, random);
    keyprovider::GenerationUses uses;
    VS_TRY(const auto saved_uses, opened.database->records().generation_uses());
    uses.load(saved_uses);
    keyprovider::Quotas quotas;
    attestation::AttestationService attestation({.self = keys.config().host,
                                                 .token_key = keys.key(token::KeyUse::token).clone(),
                                                 .report_key = keys.key(token::KeyUse::report).clone()},
                                                {.authority = *core,
                                                 .records = opened.database->records(),
                                                 .audit = *opened.audit,
                                                 .clock = clock,
                                                 .random = random});
    authority::AttestedQuotes quotes(attestation);
    keyprovider::ReleaseService release(
        {.self = keys.config().host, .session_key = keys.key(token::KeyUse::session).clone()},
        {.authority = *core,
         .keys = primary_keys,
         .uses = uses,
         .quotas = quotas,
         .quotes = quotes,
         .audit = *opened.audit,
         .clock = clock,
         .random = random});
    core->watch_requests([&release] { return release.oldest_revision_under_way(); });
    authority::Claim claim(*core, keys, *opened.secrets);
    authority::AdministrationParts administration_parts{.core = *core,
                                                        .keys = keys,
                                                        .records = opened.database->records(),
                                                        .audit = *opened.audit,
                                                        .secrets = *opened.secrets,
                                                        .key_servers = key_servers,
                                                        .kmip = kmip,
                                                        .primary_keys = primary_keys,
                                                        .uses = uses,
                                                        .quotas = quotas,
                                                        .clock = clock,
                                                        .random = random,
                                                        .port = options.advertise_port};
    // The port that the services information names is known once the server listens.
    std::unique_ptr<authority::Administration> administration;
    net::WorkerPool pool({.threads = 8, .queue = 4096, .queue_of_one = 256});
    VS_TRY(const std::string certificate, keys.tls_certificate(clock));

    authority::Serving doors; // once it serves
    std::atomic<bool> serving = false;
    VS_TRY(const auto server,
           net::HttpsServer::listen(
               {.address = options.address,
                .port = options.port,
                .identity = {.certificate_pem = certificate, .private_key = keys.tls_key().to_secret_der()},
                .after_round =
                    [&] {
                        if (serving.load())
                            doors.after_round();
                    },
                .body_limit = authority::body_limit},
               [&](net::Request request, net::Reply reply) {
                   if (!serving.load())
                       return reply.send(
                           net::error_response(503, "starting", "the authority host is starting"));
                   doors.handler(std::move(request), std::move(reply));
               }));
    if (administration_parts.port == 0)
        administration_parts.port = server->port();
    administration = std::make_unique<authority::Administration>(administration_parts);
    doors = authority::serve({.attestation = attestation,
                              .release = release,
                              .audit = *opened.audit,
                              .administration = *administration,
                              .claim = claim,
                              .log =
                                  [](std::string_view what, const Error& cause) {
                                      spdlog::warn("{}: refused: {} ({})", what, cause.detail, cause.where);
                                  }},
                             pool);
    VS_TRY_VOID(core->heartbeat());
    const authority::Heartbeat heartbeat(*core, report_heartbeat, [&] { // forget what changes left behind
        primary_keys.retain(*core->state());
        key_servers.retain(*core->state());
        kmip.retain(*core->state());
        hedging.retain(*core->state());
        vouch_for_audit(opened, store::AuditFile::When::due);
        uses.retain(*core->state(), clock.now());
        quotas.retain(*core->state(), clock.boot_now());
        save_uses(uses, opened.database->records(), clock.now());
        if (const auto kept = authority::keep_check_values(*core, primary_keys); !kept)
            spdlog::warn("check value: not kept: {} ({})", kept.error().detail, kept.error().where);
    });
    const authority::KeyComparison comparison(kmip, [&] { return core->state(); });
    serving.store(true);

    VS_TRY([[maybe_unused]] const auto started,
           opened.audit->append(audit::kind::start, {{"revision", core->state()->revision}}));
    if (!options.port_file.empty()) {
        VS_TRY_VOID(net::write_port_file(options.port_file, server->port()));
    }
    fmt::print("ready {} https://{}:{}\n", keys.config().host.text, keys.config().tls_name, server->port());
    std::fflush(stdout);
    stop.wait();
    spdlog::info("stopping");
    server->stop();
    save_uses(uses, opened.database->records(), clock.now());
    VS_TRY([[maybe_unused]] const auto stopped,
           opened.audit->append(audit::kind::stop, {{"revision", core->state()->revision}}));
    vouch_for_audit(opened, store::AuditFile::When::now);
    return {};
}

} // namespace vouchsafe::authorityd
