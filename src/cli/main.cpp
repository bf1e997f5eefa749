#include "base/version.h"
#include "cli/commands.h"

#include <CLI/CLI.hpp>

namespace vouchsafe::cli {

void show_list(const Context& context,
               const json::Value& items,
               const std::vector<std::pair<std::string, std::string>>& columns) {
    if (context.format == Format::json)
        return print_json(items);
    std::vector<std::string> headings;
    for (const auto& [heading, member] : columns)
        headings.push_back(heading);
    Table table(headings);
    for (const json::Value& item : items.as_array()) {
        std::vector<std::string> row;
        for (const auto& [heading, member] : columns)
            row.push_back(cell(item, member));
        table.row(std::move(row));
    }
    print(table.text());
}

void show_one(const Context& context, const json::Value& item) {
    if (context.format == Format::json || !item.is_object())
        return print_json(item);
    Table table({"FIELD", "VALUE"});
    for (const auto& [name, value] : item.as_object())
        if (!value.is_null() && !value.is_object() && name != "reasons")
            table.row({name, cell(item, name)});
    print(table.text());
}

Exit with(std::string_view role, const std::function<Result<void>(Connection&)>& work) {
    auto connection = Connection::open(role);
    if (!connection)
        return report(connection.error());
    const auto done = work(*connection);
    return done ? Exit::fine : report(done.error());
}

void add_commands(CLI::App& app, Context& context) {
    app.name("vouchsafe");
    app.set_version_flag("--version", "vouchsafe 0.1.0", "print the version");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "Exit codes: 0 fine, 1 refused or does not verify, 2 wrong arguments or malformed input, 3 not "
        "found,\n"
        "4 unavailable, 5 not logged in, 70 internal error.\n"
        "Log-ins are kept in $VOUCHSAFE_HOME, or ~/.config/vouchsafe; one for each management server.");
    app.add_option_function<std::string>(
           "--output",
           [&context](const std::string& word) {
               context.format = word == "json" ? Format::json : Format::table;
           },
           "table for people, json for programs")
        ->check(CLI::IsMember({"table", "json"}).description("table|json"))
        ->option_text("table|json");
    add_login_commands(app, context);
    add_user_commands(app, context);
    add_trust_commands(app, context);
    add_revoke_commands(app, context);
    add_endorsement_commands(app, context);
    add_image_commands(app, context);
    add_evidence_commands(app, context);
    add_policy_commands(app, context);
    add_firmware_commands(app, context);
    add_provider_commands(app, context);
    add_host_commands(app, context);
    add_vm_commands(app, context);
    add_kmip_commands(app, context);
    add_audit_commands(app, context);
    add_inspect_commands(app, context);
}

int main(int argc, char** argv) {
    CLI::App app("vouchsafe: administer a trust authority, its hosts and their encrypted virtual machines, "
                 "and look at evidence offline.");
    Context context;
    add_commands(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::RequiredError& error) {
        // "A subcommand is required" is no help to who has typed one.
        if (const auto unknown = app.remaining(true); !unknown.empty())
            say("vouchsafe: there is no command '" + printable(unknown.front()) + "' here");
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::malformed);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::malformed);
    }
    return static_cast<int>(context.run());
}

} // namespace vouchsafe::cli
