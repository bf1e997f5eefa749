#include "inventory/provider.h"

#include "inventory/json_parts.h"
#include "json/members.h"

#include <limits>
#include <set>

namespace vouchsafe::inventory {

namespace {

constexpr std::size_t max_hostname_bytes = 253;
constexpr std::size_t max_servers = 32;
constexpr std::size_t max_generations = 4096;
constexpr std::size_t max_sealed_bytes = std::size_t{16} << 10U;
constexpr std::size_t uid_bytes = 16;
constexpr std::size_t check_value_bytes = 8;
constexpr std::int64_t max_timeout = 3600;
constexpr std::size_t max_provider_images = 1024;

Result<KmipServer> read_server(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    KmipServer out;
    VS_TRY(out.name, name(m, "name"));
    VS_TRY(const json::Value* const address, m.value("address"));
    VS_TRY(out.address, NetworkAddress::from_json(*address, where + ".address"));
    VS_TRY_VOID(m.finish());
    return out;
}

Result<Generation> read_generation(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    Generation out;
    VS_TRY(const auto number,
           m.integer("generation", {.least = 1, .most = std::numeric_limits<std::uint32_t>::max()}));
    VS_TRY(out.primary_key, short_text(m, "master_key_id"));
    VS_TRY(const auto check_value, m.optional_hex("check_value"));
    VS_TRY(out.retired, m.boolean("retired"));
    VS_TRY_VOID(m.finish());
    if (out.primary_key.empty())
        return fail(Errc::malformed, where + ".master_key_id", "empty");
    if (check_value && check_value->size() != check_value_bytes)
        return fail(Errc::malformed, where + ".check_value", "not 64 bits");
    if (check_value)
        out.check_value = to_hex(*check_value);
    out.number = static_cast<std::uint32_t>(number);
    return out;
}

json::Value quota_to_json(const Quota& quota) {
    return json::object({{"burst", quota.burst}, {"per_minute", quota.per_minute}});
}

Result<Quota> read_quota(json::Members m) {
    Quota out;
    VS_TRY(out.burst, m.integer("burst", {.least = 1, .most = max_quota}));
    VS_TRY(out.per_minute, m.integer("per_minute", {.least = 1, .most = max_quota}));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value policy_to_json(const ProviderPolicy& policy) {
    return json::object({{"freshness", to_string(policy.freshness)},
                         {"wrapping", to_string(policy.wrapping)},
                         {"host_groups", json::array_of(policy.host_groups)},
                         {"base_images", json::array_of(policy.base_images)},
                         {"unsafe_boot_only", policy.unsafe_boot_only},
                         {"unsafe_compromised_key", policy.unsafe_compromised_key},
                         {"host_quota", quota_to_json(policy.host_quota)},
                         {"quota", quota_to_json(policy.quota)}});
}

Result<ProviderPolicy> read_policy(json::Members m) {
    ProviderPolicy out;
    VS_TRY(const auto freshness, m.string("freshness"));
    VS_TRY(out.freshness,
           enum_from_text({Freshness::result, Freshness::strict}, freshness, m.where() + ".freshness"));
    VS_TRY(const auto wrapping, m.string("wrapping"));
    VS_TRY(out.wrapping,
           enum_from_text({Wrapping::fetch, Wrapping::remote}, wrapping, m.where() + ".wrapping"));
    VS_TRY(out.host_groups, names(m, "host_groups", max_groups));
    VS_TRY(out.base_images, names(m, "base_images", max_provider_images));
    VS_TRY(out.unsafe_boot_only, m.boolean("unsafe_boot_only"));
    VS_TRY(out.unsafe_compromised_key, m.boolean("unsafe_compromised_key"));
    VS_TRY(auto host_quota, m.object("host_quota"));
    VS_TRY(out.host_quota, read_quota(std::move(host_quota)));
    VS_TRY(auto quota, m.object("quota"));
    VS_TRY(out.quota, read_quota(std::move(quota)));
    VS_TRY_VOID(m.finish());
    return out;
}

Result<std::optional<Buffer>> sealed(json::Members& m, std::string_view member) {
    VS_TRY(auto bytes, m.optional_base64(member));
    if (bytes && bytes->size() > max_sealed_bytes)
        return fail(Errc::too_large, m.where() + "." + std::string(member), "too long");
    return bytes;
}

Result<void> check(const Provider& provider, const std::string& where) {
    std::set<std::string_view> server_names;
    for (const KmipServer& server : provider.servers)
        if (!server_names.insert(server.name).second)
            return fail(Errc::malformed, where + ".servers", "two with one name");
    if (provider.servers.empty())
        return fail(Errc::malformed, where + ".servers", "none");
    if (provider.generations.empty())
        return fail(Errc::malformed, where + ".generations", "none");
    std::uint32_t last = 0;
    std::set<std::string_view> keys;
    for (const Generation& generation : provider.generations) {
        if (generation.number <= last || !keys.insert(generation.primary_key).second)
            return fail(Errc::malformed, where + ".generations", "not ascending, or one key twice");
        last = generation.number;
    }
    if (provider.sealed_device_password && !provider.device)
        return fail(Errc::malformed, where + ".sealed_device_password", "of no device");
    if (provider.generations.back().retired)
        return fail(Errc::malformed, where + ".generations", "the newest cannot be retired");
    return {};
}

} // namespace

json::Value NetworkAddress::to_json() const {
    return json::object({{"hostname", hostname}, {"port", port}});
}

Result<NetworkAddress> NetworkAddress::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    NetworkAddress out;
    VS_TRY(out.hostname, m.string("hostname"));
    VS_TRY(const auto port_number, m.integer("port", {.least = 1, .most = 65535}));
    VS_TRY_VOID(m.finish());
    if (!is_name(out.hostname) || out.hostname.size() > max_hostname_bytes)
        return fail(Errc::malformed, m.where() + ".hostname", "not a host's name");
    out.port = static_cast<std::uint16_t>(port_number);
    return out;
}

json::Value KmipDevice::to_json() const {
    return json::object({{"serial_number", serial_number},
                         {"device_identifier", device_identifier},
                         {"network_identifier", network_identifier},
                         {"machine_identifier", machine_identifier},
                         {"media_identifier", media_identifier}});
}

Result<KmipDevice> KmipDevice::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    KmipDevice out;
    VS_TRY(out.serial_number, short_text(m, "serial_number"));
    VS_TRY(out.device_identifier, short_text(m, "device_identifier"));
    VS_TRY(out.network_identifier, short_text(m, "network_identifier"));
    VS_TRY(out.machine_identifier, short_text(m, "machine_identifier"));
    VS_TRY(out.media_identifier, short_text(m, "media_identifier"));
    VS_TRY_VOID(m.finish());
    if (out == KmipDevice{})
        return fail(Errc::malformed, m.where(), "says nothing");
    return out;
}

