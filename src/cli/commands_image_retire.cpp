// Retiring a base image: who depends on it comes before the question.
#include "cli/command.h"
#include "cli/commands_image.h"
#include "cli/what_if.h"

namespace vouchsafe::cli {

namespace {

struct RetireOptions {
    std::string version;
    bool dry_run = false;
    bool yes = false;
};

Result<void> retire(Connection& connection, const Context& context, const RetireOptions& options) {
    VS_TRY(const json::Value found,
           ask_what_if(connection, {{"remove_images", json::array({options.version})}}));
    if (options.dry_run && context.format == Format::json) {
        print_json(found);
        return {};
    }
    show_what_if(found);
    if (options.dry_run)
        return {};
    if (!options.yes &&
        !confirmed("Hosts that booted " + printable(options.version) + " get no more keys by it. Retire it?"))
        return fail(Errc::denied, "image.unconfirmed", "not retired; confirm with --yes");
    VS_TRY(const std::string cluster, the_cluster(connection));
    VS_TRY_VOID(connection.call(
        base_images, "delete", json::object({{"cluster", cluster}, {"version", options.version}})));
    say("retired " + options.version + "; tokens and sessions of the older trust epoch release nothing");
    return {};
}

} // namespace

void add_image_retire(CLI::App& image_group, Context& context) {
    add_command<RetireOptions>(
        image_group,
        context,
        "retire",
        "show which hosts depend on an image, and remove it once confirmed",
        [](CLI::App& command, RetireOptions& options) {
            command.add_option("version", options.version, "version of the image")->required();
            command.add_flag("--dry-run", options.dry_run, "show it and change nothing");
            command.add_flag("--yes", options.yes, "remove it without asking");
            command.footer(
                "Hosts are judged by their last evidence, with the image and without it. What runs "
                "already is left alone.");
        },
        [&context](const RetireOptions& options) {
            return with("authority",
                        [&](Connection& connection) { return retire(connection, context, options); });
        });
}

} // namespace vouchsafe::cli
