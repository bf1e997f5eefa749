// Revocations: what is trusted no more, for good.
#include "api/shapes_common.h"
#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

struct RevokeOptions {
    std::string kind;
    std::string value;
    std::string reason;
};

Result<void> revoke(Connection& connection, const RevokeOptions& options) {
    VS_TRY_VOID(connection.call("vouchsafe.revocations",
                                "create",
                                json::object({{"spec",
                                               json::object({{"kind", options.kind},
                                                             {"value", options.value},
                                                             {"reason", options.reason}})}})));
    return {};
}

} // namespace

void add_revoke_commands(CLI::App& app, Context& context) {
    add_command<RevokeOptions>(
        app,
        context,
        "revoke",
        "revoke something for good: nothing is released on the strength of it any more",
        [](CLI::App& command, RevokeOptions& options) {
            command.add_option("kind", options.kind, "what it is")
                ->required()
                ->check(CLI::IsMember(
                    std::vector<std::string>(api::revocation_words.begin(), api::revocation_words.end())));
            command.add_option("value", options.value, "its id, digest or version")->required();
            command.add_option("--reason", options.reason, "for the record");
        },
        [](const RevokeOptions& options) {
            return with("authority", [&](Connection& connection) { return revoke(connection, options); });
        });
    add_command(app, context, "revocations", "list what was revoked, and why", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, connection.call("vouchsafe.revocations", "list", json::object({})));
            show_list(context, all, {{"KIND", "kind"}, {"VALUE", "value"}, {"REASON", "reason"}});
            return {};
        });
    });
}

} // namespace vouchsafe::cli
