// One authority host in memory, claimed by its administrator: what tests of the authority start from.
// Everything is public, so that a test can spoil exactly one thing.
#pragma once

#include "api/operation.h"
#include "authority/administration.h"
#include "authority/claim.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "json/write.h"
#include "keyprovider/kmip_key_server.h"
#include "store/audit_file.h"
#include "tests/support/inventory_fakes.h"
#include "tests/support/release_house.h"
#include "tests/support/test_directory.h"
#include "token/identity.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

inline const std::string manager_issuer = "https://authority-manager/openidconnect/vouchsafe";
inline const std::string consumer_issuer = "https://workload-manager/openidconnect/vouchsafe";

/// An STS: a management server's key, and the certificate that says so.
struct Sts {
    crypto::EcPrivateKey key = crypto::EcPrivateKey::generate();
    std::string certificate =
        crypto::make_self_signed(key,
                                 {.common_name = "sts",
                                  .dns_names = {},
                                  .usage = crypto::Usage::client,
                                  .validity = {.not_before = from_seconds(1'799'000'000),
                                               .not_after = from_seconds(1'900'000'000)}})
            .pem();
};

inline authority::Keyring make_keyring() {
    const TestDirectory directory;
    const SteppedClock clock;
    crypto::SystemRandom random;
    store::SealedFiles files(directory.path(), Secret(as_bytes("0123456789abcdef0123456789abcdef")), random);
    return authority::Keyring::create(
               files,
               {.host = AuthorityHostId{"authority-1"}, .tls_name = "authority-1.localhost"},
               clock,
               random)
        .value();
}

/// The keys of every house that does not ask for others: making them is slow.
inline const authority::Keyring& shared_keyring() {
    static const authority::Keyring made = make_keyring();
    return made;
}

class AuthorityHouse {
public:
    explicit AuthorityHouse(const authority::Keyring& with = shared_keyring()) : keys(with) {
        must(inventory::IssuerSet{.issuer = {.issuer = manager_issuer,
                                             .role = inventory::IssuerRole::administrator,
                                             .alias = "administrator",
                                             .certificates = {sts.certificate},
                                             .principal = {}}});
        must(inventory::IssuerSet{
            .issuer = {.issuer = consumer_issuer,
                       .role = inventory::IssuerRole::consumer,
                       .alias = "workload",
                       .certificates = {consumer_sts.certificate},
                       .principal = inventory::Principal{.name = "sts", .domain = "workload"}}});
    }

    void must(inventory::Change change) {
        VS_CHECK(core->commit(std::move(change), {.issuer = "test", .subject = "test"}).has_value());
    }

    /// A good token for the body; the tweak spoils it.
    std::string
    token(std::string_view body, const std::function<void(token::Administrator&)>& tweak = [](auto&) {}) {
        token::Administrator claims{.issuer = manager_issuer,
                                    .group = keys.identity().group,
                                    .subject = "ada@local",
                                    .groups = {"TrustedAdmins"},
                                    .request = to_hex(crypto::sha256(as_bytes(body))),
                                    .id = "token-" + std::to_string(++tokens),
                                    .times = token::times_from(clock.time, std::chrono::seconds(30))};
        tweak(claims);
        const crypto::EcPrivateKey& key = claims.issuer == consumer_issuer ? consumer_sts.key : sts.key;
        return token::issue_administrator(key, claims).value();
    }

    static std::string body(std::string_view service, std::string_view name, const json::Value& input) {
        return json::canonical(
            json::object({{"version", 1}, {"service", service}, {"operation", name}, {"input", input}}));
    }

    struct Caller {
        std::string issuer = manager_issuer;
        std::vector<std::string> groups = {"TrustedAdmins"};
    };

    Result<json::Value> call_as(const Caller& caller,
                                std::string_view service,
                                std::string_view name,
                                const json::Value& input = json::Value(json::Object{})) {
        const std::string text = body(service, name, input);
        const std::string signed_token = token(text, [&](token::Administrator& claims) {
            claims.issuer = caller.issuer;
            claims.groups = caller.groups;
        });
        auto answer = administration.invoke(signed_token, as_bytes(text));
        // What the table promises to clients, every answer keeps.
        if (answer)
            VS_CHECK(api::check_shape(*answer, api::find_operation(service, name)->result, name).has_value());
        return answer;
    }

    /// As a member of TrustedAdmins at the administrator's issuer.
    Result<json::Value> call(std::string_view service,
                             std::string_view name,
                             const json::Value& input = json::Value(json::Object{})) {
        return call_as({}, service, name, input);
    }

    /// The answer of a call that must succeed; a failure ends the test program and says which.
    static json::Value good(Result<json::Value> answer) {
        if (!answer)
            std::fprintf(stderr, "%s: %s\n", answer.error().where.c_str(), answer.error().detail.c_str());
        VS_CHECK(answer.has_value());
        return *std::move(answer);
    }

    /// The same on the cluster, which most operations name.
    Result<json::Value> on_cluster(std::string_view service, std::string_view name, json::Object input = {}) {
        input["cluster"] = cluster();
        return call(service, name, json::Value(std::move(input)));
    }

    std::vector<std::string> audit_kinds() const {
        const auto lines = audit->read({});
        std::vector<std::string> out;
        for (const audit::AuditRecord& record : lines.value())
            out.push_back(record.kind);
        return out;
    }

    std::string cluster() const { return core->state()->cluster; }

    SteppedClock clock;
    crypto::SystemRandom random;
    TestDirectory directory;
    store::SealedFiles secrets{
        directory.path(), Secret(as_bytes("0123456789abcdef0123456789abcdef")), random};
    const authority::Keyring& keys;
    MemoryChangeLog changes;
    MemoryAuthorityRecords records;
    std::unique_ptr<store::AuditFile> audit =
        store::AuditFile::open(
            {.path = directory.path() + "/audit.jsonl", .host = keys.config().host, .clock = clock})
            .value();
    std::unique_ptr<authority::Core> core = open_core();
    authority::KeyServers key_servers{secrets, {}};
    keyprovider::KmipKeyServer kmip{key_servers, clock, random};
    keyprovider::PrimaryKeyCache primary_keys{kmip, clock, random};
    keyprovider::GenerationUses uses;
    keyprovider::Quotas quotas;
    Sts sts;
    Sts consumer_sts;
    authority::Administration administration{{.core = *core,
                                              .keys = keys,
                                              .records = records,
                                              .audit = *audit,
                                              .secrets = secrets,
                                              .key_servers = key_servers,
                                              .kmip = kmip,
                                              .primary_keys = primary_keys,
                                              .uses = uses,
                                              .quotas = quotas,
                                              .clock = clock,
                                              .random = random,
                                              .port = 8443}};
    int tokens = 0;

private:
    std::unique_ptr<authority::Core> open_core() {
        const authority::Core::Parts parts{.keys = keys, .changes = changes, .audit = *audit, .clock = clock};
        VS_CHECK(authority::Core::initialise(parts,
                                             {.anchor = keys.identity().anchor,
                                              .cluster_name = "Lab",
                                              .administrator_issuer = manager_issuer,
                                              .host = {.id = keys.config().host,
                                                       .address = {.hostname = keys.config().tls_name},
                                                       .key_certificates = keys.key_certificates()}})
                     .has_value());
        return authority::Core::open(parts).value();
    }
};

} // namespace vouchsafe::test
