// Trusted key providers: their key servers, certificates and status.
#include "api/filter.h"
#include "authority/administration.h"
#include "authority/health.h"
#include "authority/provider_addresses.h"
#include "crypto/x509.h"
#include "json/members.h"
#include "keyprovider/aead_trial.h"
#include "keyprovider/key_state.h"
#include "net/kmip_transport.h"

#include <algorithm>
#include <array>
#include <set>

namespace vouchsafe::authority {

namespace {

using inventory::Provider;

#define VS_KMS "vcenter.trusted_infrastructure.trust_authority_clusters.kms"
#define VS_PROVIDERS VS_KMS ".providers"

constexpr std::uint16_t kmip_port = 5696;
constexpr std::chrono::days certificate_life{730};
constexpr std::chrono::seconds look_limit{3};

Result<const Provider*> provider_of(const Invocation& call) {
    if (call.find("cluster") != nullptr) // the paths of our own name none
        VS_TRY_VOID(call.check_cluster());
    const Provider* const provider = call.state.provider(call.text("provider"));
    if (provider == nullptr)
        return fail(Errc::not_found, "provider", "there is no key provider " + call.text("provider"));
    return provider;
}

} // namespace

Result<inventory::NetworkAddress> read_address(const json::Value& address, std::uint16_t default_port) {
    const json::Value* const port = address.find("port");
    const std::int64_t number = port == nullptr || port->is_null() ? default_port : port->as_integer();
    if (number < 1 || number > 65535)
        return fail(Errc::malformed, "address.port", "address.port: expected 1 to 65535");
    return inventory::NetworkAddress{.hostname = address.find("hostname")->as_string(),
                                     .port = static_cast<std::uint16_t>(number)};
}

namespace {

Result<std::vector<inventory::KmipServer>> read_servers(const json::Array& servers) {
    std::vector<inventory::KmipServer> out;
    for (const json::Value& server : servers) {
        VS_TRY(inventory::NetworkAddress address, read_address(*server.find("address"), kmip_port));
        out.push_back({.name = server.find("name")->as_string(), .address = std::move(address)});
    }
    if (out.empty())
        return fail(Errc::malformed, "servers", "servers: a provider needs at least one");
    std::set<std::string> names;
    for (const inventory::KmipServer& server : out)
        if (!names.insert(server.name).second)
            return fail(Errc::malformed, "servers.name", "servers: two have the name " + server.name);
    return out;
}

// The parts of a key server's description that create and update share.
Result<void> read_key_server(const json::Value& spec, Provider& provider) {
    json::Members members(spec, "key_server");
    VS_TRY(const auto type, members.optional_string("type"));
    VS_TRY(const auto description, members.optional_string("description"));
    VS_TRY(const auto timeout, members.optional_integer("connection_timeout", {.least = 1, .most = 30}));
    if (const json::Value* const proxy = spec.find("proxy_server"); proxy != nullptr && !proxy->is_null()) {
        VS_TRY(provider.proxy_server, read_address(*proxy, proxy_port));
    }
    VS_TRY(auto kmip, members.optional_object("kmip_server"));
    if (kmip && !type)
        return fail(Errc::malformed, "key_server.type", "key_server.type: goes with kmip_server, say KMIP");
    if (description)
        provider.description = *description;
    if (timeout)
        provider.connection_timeout = timeout;
    if (!kmip)
        return {};
    VS_TRY(const json::Array* const servers, kmip->optional_array("servers"));
    if (servers != nullptr) {
        VS_TRY(provider.servers, read_servers(*servers));
    }
    VS_TRY(const auto username, kmip->optional_string("username"));
    if (username)
        provider.username = username;
    return {};
}

/// What the quotas have to say: who had to wait lately.
json::Array quota_details(const Invocation& call, const Provider& provider) {
    const auto hits = call.parts.quotas.hits(provider.uid, call.parts.clock.boot_now());
    json::Array out;
    if (hits.hosts > 0)
        out.push_back(
            message("provider.host_quota",
                    std::to_string(hits.hosts) +
                        " hosts lately asked for more keys than their quota allows (vouchsafe audit "
                        "list --kind alarm)"));
    if (hits.all)
        out.push_back(
            message("provider.quota",
                    "all hosts together lately asked for more keys than the provider's quota allows"));
    return out;
}

Result<json::Value> list_providers(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    json::Array out;
    for (const auto& [name, provider] : call.state.providers) {
        const bool ready = provider.client_certificate && !provider.trusted_peer_certificates.empty() &&
                           quota_details(call, provider).empty();
        out.push_back(json::object({{"provider", name}, {"health", ready ? "OK" : "WARNING"}}));
    }
    return json::Value(std::move(out));
}

Result<json::Value> create_provider(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    const json::Value& spec = *call.find("spec");
    Provider provider{.name = spec.find("provider")->as_string(),
                      .uid = to_hex(call.parts.random.bytes(16)),
                      .description = {},
                      .generations = {{.number = 1, .primary_key = spec.find("master_key_id")->as_string()}},
                      .servers = {},
                      .proxy_server = {},
                      .connection_timeout = {},
                      .username = {},
                      .sealed_password = {},
                      .device = {},
                      .sealed_device_password = {},
                      .sealed_client_key = {},
                      .client_certificate = {},
                      .trusted_peer_certificates = {},
                      .policy = {}};
    VS_TRY_VOID(read_key_server(*spec.find("key_server"), provider));
    if (provider.servers.empty())
        return fail(Errc::malformed, "kmip_server", "kmip_server: is missing");
    return call.commit(inventory::ProviderCreate{.provider = std::move(provider)});
}

Result<json::Value> update_provider(const Invocation& call) {
    VS_TRY(const Provider* const before, provider_of(call));
    Provider after = *before;
    const json::Value& spec = *call.find("spec");
    if (const json::Value* const server = spec.find("key_server"); server != nullptr && !server->is_null())
        VS_TRY_VOID(read_key_server(*server, after));
    const json::Value* const key = spec.find("master_key_id");
    if (key != nullptr && !key->is_null() && key->as_string() != after.generations.back().primary_key)
        after.generations.push_back(
            {.number = after.generations.back().number + 1, .primary_key = key->as_string()});
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

Result<json::Value> delete_provider(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    return call.commit(inventory::ProviderDelete{.name = provider->name});
}

Result<std::string>
shown_certificate(const Invocation& call, const Provider& provider, const inventory::KmipServer& server) {
    return net::fetch_peer_certificate({.server = endpoint_of(server.address), .proxy = proxy_of(provider)},
                                       call.parts.key_servers.resolve(),
                                       std::chrono::steady_clock::now() + look_limit);
}

bool trusts(const Provider& provider, const Result<std::string>& shown) {
    return shown && std::ranges::find(provider.trusted_peer_certificates, *shown) !=
                        provider.trusted_peer_certificates.end();
}

// Whether each key server is who we think, and takes us: by asking for the primary key's attributes.
json::Value
server_status(const Invocation& call, const Provider& provider, const inventory::KmipServer& server) {
    Provider alone = provider;
    alone.servers = {server};
    keyprovider::KmipKeyServer asked(call.parts.key_servers, call.parts.clock, call.parts.random);
    const auto attributes = asked.attributes(alone, provider.generations.back());
    json::Array details;
    bool good = attributes.has_value();
    bool old = false;
    if (!attributes) {
        details.push_back(message(attributes.error().where, attributes.error().detail));
    } else if (const auto checked = keyprovider::check_attributes(
                   *attributes,
                   {.policy = provider.policy,
                    .server_time = keyprovider::told_at(*attributes, call.parts.clock.now())});
               !checked) {
        details.push_back(message(checked.error().where, checked.error().detail));
        good = false;
    } else if (*checked != kmip::State::active) {
        old = true;
        details.push_back(message("primary_key.old",
                                  "the primary key is " + kmip::to_string(*checked) +
                                      ": it opens blobs and wraps none; vouchsafe provider rotate " +
                                      provider.name));
    }
    if (const auto excluded = call.parts.kmip.record(provider, server).excluded) {
        details.push_back(message(excluded->where, excluded->detail));
        good = false;
    }
    // Who answered is one that we trust; who did not may still show a certificate that we trust.
    const bool silent = !attributes && (attributes.error().where.starts_with("provider.") ||
                                        attributes.error().where == "kmip.transport");
    const bool trusted = !silent || trusts(provider, shown_certificate(call, provider, server));
    if (silent && trusted && attributes.error().where == "kmip.transport")
        details.push_back(message("provider.client_refused",
                                  "we trust this key server; does it know the provider's client certificate "
                                  "(vouchsafe provider certificate " +
                                      provider.name + ")?"));
    return json::object({{"name", server.name},
                         {"health",
                          !good ? "ERROR"
                          : old ? "WARNING"
                                : "OK"},
                         {"details", std::move(details)},
                         {"client_trust_server", trusted},
                         {"server_trust_client", attributes.has_value()}});
}

json::Value provider_status(const Invocation& call, const Provider& provider) {
    json::Array servers;
    if (provider.servers.size() > 1)
        call.parts.kmip.compare(provider, provider.generations.back());
    for (const inventory::KmipServer& server : provider.servers)
        servers.push_back(server_status(call, provider, server));
    const auto is_good = [](const json::Value& server) { return server.find("health")->as_string() == "OK"; };
    const auto works = [](const json::Value& server) {
        return server.find("health")->as_string() != "ERROR";
    };
    const bool all = std::ranges::all_of(servers, is_good);
    const bool any = std::ranges::any_of(servers, works);
    json::Array details = quota_details(call, provider);
    const bool waiting = !details.empty();
    if (!all)
        details.push_back(
            message("provider.servers", "not every key server of the provider answers as it should"));
    return json::object({{"health",
                          all && !waiting ? "OK"
                          : any           ? "WARNING"
                                          : "ERROR"},
                         {"details", std::move(details)},
                         {"servers", std::move(servers)}});
}

Result<json::Value> get_provider(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    json::Object kmip{{"servers", json::array_of(provider->servers, [](const inventory::KmipServer& server) {
                           return json::object({{"name", server.name},
                                                {"address",
                                                 json::object({{"hostname", server.address.hostname},
                                                               {"port", server.address.port}})}});
                       })}};
    if (provider->username)
        kmip.emplace("username", *provider->username);
    json::Object key_server{
        {"type", "KMIP"}, {"description", provider->description}, {"kmip_server", std::move(kmip)}};
    if (provider->proxy_server)
        key_server.emplace("proxy_server", provider->proxy_server->to_json());
    if (provider->connection_timeout)
        key_server.emplace("connection_timeout", *provider->connection_timeout);
    return json::object({{"master_key_id", provider->generations.back().primary_key},
                         {"key_server", std::move(key_server)},
                         {"status", provider_status(call, *provider)}});
}

Result<json::Value> service_status(const Invocation& call) {
    VS_TRY_VOID(call.check_cluster());
    return call.parts.core.lease_valid(call.parts.clock.boot_now())
               ? healthy()
               : unhealthy("kms.lease", "this authority host has lost its right to release");
}

Result<json::Value> set_credential(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    if (!provider->username)
        return fail(Errc::malformed,
                    "provider.username",
                    provider->name + ": has no user name that a password could go with");
    Provider after = *provider;
    const Secret password(as_bytes(call.text("credential")));
    after.sealed_password = call.parts.secrets.seal(password_name(provider->uid), password);
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

Result<json::Value> create_client_certificate(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    const auto key = crypto::EcPrivateKey::generate();
    const SysTime now = call.parts.clock.now();
    const crypto::Certificate certificate = crypto::make_self_signed(
        key,
        {.common_name = "vouchsafe-" + provider->uid.substr(0, 8),
         .dns_names = {},
         .usage = crypto::Usage::client,
         .validity = {.not_before = now - std::chrono::hours(1), .not_after = now + certificate_life}});
    return call.commit(inventory::ProviderClientCertificate{
        .name = provider->name,
        .certificate = certificate.pem(),
        .sealed_client_key = call.parts.secrets.seal(client_key_name(provider->uid), key.to_secret_der())});
}

Result<json::Value> get_client_certificate(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    if (!provider->client_certificate)
        return fail(
            Errc::not_found, "client_certificate", provider->name + ": has no client certificate yet");
    return json::object({{"certificate", *provider->client_certificate}});
}

Result<json::Value> list_current_certificates(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    const json::Value* const only_trusted = call.find("trusted");
    json::Array out;
    for (const inventory::KmipServer& server : provider->servers) {
        if (!api::wants(&call.input, "server_names", json::Value(server.name)))
            continue;
        const auto shown = shown_certificate(call, *provider, server);
        const bool trusted = trusts(*provider, shown);
        if (only_trusted != nullptr && only_trusted->is_bool() && only_trusted->as_bool() != trusted)
            continue;
        json::Object item{
            {"server_name", server.name}, {"trusted", trusted}, {"error_messages", json::Array{}}};
        if (shown)
            item.emplace("certificate", *shown);
        else
            item["error_messages"] = json::array({message(shown.error().where, shown.error().detail)});
        out.push_back(json::Value(std::move(item)));
    }
    return json::Value(std::move(out));
}

Result<json::Value> update_trusted_certificates(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    const json::Value* const list = call.find("spec")->find("certificates");
    if (list == nullptr || list->is_null())
        return json::Value();
    std::vector<std::string> certificates;
    for (const json::Value& text : list->as_array()) {
        VS_TRY(const crypto::Certificate certificate, crypto::Certificate::from_pem(text.as_string()));
        certificates.push_back(certificate.pem());
    }
    return call.commit(
        inventory::ProviderPeerCertificates{.name = provider->name, .certificates = std::move(certificates)});
}

Result<json::Value> get_trusted_certificates(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    return json::object({{"certificates", json::array_of(provider->trusted_peer_certificates)}});
}

Result<json::Value> get_policy(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    return json::object({{"freshness", inventory::to_string(provider->policy.freshness)},
                         {"wrapping", inventory::to_string(provider->policy.wrapping)},
                         {"host_groups", json::array_of(provider->policy.host_groups)},
                         {"base_images", json::array_of(provider->policy.base_images)},
                         {"unsafe_boot_only", provider->policy.unsafe_boot_only},
                         {"unsafe_compromised_key", provider->policy.unsafe_compromised_key},
                         {"host_quota_burst", provider->policy.host_quota.burst},
                         {"host_quota_per_minute", provider->policy.host_quota.per_minute},
                         {"quota_burst", provider->policy.quota.burst},
                         {"quota_per_minute", provider->policy.quota.per_minute},
                         {"uid", provider->uid}});
}

Result<void> read_quota(json::Members& spec, const std::string& name, inventory::Quota& quota) {
    constexpr json::IntegerRange range{.least = 1, .most = inventory::max_quota};
    VS_TRY(const auto burst, spec.optional_integer(name + "_burst", range));
    VS_TRY(const auto per_minute, spec.optional_integer(name + "_per_minute", range));
    quota.burst = burst.value_or(quota.burst);
    quota.per_minute = per_minute.value_or(quota.per_minute);
    return {};
}

/// Remote only where each key server shows that it can, with the newest primary key, and that it is the same
/// one.
Result<void> set_wrapping(const Invocation& call, std::string_view wrapping, Provider& provider) {
    provider.policy.wrapping =
        wrapping == "remote" ? inventory::Wrapping::remote : inventory::Wrapping::fetch;
    if (provider.policy.wrapping == inventory::Wrapping::fetch)
        return {};
    return keyprovider::test_replicas(
        call.parts.kmip, provider, provider.generations.back(), call.parts.random);
}

Result<json::Value> set_policy(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    Provider after = *provider;
    json::Members spec(*call.find("spec"), "spec");
    VS_TRY(auto groups, spec.optional_strings("host_groups"));
    VS_TRY(auto images, spec.optional_strings("base_images"));
    VS_TRY(const auto boot_only, spec.optional_boolean("unsafe_boot_only"));
    VS_TRY(const auto compromised, spec.optional_boolean("unsafe_compromised_key"));
    VS_TRY_VOID(read_quota(spec, "host_quota", after.policy.host_quota));
    VS_TRY_VOID(read_quota(spec, "quota", after.policy.quota));
    VS_TRY(const auto freshness, spec.optional_string("freshness"));
    VS_TRY(const auto wrapping, spec.optional_string("wrapping"));
    if (wrapping)
        VS_TRY_VOID(set_wrapping(call, *wrapping, after));
    if (freshness)
        after.policy.freshness =
            *freshness == "strict" ? inventory::Freshness::strict : inventory::Freshness::result;
    if (images)
        after.policy.base_images = *std::move(images);
    after.policy.unsafe_compromised_key = compromised.value_or(after.policy.unsafe_compromised_key);
    if (groups)
        after.policy.host_groups = *std::move(groups);
    after.policy.unsafe_boot_only = boot_only.value_or(after.policy.unsafe_boot_only);
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

constexpr std::array rows = {
    ServedOperation{VS_KMS ".service_status", "get", service_status},
    ServedOperation{VS_PROVIDERS, "list", list_providers},
    ServedOperation{VS_PROVIDERS, "create", create_provider},
    ServedOperation{VS_PROVIDERS, "get", get_provider},
    ServedOperation{VS_PROVIDERS, "update", update_provider},
    ServedOperation{VS_PROVIDERS, "delete", delete_provider},
    ServedOperation{VS_PROVIDERS ".credential", "set", set_credential},
    ServedOperation{VS_PROVIDERS ".client_certificate", "create", create_client_certificate},
    ServedOperation{VS_PROVIDERS ".client_certificate", "get", get_client_certificate},
    ServedOperation{VS_PROVIDERS ".current_peer_certificates", "list", list_current_certificates},
    ServedOperation{VS_PROVIDERS ".trusted_peer_certificates", "update", update_trusted_certificates},
    ServedOperation{VS_PROVIDERS ".trusted_peer_certificates", "get", get_trusted_certificates},
    ServedOperation{"vouchsafe.provider_policy", "get", get_policy},
    ServedOperation{"vouchsafe.provider_policy", "set", set_policy},
};

} // namespace

std::span<const ServedOperation> provider_operations() {
    return rows;
}

} // namespace vouchsafe::authority
