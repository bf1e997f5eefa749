// Firmware sets: firmware that is approved besides what is pinned for each host; and the rule that ignores
// it.
#include "cli/command.h"
#include "cli/enrolments.h"

namespace vouchsafe::cli {

namespace {

struct AddOptions {
    std::string name;
    std::string host;
    std::string pcr0;
    std::string pcr2;
    std::string bank;
    std::string version;
    std::string note;
};

Result<void> add_firmware(const AddOptions& options) {
    VS_TRY(Connection connection, Connection::open("authority"));
    json::Object spec;
    if (!options.host.empty()) {
        VS_TRY(std::string id, enrolment_id(connection, options.host));
        spec.emplace("host", std::move(id));
    }
    for (const auto& [field, value] : {std::pair("pcr0", options.pcr0),
                                       std::pair("pcr2", options.pcr2),
                                       std::pair("bank", options.pcr0.empty() ? "" : options.bank),
                                       std::pair("version", options.version),
                                       std::pair("note", options.note)})
        if (!value.empty())
            spec.emplace(field, value);
    VS_TRY_VOID(
        connection.call("vouchsafe.firmware_sets",
                        "add",
                        json::object({{"name", options.name}, {"spec", json::Value(std::move(spec))}})));
    say("added to firmware set " + options.name + "; hosts with this firmware are trusted from now on");
    return {};
}

void describe_add(CLI::App& command, AddOptions& options) {
    command.add_option("name", options.name, "name of the set; it is made where there is none")->required();
    auto* const host = command.add_option(
        "--from-host", options.host, "take what this enrolled host showed last, trusted with it or not");
    auto* const pcr0 = command.add_option("--pcr0", options.pcr0, "value of PCR 0, in hex")->excludes(host);
    command.add_option("--pcr2", options.pcr2, "value of PCR 2, in hex")->needs(pcr0);
    command.add_option("--bank", options.bank, "bank of the values")->needs(pcr0)->default_str("sha256");
    options.bank = "sha256";
    command.add_option("--version", options.version, "version of the firmware, for people");
    command.add_option("--note", options.note, "what the set is for: maker, model");
}

Result<void> show_set(Connection& connection, const Context& context, const std::string& name) {
    VS_TRY(const json::Value set,
           connection.call("vouchsafe.firmware_sets", "get", json::object({{"name", name}})));
    if (context.format != Format::table) {
        show_one(context, set);
        return {};
    }
    print(printable(cell(set, "name")) + ", bank " + cell(set, "bank") + ": " + printable(cell(set, "note")));
    show_list(
        context, member(set, "firmware"), {{"VERSION", "version"}, {"PCR 0", "pcr0"}, {"PCR 2", "pcr2"}});
    return {};
}

void add_rule_commands(CLI::App& sets, Context& context) {
    CLI::App& rule = add_group(sets, "rule", "whether firmware is judged at all");
    add_command(rule, context, "show", "show the rule", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value found,
                   connection.call("vouchsafe.firmware_rule", "get", json::object({})));
            show_one(context, found);
            return {};
        });
    });
    for (const auto& [name, ignore, text] :
         {std::tuple("judge", false, "PCR 0 and 2 are judged: the pin of each host, or a firmware set"),
          std::tuple("unsafe-ignore",
                     true,
                     "PCR 0 and 2 are not judged, for any host: for platforms whose firmware log does not "
                     "replay")})
        add_command(rule, context, name, text, [ignore] {
            return with("authority", [ignore](Connection& connection) -> Result<void> {
                VS_TRY_VOID(connection.call(
                    "vouchsafe.firmware_rule",
                    "set",
                    json::object({{"spec", json::object({{"unsafe_ignore_firmware", ignore}})}})));
                return {};
            });
        });
}

} // namespace

void add_firmware_commands(CLI::App& app, Context& context) {
    CLI::App& sets =
        add_group(app, "firmware-set", "firmware that is approved besides what is pinned for each host");
    add_command(sets, context, "list", "list the sets", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all,
                   connection.call("vouchsafe.firmware_sets", "list", json::object({})));
            show_list(context,
                      all,
                      {{"NAME", "name"}, {"NOTE", "note"}, {"BANK", "bank"}, {"FIRMWARE", "firmware"}});
            return {};
        });
    });
    add_command(sets, context, "show", "show what is in a set", "name", [&context](const std::string& name) {
        return with("authority", [&](Connection& connection) { return show_set(connection, context, name); });
    });
    add_command<AddOptions>(sets,
                            context,
                            "add",
                            "add a firmware to a set: of a host that shows it, or by its PCR values",
                            describe_add,
                            [](const AddOptions& options) {
                                const auto done = add_firmware(options);
                                return done ? Exit::fine : report(done.error());
                            });
    add_command(sets,
                context,
                "remove",
                "remove a set: hosts that need it lose trust at once",
                "name",
                [](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY_VOID(connection.call(
                            "vouchsafe.firmware_sets", "delete", json::object({{"name", name}})));
                        return {};
                    });
                });
    add_rule_commands(sets, context);
}

} // namespace vouchsafe::cli
