// Trusted key providers and their key servers.
#include "cli/command.h"
#include "cli/provider_connection.h"
#include "crypto/x509.h"
#include "net/endpoint.h"

namespace vouchsafe::cli {

namespace {

#define VS_PROVIDERS "vcenter.trusted_infrastructure.trust_authority_clusters.kms.providers"

constexpr std::uint16_t kmip_port = 5696;

struct CreateOptions {
    std::string name;
    std::string key;
    std::vector<std::string> servers;
    std::string proxy;
};

struct TrustOptions {
    std::string name;
    std::string fingerprint;
};

struct CertificateOptions {
    std::string name;
    bool create = false;
};

Result<json::Value> named(Connection& connection, const std::string& provider) {
    VS_TRY(const std::string cluster, the_cluster(connection));
    return json::object({{"cluster", cluster}, {"provider", provider}});
}

Result<void> create(Connection& connection, const CreateOptions& options) {
    json::Array servers;
    for (const std::string& text : options.servers) {
        VS_TRY(const net::Endpoint endpoint, net::parse_endpoint(text, kmip_port));
        servers.push_back(json::object(
            {{"name", endpoint.host + ":" + std::to_string(endpoint.port)},
             {"address", json::object({{"hostname", endpoint.host}, {"port", endpoint.port}})}}));
    }
    json::Object key_server{{"type", "KMIP"},
                            {"kmip_server", json::object({{"servers", std::move(servers)}})}};
    if (!options.proxy.empty()) {
        VS_TRY(json::Value address, proxy_address(options.proxy));
        key_server.emplace("proxy_server", std::move(address));
    }
    VS_TRY(const std::string cluster, the_cluster(connection));
    VS_TRY_VOID(connection.call(VS_PROVIDERS,
                                "create",
                                json::object({{"cluster", cluster},
                                              {"spec",
                                               json::object({{"provider", options.name},
                                                             {"master_key_id", options.key},
                                                             {"key_server", std::move(key_server)}})}})));
    say("next: vouchsafe provider certificate " + options.name +
        " --create, and register it at the key server");
    return {};
}

std::string fingerprint_of(const std::string& pem) {
    const auto certificate = crypto::Certificate::from_pem(pem);
    return certificate ? to_hex(certificate->fingerprint()) : std::string();
}

// Looks, shows, and trusts exactly what was confirmed.
Result<void> trust(Connection& connection, const TrustOptions& options) {
    VS_TRY(const json::Value input, named(connection, options.name));
    VS_TRY(const json::Value shown,
           connection.call(VS_PROVIDERS ".current_peer_certificates", "list", input));
    json::Array certificates;
    for (const json::Value& server : shown.as_array()) {
        const std::string pem = cell(server, "certificate");
        if (pem.empty())
            return fail(Errc::unavailable,
                        "provider.look",
                        cell(server, "server_name") + ": shows no certificate " +
                            cell(server, "error_messages"));
        say(cell(server, "server_name") + ": certificate SHA-256 " + fingerprint_of(pem));
        if (!options.fingerprint.empty() && fingerprint_of(pem) != options.fingerprint)
            return fail(Errc::untrusted, "provider.fingerprint", "this is not the expected certificate");
        certificates.emplace_back(pem);
    }
    if (options.fingerprint.empty() && !confirmed("Trust these key-server certificates?"))
        return fail(Errc::denied,
                    "provider.unconfirmed",
                    "not trusted; confirm with --expect-fingerprint and the SHA-256 above");
    json::Object update = input.as_object();
    update.emplace("spec", json::object({{"certificates", std::move(certificates)}}));
    VS_TRY_VOID(
        connection.call(VS_PROVIDERS ".trusted_peer_certificates", "update", json::Value(std::move(update))));
    return {};
}

} // namespace

void add_provider_commands(CLI::App& app, Context& context) {
    CLI::App& provider = add_group(app, "provider", "trusted key providers");
    add_command(provider, context, "list", "list providers", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY(const json::Value all,
                   connection.call(VS_PROVIDERS, "list", json::object({{"cluster", cluster}})));
            show_list(context, all, {{"PROVIDER", "provider"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command<CreateOptions>(
        provider,
        context,
        "create",
        "create a provider on a primary key that exists on its key server",
        [](CLI::App& command, CreateOptions& options) {
            command.add_option("name", options.name, "name of the provider")->required();
            command.add_option("--key-id", options.key, "KMIP Unique Identifier of the primary key")
                ->required();
            command.add_option("--server", options.servers, "host[:port] of a key server; may be repeated")
                ->required();
            command.add_option("--proxy",
                               options.proxy,
                               "host[:port] of an HTTP proxy on the way to them (CONNECT); the port is 3128");
        },
        [](const CreateOptions& options) {
            return with("authority", [&](Connection& connection) { return create(connection, options); });
        });
    add_command<CertificateOptions>(
        provider,
        context,
        "certificate",
        "print the client certificate, as PEM, for the key server",
        [](CLI::App& command, CertificateOptions& options) {
            command.add_option("name", options.name, "the provider")->required();
            command.add_flag("--create", options.create, "make a new self-signed one first");
        },
        [&context](const CertificateOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                VS_TRY(const json::Value input, named(connection, options.name));
                if (options.create) {
                    VS_TRY_VOID(connection.call(VS_PROVIDERS ".client_certificate", "create", input));
                }
                VS_TRY(const json::Value found,
                       connection.call(VS_PROVIDERS ".client_certificate", "get", input));
                if (context.format == Format::json)
                    print_json(found);
                else
                    print(cell(found, "certificate"));
                return {};
            });
        });
    add_command<TrustOptions>(
        provider,
        context,
        "trust",
        "fetch the key servers' certificates, show them, and trust them once confirmed",
        [](CLI::App& command, TrustOptions& options) {
            command.add_option("name", options.name, "the provider")->required();
            command.add_option("--expect-fingerprint", options.fingerprint, "hex SHA-256 of the certificate");
        },
        [](const TrustOptions& options) {
            return with("authority", [&](Connection& connection) { return trust(connection, options); });
        });
    add_command(provider,
                context,
                "status",
                "ask every key server of a provider",
                "name",
                [&context](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value input, named(connection, name));
                        VS_TRY(const json::Value found, connection.call(VS_PROVIDERS, "get", input));
                        if (context.format == Format::json) {
                            print_json(found);
                            return {};
                        }
                        const json::Value& status = member(found, "status");
                        print("primary key " + cell(found, "master_key_id") + ", health " +
                              cell(status, "health"));
                        show_list(context,
                                  member(status, "servers"),
                                  {{"SERVER", "name"},
                                   {"HEALTH", "health"},
                                   {"WE TRUST IT", "client_trust_server"},
                                   {"IT TRUSTS US", "server_trust_client"},
                                   {"DETAILS", "details"}});
                        return {};
                    });
                });
    add_provider_key_commands(provider, context);
    add_provider_policy_commands(provider, context);
    add_provider_connection_commands(provider, context);
    add_command(provider,
                context,
                "delete",
                "delete a provider: its blobs open nowhere until it is made again",
                "name",
                [](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value input, named(connection, name));
                        VS_TRY_VOID(connection.call(VS_PROVIDERS, "delete", input));
                        return {};
                    });
                });
}

} // namespace vouchsafe::cli