std::string_view to_string(Freshness freshness) {
    return freshness == Freshness::result ? "result" : "strict";
}

std::string_view to_string(Wrapping wrapping) {
    return wrapping == Wrapping::fetch ? "fetch" : "remote";
}

json::Value Provider::to_json() const {
    const auto server_to_json = [](const KmipServer& server) {
        return json::object({{"name", server.name}, {"address", server.address.to_json()}});
    };
    const auto generation_to_json = [](const Generation& generation) {
        return json::object({{"generation", generation.number},
                             {"master_key_id", generation.primary_key},
                             {"check_value", generation.check_value},
                             {"retired", generation.retired}});
    };
    return json::object({{"version", 3},
                         {"name", name},
                         {"uid", uid},
                         {"description", description},
                         {"generations", json::array_of(generations, generation_to_json)},
                         {"servers", json::array_of(servers, server_to_json)},
                         {"proxy_server", proxy_server ? proxy_server->to_json() : json::Value()},
                         {"connection_timeout", connection_timeout},
                         {"username", username},
                         {"sealed_password", base64_or_null(sealed_password)},
                         {"device", device ? device->to_json() : json::Value()},
                         {"sealed_device_password", base64_or_null(sealed_device_password)},
                         {"sealed_client_key", base64_or_null(sealed_client_key)},
                         {"client_certificate", client_certificate},
                         {"trusted_peer_certificates", json::array_of(trusted_peer_certificates)},
                         {"policy", policy_to_json(policy)}});
}

Result<Provider> Provider::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Provider out;
    VS_TRY_VOID(m.version(3));
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(const Buffer uid_raw, m.hex("uid"));
    VS_TRY(out.description, short_text(m, "description"));
    VS_TRY(out.generations, m.list<Generation>("generations", max_generations, read_generation));
    VS_TRY(out.servers, m.list<KmipServer>("servers", max_servers, read_server));
    VS_TRY(const json::Value* const proxy, m.optional_value("proxy_server"));
    if (proxy != nullptr) {
        VS_TRY(out.proxy_server, NetworkAddress::from_json(*proxy, m.where() + ".proxy_server"));
    }
    VS_TRY(out.connection_timeout,
           m.optional_integer("connection_timeout", {.least = 1, .most = max_timeout}));
    VS_TRY(out.username, m.optional_string("username"));
    VS_TRY(out.sealed_password, sealed(m, "sealed_password"));
    VS_TRY(const json::Value* const device, m.optional_value("device"));
    if (device != nullptr) {
        VS_TRY(out.device, KmipDevice::from_json(*device, m.where() + ".device"));
    }
    VS_TRY(out.sealed_device_password, sealed(m, "sealed_device_password"));
    VS_TRY(out.sealed_client_key, sealed(m, "sealed_client_key"));
    VS_TRY(out.client_certificate, optional_pem(m, "client_certificate"));
    VS_TRY(out.trusted_peer_certificates, pems(m, "trusted_peer_certificates", max_servers));
    VS_TRY(auto policy_members, m.object("policy"));
    VS_TRY(out.policy, read_policy(std::move(policy_members)));
    VS_TRY_VOID(m.finish());
    if (uid_raw.size() != uid_bytes)
        return fail(Errc::malformed, m.where() + ".uid", "not 128 bits");
    out.uid = to_hex(uid_raw);
    VS_TRY_VOID(check(out, m.where()));
    return out;
}

} // namespace vouchsafe::inventory
