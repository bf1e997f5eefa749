// The trust authority: claiming a host, and the exchange with the workload side.
#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

#define VS_TI "vcenter.trusted_infrastructure"
#define VS_TA VS_TI ".trust_authority_clusters"

struct ClaimOptions {
    std::string url;
    std::string pin;
    std::string token_file;
};

struct ConnectOptions {
    std::string cluster;
    std::string anchor;
};

Exit claim(const ClaimOptions& options) {
    const auto token = read_secret(options.token_file, "one-time token: ");
    if (!token)
        return report(token.error());
    return with("authority", [&](Connection& connection) -> Result<void> {
        const std::string text = token->expose([](Bytes bytes) { return std::string(as_text(bytes)); });
        VS_TRY(const json::Value host,
               connection.call(
                   "vouchsafe.authority_hosts",
                   "claim",
                   json::object(
                       {{"spec",
                         json::object({{"url", options.url}, {"pin", options.pin}, {"token", text}})}})));
        print("anchor " + cell(host, "anchor"));
        return {};
    });
}

// Another server of the same name has the same issuer, and other keys.
Result<void>
is_the_known_consumer(Connection& authority, const std::string& cluster, const json::Value& principal) {
    const json::Value filter = json::object({{"issuer", json::array({member(principal, "issuer")})}});
    VS_TRY(const json::Value known,
           authority.call(
               VS_TA ".consumer_principals", "list", json::object({{"cluster", cluster}, {"spec", filter}})));
    const std::string profile =
        known.is_array() && !known.as_array().empty() ? cell(known.as_array().front(), "id") : std::string();
    if (profile.empty())
        return fail(Errc::conflict,
                    "connect.issuer",
                    "the authority knows this issuer, and not as a consumer: two servers have one name");
    VS_TRY(const json::Value consumer,
           authority.call(VS_TA ".consumer_principals",
                          "get",
                          json::object({{"cluster", cluster}, {"profile", profile}})));
    if (member(consumer, "certificates") != member(principal, "certificates"))
        return fail(Errc::conflict,
                    "connect.issuer",
                    "the authority knows this issuer with other certificates, as consumer principal " +
                        profile + "; if the server was set up anew, delete that principal first");
    return {};
}

// Both log-ins at once: the principal goes one way, the services information the other.
Result<void> connect(const ConnectOptions& options) {
    VS_TRY(Connection workload, Connection::open("workload"));
    VS_TRY(Connection authority, Connection::open("authority"));
    // Which authority it is, before anything is written anywhere.
    VS_TRY(const json::Value services,
           authority.call("vouchsafe.services_information", "export", json::object({})));
    if (cell(services, "anchor") != options.anchor)
        return fail(Errc::untrusted,
                    "connect.anchor",
                    "the authority's anchor is " + cell(services, "anchor") + ", not the one given");
    VS_TRY(const json::Value principal, workload.call(VS_TI ".principal", "get", json::object({})));
    VS_TRY(const std::string cluster, the_cluster(authority));
    const auto created =
        authority.call(VS_TA ".consumer_principals",
                       "create",
                       json::object({{"cluster", cluster},
                                     {"spec",
                                      json::object({{"certificates", member(principal, "certificates")},
                                                    {"issuer", member(principal, "issuer")},
                                                    {"issuer_alias", "workload"},
                                                    {"principal", member(principal, "principal")}})}}));
    if (!created && created.error().where != "consumer.issuer")
        return std::unexpected(created.error());
    if (!created)
        VS_TRY_VOID(is_the_known_consumer(authority, cluster, principal));
    say("authority: the workload management server is a consumer");

    VS_TRY_VOID(workload.call("vouchsafe.services_information",
                              "import",
                              json::object({{"spec",
                                             json::object({{"anchor", options.anchor},
                                                           {"document", member(services, "document")}})}})));
    say("workload: services information imported under anchor " + options.anchor);
    for (const std::string kind : {"attestation", "kms"}) {
        const auto set = workload.call(
            VS_TI ".trusted_clusters." + kind + ".services",
            "create",
            json::object(
                {{"cluster", options.cluster},
                 {"spec", json::object({{"type", "CLUSTER"}, {"trust_authority_cluster", cluster}})}}));
        if (!set && set.error().code != Errc::exists)
            return std::unexpected(set.error());
    }
    say("workload: trusted cluster " + options.cluster + " uses them");
    return {};
}

} // namespace

void add_trust_commands(CLI::App& app, Context& context) {
    CLI::App& authority = add_group(app, "authority", "the trust authority cluster and its hosts");
    add_command<ClaimOptions>(
        authority,
        context,
        "claim",
        "introduce the authority management server to a new authority host",
        [](CLI::App& command, ClaimOptions& options) {
            command.add_option("url", options.url, "https://name:port of the authority host")->required();
            command.add_option("--pin", options.pin, "as vouchsafe-authorityd init printed it")->required();
            command.add_option("--token-file",
                               options.token_file,
                               "the one-time token, from a file or - for standard input");
        },
        claim);
    add_command(authority,
                context,
                "services",
                "print the services information: who the authority hosts are, and which keys they sign with",
                [] {
                    return with("authority", [](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value services,
                               connection.call("vouchsafe.services_information", "export", json::object({})));
                        print_json(services);
                        return {};
                    });
                });
    add_command(authority, context, "list", "list authority hosts", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value hosts,
                   connection.call("vouchsafe.authority_hosts", "list", json::object({})));
            show_list(
                context,
                hosts,
                {{"HOST", "authority_host"}, {"URL", "url"}, {"CLUSTER", "cluster"}, {"ANCHOR", "anchor"}});
            return {};
        });
    });
    for (const auto& [name, state] : {std::pair("enable", "ENABLE"), std::pair("disable", "DISABLE")})
        add_command(
            authority,
            context,
            name,
            std::string(name) + " the cluster; a disabled one releases no keys",
            [state = std::string(state)] {
                return with("authority", [&](Connection& connection) -> Result<void> {
                    VS_TRY(const std::string cluster, the_cluster(connection));
                    VS_TRY_VOID(connection.call(
                        VS_TA,
                        "update",
                        json::object({{"cluster", cluster}, {"spec", json::object({{"state", state}})}})));
                    return {};
                });
            });
    add_command<ConnectOptions>(
        app,
        context,
        "connect",
        "exchange principal and services information between the two management servers (needs both log-ins)",
        [](CLI::App& command, ConnectOptions& options) {
            command
                .add_option("cluster", options.cluster, "id of the trusted cluster that uses the authority")
                ->required();
            command
                .add_option("--anchor", options.anchor, "the authority's anchor, as its console printed it")
                ->required();
        },
        [](const ConnectOptions& options) {
            const auto done = connect(options);
            return done ? Exit::fine : report(done.error());
        });
}

} // namespace vouchsafe::cli
