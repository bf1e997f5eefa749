// Generations of a key provider's primary key: what there is, rotation, and the end of old ones.
#include "cli/command.h"
#include "cli/provider_connection.h"
#include "net/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace vouchsafe::cli {

namespace {

constexpr std::string_view generations = "vouchsafe.provider_generations";

struct RotateOptions {
    std::string name;
    std::string key;
};

struct RecoverOptions {
    std::string name;
    std::string uid;
    std::vector<std::string> generations; ///< "number=identifier"
    std::vector<std::string> servers;
};

struct GenerationOptions {
    std::string name;
    std::string generation;
    bool unsafe_in_use = false;
};

json::Value of_provider(const std::string& name) {
    return json::object({{"provider", name}});
}

void show_generations(const Context& context, const json::Value& items) {
    show_list(context,
              items,
              {{"GENERATION", "generation"},
               {"PRIMARY KEY", "master_key_id"},
               {"STATE", "state"},
               {"RELEASES IN 30 DAYS", "releases"},
               {"LAST RELEASE", "last_release"},
               {"CAN BE RETIRED", "can_retire"}});
}

Result<void> show(Connection& connection, const Context& context, const std::string& name) {
    VS_TRY(const json::Value policy, connection.call("vouchsafe.provider_policy", "get", of_provider(name)));
    VS_TRY(const json::Value reached,
           connection.call("vouchsafe.provider_connection", "get", of_provider(name)));
    VS_TRY(const json::Value items, connection.call(generations, "list", of_provider(name)));
    if (context.format == Format::json) {
        print_json(json::object(
            {{"provider", name}, {"policy", policy}, {"connection", reached}, {"generations", items}}));
        return {};
    }
    show_one(context, policy);
    print("");
    show_one(context, connection_summary(reached));
    print("");
    show_generations(context, items);
    return {};
}

Result<void> rotate(Connection& connection, const Context& context, const RotateOptions& options) {
    json::Object input{{"provider", options.name}};
    if (!options.key.empty())
        input.emplace("spec", json::object({{"master_key_id", options.key}}));
    VS_TRY(const json::Value made, connection.call(generations, "rotate", json::Value(std::move(input))));
    show_one(context, made);
    say("next: vouchsafe vm rewrap --all --provider " + options.name +
        " on the workload side; vouchsafe provider show " + options.name +
        " tells when an old generation can be retired");
    return {};
}

Result<json::Value> generation_from(const std::string& text) {
    const std::size_t equals = text.find('=');
    std::uint32_t number = 0;
    const char* const begin = text.data();
    const char* const end = begin + std::min(equals, text.size());
    const auto [stopped, error] = std::from_chars(begin, end, number);
    if (equals == std::string::npos || error != std::errc{} || stopped != end || number == 0)
        return fail(Errc::malformed,
                    "provider.generation",
                    text + ": expected a generation's number, =, and its primary key's identifier");
    return json::object({{"generation", number}, {"master_key_id", text.substr(equals + 1)}});
}

Result<void> recover(Connection& connection, const RecoverOptions& options) {
    constexpr std::uint16_t kmip_port = 5696;
    json::Array all;
    for (const std::string& text : options.generations) {
        VS_TRY(json::Value generation, generation_from(text));
        all.push_back(std::move(generation));
    }
    json::Array servers;
    for (const std::string& text : options.servers) {
        VS_TRY(const net::Endpoint endpoint, net::parse_endpoint(text, kmip_port));
        servers.push_back(json::object({{"hostname", endpoint.host}, {"port", endpoint.port}}));
    }
    VS_TRY_VOID(connection.call("vouchsafe.providers",
                                "recover",
                                json::object({{"spec",
                                               json::object({{"provider", options.name},
                                                             {"uid", options.uid},
                                                             {"generations", std::move(all)},
                                                             {"servers", std::move(servers)}})}})));
    say("next: vouchsafe provider certificate " + options.name +
        " --create, and register it at the key server; then vouchsafe provider trust " + options.name);
    return {};
}

Result<void>
on_generation(Connection& connection, std::string_view operation, const GenerationOptions& options) {
    json::Object input{{"provider", options.name}, {"generation", options.generation}};
    if (options.unsafe_in_use)
        input.emplace("spec", json::object({{"unsafe_in_use", true}}));
    VS_TRY_VOID(connection.call(generations, operation, json::Value(std::move(input))));
    return {};
}

void declare_generation(CLI::App& command, GenerationOptions& options) {
    command.add_option("name", options.name, "the provider")->required();
    command.add_option("generation", options.generation, "its number")->required();
}

} // namespace

void add_provider_key_commands(CLI::App& provider, Context& context) {
    add_command(provider,
                context,
                "show",
                "show a provider's policy, its connection, and its generations with how much each is used",
                "name",
                [&context](const std::string& name) {
                    return with("authority",
                                [&](Connection& connection) { return show(connection, context, name); });
                });
    add_command<RotateOptions>(
        provider,
        context,
        "rotate",
        "begin a new generation: new keys are wrapped under it, old blobs open as before",
        [](CLI::App& command, RotateOptions& options) {
            command.add_option("name", options.name, "the provider")->required();
            command.add_option("--key-id",
                               options.key,
                               "KMIP Unique Identifier of the new primary key; without it one is created on "
                               "the key server");
        },
        [&context](const RotateOptions& options) {
            return with("authority",
                        [&](Connection& connection) { return rotate(connection, context, options); });
        });
    add_command<RecoverOptions>(
        provider,
        context,
        "recover",
        "make a provider of another cluster here again: its blobs open under its primary keys",
        [](CLI::App& command, RecoverOptions& options) {
            command.add_option("name", options.name, "name of the provider")->required();
            command
                .add_option("--uid",
                            options.uid,
                            "its uid, 32 hex digits: vouchsafe provider show, or bytes 7 to 22 of any blob")
                ->required();
            command
                .add_option("--generation",
                            options.generations,
                            "NUMBER=ID: a generation and its primary key's KMIP Unique Identifier, in order; "
                            "may be repeated")
                ->required();
            command.add_option("--server", options.servers, "host[:port] of a key server; may be repeated")
                ->required();
        },
        [](const RecoverOptions& options) {
            return with("authority", [&](Connection& connection) { return recover(connection, options); });
        });
    add_command<GenerationOptions>(
        provider,
        context,
        "retire-generation",
        "open nothing under an old generation any more; refused while it was used in the last 30 days",
        [](CLI::App& command, GenerationOptions& options) {
            declare_generation(command, options);
            command.add_flag("--unsafe-in-use",
                             options.unsafe_in_use,
                             "retire it although keys were released under it lately: whoever still has such "
                             "blobs cannot open them");
        },
        [](const GenerationOptions& options) {
            return with("authority",
                        [&](Connection& connection) { return on_generation(connection, "retire", options); });
        });
    add_command<GenerationOptions>(provider,
                                   context,
                                   "restore-generation",
                                   "open blobs of a retired generation again",
                                   declare_generation,
                                   [](const GenerationOptions& options) {
                                       return with("authority", [&](Connection& connection) {
                                           return on_generation(connection, "restore", options);
                                       });
                                   });
}

} // namespace vouchsafe::cli
