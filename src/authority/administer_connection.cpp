// How a trusted key provider's key servers are reached: the proxy, and what is said of us besides the client
// certificate.
#include "authority/administration.h"
#include "authority/provider_addresses.h"

#include <array>

namespace vouchsafe::authority {

namespace {

using inventory::Provider;

constexpr std::string_view service = "vouchsafe.provider_connection";

Result<const Provider*> provider_of(const Invocation& call) {
    const Provider* const provider = call.state.provider(call.text("provider"));
    if (provider == nullptr)
        return fail(Errc::not_found, "provider", "there is no key provider " + call.text("provider"));
    return provider;
}

json::Value text_or_null(const std::optional<std::string>& text) {
    return text ? json::Value(*text) : json::Value();
}

Result<json::Value> get(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    return json::object(
        {{"proxy_server", provider->proxy_server ? provider->proxy_server->to_json() : json::Value()},
         {"username", text_or_null(provider->username)},
         {"has_password", provider->sealed_password.has_value()},
         {"device", provider->device ? provider->device->to_json() : json::Value()},
         {"has_device_password", provider->sealed_device_password.has_value()}});
}

/// The spec of `set`: a member that is there and not null.
class Spec {
public:
    explicit Spec(const json::Value& value) : value_(value) {}

    const json::Value* find(std::string_view name) const {
        const json::Value* const found = value_.find(name);
        return found != nullptr && !found->is_null() ? found : nullptr;
    }

    bool says(std::string_view name) const {
        const json::Value* const found = find(name);
        return found != nullptr && found->as_bool();
    }

private:
    const json::Value& value_;
};

std::string member(const json::Value& device, std::string_view name) {
    const json::Value* const found = device.find(name);
    return found != nullptr && !found->is_null() ? found->as_string() : std::string();
}

Result<inventory::KmipDevice> read_device(const json::Value& device) {
    const inventory::KmipDevice out{.serial_number = member(device, "serial_number"),
                                    .device_identifier = member(device, "device_identifier"),
                                    .network_identifier = member(device, "network_identifier"),
                                    .machine_identifier = member(device, "machine_identifier"),
                                    .media_identifier = member(device, "media_identifier")};
    return inventory::KmipDevice::from_json(out.to_json()); // within its limits
}

Result<void> set_user(const Invocation& call, const Spec& spec, Provider& provider) {
    if (spec.says("no_username")) {
        provider.username.reset();
        provider.sealed_password.reset();
    }
    if (const json::Value* const name = spec.find("username"); name != nullptr)
        provider.username = name->as_string();
    const json::Value* const password = spec.find("password");
    if (password == nullptr)
        return {};
    if (!provider.username)
        return fail(Errc::malformed,
                    "provider.username",
                    provider.name + ": has no user name that a password could go with");
    provider.sealed_password =
        call.parts.secrets.seal(password_name(provider.uid), Secret(as_bytes(password->as_string())));
    return {};
}

Result<void> set_device(const Invocation& call, const Spec& spec, Provider& provider) {
    if (spec.says("no_device")) {
        provider.device.reset();
        provider.sealed_device_password.reset();
    }
    if (const json::Value* const device = spec.find("device"); device != nullptr) {
        VS_TRY(provider.device, read_device(*device));
    }
    const json::Value* const password = spec.find("device_password");
    if (password == nullptr)
        return {};
    if (!provider.device)
        return fail(Errc::malformed,
                    "provider.device",
                    provider.name + ": has no device credential that a password could go with");
    provider.sealed_device_password =
        call.parts.secrets.seal(device_password_name(provider.uid), Secret(as_bytes(password->as_string())));
    return {};
}

Result<json::Value> set(const Invocation& call) {
    VS_TRY(const Provider* const before, provider_of(call));
    Provider after = *before;
    const Spec spec(*call.find("spec"));
    if (spec.says("no_proxy_server"))
        after.proxy_server.reset();
    if (const json::Value* const proxy = spec.find("proxy_server"); proxy != nullptr) {
        VS_TRY(after.proxy_server, read_address(*proxy, proxy_port));
    }
    VS_TRY_VOID(set_user(call, spec, after));
    VS_TRY_VOID(set_device(call, spec, after));
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

constexpr std::array rows = {ServedOperation{service, "get", get}, ServedOperation{service, "set", set}};

} // namespace

std::span<const ServedOperation> connection_operations() {
    return rows;
}

} // namespace vouchsafe::authority
