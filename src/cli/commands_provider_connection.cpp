// How a key provider's key servers are reached: the proxy, and what is said besides the client certificate.
#include "cli/command.h"
#include "cli/device_options.h"
#include "cli/provider_connection.h"
#include "net/endpoint.h"

namespace vouchsafe::cli {

namespace {

constexpr std::string_view service = "vouchsafe.provider_connection";
constexpr std::uint16_t proxy_port = 3128;

struct ConnectionOptions {
    std::string name;
    std::string proxy;
    bool no_proxy = false;
    std::string user;
    std::string password_file;
    bool no_user = false;
    DeviceOptions device;
    bool no_device = false;
};

void put_text(json::Object& out, const std::string& member, const std::string& text) {
    if (!text.empty())
        out.emplace(member, text);
}

Result<void> put_secret(json::Object& out, const std::string& member, const std::string& file) {
    if (file.empty())
        return {};
    VS_TRY(const Secret secret, read_secret(file, {}));
    secret.expose([&](Bytes bytes) { out.emplace(member, std::string(as_text(bytes))); });
    return {};
}

Result<json::Object> spec_of(const ConnectionOptions& options) {
    json::Object spec;
    if (!options.proxy.empty()) {
        VS_TRY(json::Value address, proxy_address(options.proxy));
        spec.emplace("proxy_server", std::move(address));
    }
    put_text(spec, "username", options.user);
    VS_TRY_VOID(put_secret(spec, "password", options.password_file));
    const DeviceOptions& device = options.device;
    if (device.any()) {
        json::Object said;
        put_text(said, "serial_number", device.serial_number);
        put_text(said, "device_identifier", device.device_identifier);
        put_text(said, "network_identifier", device.network_identifier);
        put_text(said, "machine_identifier", device.machine_identifier);
        put_text(said, "media_identifier", device.media_identifier);
        spec.emplace("device", json::Value(std::move(said)));
    }
    VS_TRY_VOID(put_secret(spec, "device_password", device.password_file));
    for (const auto& [member, no] : {std::pair{"no_proxy_server", options.no_proxy},
                                     std::pair{"no_username", options.no_user},
                                     std::pair{"no_device", options.no_device}})
        if (no)
            spec.emplace(member, true);
    return spec;
}

Result<void>
change_and_show(Connection& connection, const Context& context, const ConnectionOptions& options) {
    VS_TRY(json::Object spec, spec_of(options));
    if (!spec.empty())
        VS_TRY_VOID(connection.call(
            service, "set", json::object({{"provider", options.name}, {"spec", std::move(spec)}})));
    VS_TRY(const json::Value shown,
           connection.call(service, "get", json::object({{"provider", options.name}})));
    show_one(context, context.format == Format::json ? shown : connection_summary(shown));
    return {};
}

void declare(CLI::App& command, ConnectionOptions& options) {
    command.add_option("name", options.name, "the provider")->required();
    auto* const proxy = command.add_option(
        "--proxy",
        options.proxy,
        "HOST[:PORT] of an HTTP proxy on the way to its key servers (CONNECT); the port is 3128");
    command.add_flag("--no-proxy", options.no_proxy, "reach them directly")->excludes(proxy);
    auto* const user = command.add_option("--user", options.user, "user name that goes with each request");
    command.add_option("--password-file",
                       options.password_file,
                       "read the user's password from a file, or - for standard input");
    command.add_flag("--no-user", options.no_user, "send neither user name nor password")->excludes(user);
    add_device_options(command, options.device);
    command.add_flag("--no-device", options.no_device, "send no Device credential");
    command.footer("Without an option it shows what there is. A Device credential is set as a whole.");
}

std::string device_summary(const json::Value& device) {
    std::string out;
    if (!device.is_object())
        return out;
    for (const auto& [name, value] : device.as_object())
        if (const std::string text = cell(device, name); !text.empty())
            out += (out.empty() ? "" : ", ") + name + " " + text;
    return out;
}

} // namespace

json::Value connection_summary(const json::Value& connection) {
    const json::Value& proxy = member(connection, "proxy_server");
    return json::object(
        {{"proxy_server",
          proxy.is_object() ? cell(proxy, "hostname") + ":" + cell(proxy, "port") : std::string()},
         {"username", cell(connection, "username")},
         {"has_password", cell(connection, "has_password")},
         {"device", device_summary(member(connection, "device"))},
         {"has_device_password", cell(connection, "has_device_password")}});
}

Result<json::Value> proxy_address(const std::string& text) {
    VS_TRY(const net::Endpoint endpoint, net::parse_endpoint(text, proxy_port));
    return json::object({{"hostname", endpoint.host}, {"port", endpoint.port}});
}

void add_provider_connection_commands(CLI::App& provider, Context& context) {
    add_command<ConnectionOptions>(provider,
                                   context,
                                   "connection",
                                   "how its key servers are reached: proxy, user and Device credential",
                                   declare,
                                   [&context](const ConnectionOptions& options) {
                                       return with("authority", [&](Connection& connection) {
                                           return change_and_show(connection, context, options);
                                       });
                                   });
}

} // namespace vouchsafe::cli
