#include "agent/state.h"

#include "crypto/x509.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/files.h"

#include <chrono>
#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::size_t unique_bytes = 64;
constexpr std::size_t auth_bytes = 32;
constexpr std::size_t key_file_max = 4096;
constexpr std::size_t small_file_max = 64U << 10U;
constexpr std::size_t services_max = 1U << 20U;
// The manager knows the key, not the certificate: its dates mean nothing to anybody.
constexpr std::chrono::days certificate_life{3650};

/// Nothing where there is no such file.
Result<std::optional<json::Value>> read_document(const std::string& path, std::size_t most) {
    const auto content = store::read_file(path, most);
    if (!content && content.error().code == Errc::not_found)
        return std::nullopt;
    if (!content)
        return std::unexpected(content.error());
    VS_TRY(json::Value value, json::parse_canonical(Bytes(*content), {.bytes = most}));
    return value;
}

Result<void> write_document(const std::string& path, const json::Value& value) {
    return store::write_file(path, as_bytes(json::canonical(value)));
}

Result<Secret> client_key(const std::string& path) {
    auto stored = store::read_secret_file(path, key_file_max);
    if (stored || stored.error().code != Errc::not_found)
        return stored;
    Secret made = crypto::EcPrivateKey::generate().to_secret_der();
    VS_TRY_VOID(made.expose([&path](Bytes der) { return store::write_file(path, der); }));
    return made;
}

} // namespace

Result<AgentState> AgentState::open(std::filesystem::path directory) {
    VS_TRY_VOID(store::make_private_directory(directory));
    return AgentState(std::move(directory));
}

Result<tpmdev::AttestationKeySeed> AgentState::attestation_key_seed(Random& random) const {
    const std::string file = path("ak.seed");
    auto stored = store::read_secret_file(file, unique_bytes + auth_bytes);
    if (!stored && stored.error().code == Errc::not_found) {
        stored = random.secret(unique_bytes + auth_bytes);
        VS_TRY_VOID(stored->expose([&file](Bytes bytes) { return store::write_file(file, bytes); }));
    }
    if (!stored)
        return std::unexpected(stored.error());
    if (stored->size() != unique_bytes + auth_bytes)
        return fail(Errc::malformed, "state.ak_seed", "not the size of an attestation key's seed");
    return stored->expose([](Bytes bytes) {
        return tpmdev::AttestationKeySeed{.unique = Secret(bytes.first(unique_bytes)),
                                          .auth = Secret(bytes.subspan(unique_bytes))};
    });
}

Result<net::TlsIdentity> AgentState::client_identity(std::string_view label, SysTime now) const {
    VS_TRY(Secret der, client_key(path("client.key")));
    VS_TRY(const auto key, crypto::EcPrivateKey::from_secret_der(der));
    const auto certificate = crypto::make_self_signed(
        key,
        {.common_name = std::string(label),
         .dns_names = {},
         .usage = crypto::Usage::client,
         .validity = {.not_before = now - std::chrono::hours(1), .not_after = now + certificate_life}});
    return net::TlsIdentity{.certificate_pem = certificate.pem(), .private_key = std::move(der)};
}

Result<std::optional<Joined>> AgentState::joined() const {
    VS_TRY(const auto value, read_document(path("joined.json"), small_file_max));
    if (!value)
        return std::nullopt;
    json::Members members(*value, "joined");
    Joined out;
    VS_TRY_VOID(members.version(1));
    VS_TRY(out.manager, members.string("manager"));
    VS_TRY(out.pin, members.string("pin"));
    VS_TRY(out.host, members.string("host"));
    VS_TRY(out.cluster, members.string("cluster"));
    VS_TRY_VOID(members.finish());
    return out;
}

Result<void> AgentState::save_joined(const Joined& joined) const {
    return write_document(path("joined.json"),
                          json::object({{"cluster", joined.cluster},
                                        {"host", joined.host},
                                        {"manager", joined.manager},
                                        {"pin", joined.pin},
                                        {"version", 1}}));
}

Result<std::optional<std::string>> AgentState::anchor() const {
    const auto content = store::read_file(path("anchor"), small_file_max);
    if (content)
        return std::string(as_text(*content));
    if (content.error().code == Errc::not_found)
        return std::nullopt;
    return std::unexpected(content.error());
}

Result<void> AgentState::save_anchor(std::string_view anchor) const {
    return store::write_file(path("anchor"), as_bytes(anchor));
}

Result<StoredServices> AgentState::services() const {
    VS_TRY(const auto value, read_document(path("services.json"), services_max));
    StoredServices out;
    if (!value)
        return out;
    json::Members members(*value, "stored_services");
    VS_TRY_VOID(members.version(1));
    VS_TRY(out.least_version, members.integer("least_version", {.least = 0}));
    VS_TRY(out.applied_version, members.integer("applied_version", {.least = 0}));
    VS_TRY(const json::Value* const document, members.optional_value("document"));
    if (document != nullptr)
        out.document = *document;
    VS_TRY_VOID(members.finish());
    return out;
}

Result<void> AgentState::save_services(const StoredServices& services) const {
    return write_document(path("services.json"),
                          json::object({{"applied_version", services.applied_version},
                                        {"document", services.document},
                                        {"least_version", services.least_version},
                                        {"version", 1}}));
}

} // namespace vouchsafe::agent
