// The commands of `vouchsafe`, a file for each part of the tree.
#pragma once

#include "cli/connection.h"
#include "cli/output.h"

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace vouchsafe::cli {

/// What a command has in hand when it runs.
struct Context {
    Format format = Format::table;
    std::function<Exit()> run; ///< set by the command that was parsed
};

/// Rows of a list, or the whole answer as JSON.
void show_list(const Context& context,
               const json::Value& items,
               const std::vector<std::pair<std::string, std::string>>& columns); ///< heading, member

/// Members of one object, a line each, or the answer as JSON.
void show_one(const Context& context, const json::Value& item);

/// Runs `work` with a log-in at that role's server, and reports what goes wrong.
Exit with(std::string_view role, const std::function<Result<void>(Connection&)>& work);

void add_login_commands(CLI::App& app, Context& context);
void add_user_commands(CLI::App& app, Context& context);
void add_trust_commands(CLI::App& app, Context& context);
void add_revoke_commands(CLI::App& app, Context& context);
void add_endorsement_commands(CLI::App& app, Context& context);
void add_image_commands(CLI::App& app, Context& context);
void add_evidence_commands(CLI::App& app, Context& context);
void add_policy_commands(CLI::App& app, Context& context);
void add_firmware_commands(CLI::App& app, Context& context);
void add_provider_commands(CLI::App& app, Context& context);
// Below "provider".
void add_provider_key_commands(CLI::App& provider, Context& context);
void add_provider_policy_commands(CLI::App& provider, Context& context);
void add_provider_connection_commands(CLI::App& provider, Context& context);

void add_host_commands(CLI::App& app, Context& context);
void add_vm_commands(CLI::App& app, Context& context);
void add_inspect_commands(CLI::App& app, Context& context);
void add_kmip_commands(CLI::App& app, Context& context);
void add_audit_commands(CLI::App& app, Context& context);

/// The whole tree, with the options that every command has.
void add_commands(CLI::App& app, Context& context);

/// The whole program.
int main(int argc, char** argv);

} // namespace vouchsafe::cli
