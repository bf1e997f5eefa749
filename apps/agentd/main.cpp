// vouchsafe-agentd: the agent of a Trusted Host.
#include "base/version.h"
#include "net/process.h"
#include "run.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <array>

namespace {

std::string host_name() {
    std::array<char, 65> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "host";
}

int report(const vouchsafe::Result<void>& done) {
    if (done)
        return 0;
    fmt::print(stderr, "vouchsafe-agentd: {} ({})\n", done.error().detail, done.error().where);
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    using namespace vouchsafe;
    CLI::App app("Agent of a trusted host: proves what this host booted, gets keys for encrypted virtual "
                 "machines from\n"
                 "the trust authority, and runs them. Nothing listens here: the agent dials.");
    app.name("vouchsafe-agentd");
    app.set_version_flag("--version", "vouchsafe-agentd " + std::string(program_version));
    app.require_subcommand(1);

    agentd::JoinOptions options{.manager = {},
                                .pin = {},
                                .token_file = "-",
                                .anchor = {},
                                .state = {},
                                .label = host_name(),
                                .resolve = {}};
    auto* join = app.add_subcommand("join", "join a workload manager, and believe one authority");
    join->add_option("--manager", options.manager, "URL of the workload manager")->required();
    join->add_option("--pin", options.pin, "hex SHA-256 of its key, as it prints it")->required();
    join->add_option("--token-file",
                     options.token_file,
                     "one-time token, from 'vouchsafe cluster join-token'; - is standard input")
        ->capture_default_str();
    join->add_option("--anchor", options.anchor, "the authority's anchor, from 'vouchsafe-authorityd init'")
        ->required();
    join->add_option("--state", options.state, "state directory of this agent, made with mode 0700")
        ->required();
    join->add_option("--label", options.label, "what people call this host")->capture_default_str();
    join->add_option("--resolve", options.resolve, "NAME=ADDRESS, instead of asking DNS; may be repeated");

    std::string config_file;
    auto* run = app.add_subcommand("run", "run until SIGTERM");
    run->add_option("--config", config_file, "configuration (JSON)")->required();
    app.footer("The anchor of a measured image, /etc/vouchsafe/anchor, wins over every other; one that "
               "differs is refused.");
    CLI11_PARSE(app, argc, argv);

    if (const auto hardened = net::harden_process(); !hardened)
        return report(hardened);
    return report(join->parsed() ? agentd::join(options) : agentd::run(config_file));
}
