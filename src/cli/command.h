// One command of the tree: its options live as long as what it does.
#pragma once

#include "cli/commands.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::cli {

/// Adds `name` below `parent`. `declare(CLI::App&, Options&)` names the options; `run(const Options&) ->
/// Exit` is what the command does.
template <class Options, class Declare, class Run>
void add_command(CLI::App& parent,
                 Context& context,
                 const std::string& name,
                 const std::string& description,
                 Declare&& declare,
                 Run run) {
    CLI::App& command = *parent.add_subcommand(name, description);
    const auto options = std::make_shared<Options>(); // shared: with the callbacks of CLI11
    declare(command, *options);
    command.callback([&context, options, run = std::move(run)] {
        context.run = [options, run] { return run(*options); };
    });
}

struct NoOptions {};

template <class Run>
void add_command(
    CLI::App& parent, Context& context, const std::string& name, const std::string& description, Run run) {
    add_command<NoOptions>(
        parent,
        context,
        name,
        description,
        [](CLI::App&, NoOptions&) {},
        [run](const NoOptions&) { return run(); });
}

/// What the one argument of a command is, for its --help.
std::string describe_argument(std::string_view argument);

/// A command with one positional argument.
template <class Run>
void add_command(CLI::App& parent,
                 Context& context,
                 const std::string& name,
                 const std::string& description,
                 const std::string& argument,
                 Run run) {
    add_command<std::string>(
        parent,
        context,
        name,
        description,
        [&argument](CLI::App& app, std::string& value) {
            app.add_option(argument, value, describe_argument(argument))->required();
        },
        std::move(run));
}

inline CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description) {
    CLI::App& group = *parent.add_subcommand(name, description);
    group.require_subcommand(1);
    return group;
}

/// The one trust authority cluster of the authority management server.
Result<std::string> the_cluster(Connection& connection);

/// A member of a server's answer; null where it has none.
const json::Value& member(const json::Value& object, std::string_view name);

/// A text file of at most `most` bytes; "-" is standard input.
Result<std::string> read_text(const std::string& path, std::size_t most = std::size_t{8} << 20U);

/// Asks for a yes on a terminal; without one it is a no.
bool confirmed(const std::string& question);

} // namespace vouchsafe::cli
