// vouchsafe-authorityd: the Attestation Service and the Key Provider Service of one trust authority host.
#include "base/version.h"
#include "net/process.h"
#include "serve.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

int main(int argc, char** argv) {
    using namespace vouchsafe;
    CLI::App app(
        "Trust authority host: judges the evidence of trusted hosts, and releases keys of VMs to them.");
    app.name("vouchsafe-authorityd");
    app.set_version_flag("--version", "vouchsafe-authorityd " + std::string(program_version));
    app.require_subcommand(1);
    app.footer("The state key protects signing keys and key-server credentials at rest: 32 bytes, or 64 hex "
               "digits.\n"
               "Under systemd it is the credential 'vouchsafe-state-key'.");

    authorityd::Options options;
    const auto add_state = [&options](CLI::App& command) {
        command.add_option("--state", options.state, "state directory, mode 0700")->required();
        auto* fd = command.add_option(
            "--state-key-fd", options.state_key.fd, "read the state key from this descriptor");
        command
            .add_option("--unsafe-plaintext-key-file",
                        options.state_key.unsafe_plaintext_file,
                        "read the state key from a plain file: whoever copies the disk has the keys")
            ->excludes(fd);
    };

    CLI::App& init = *app.add_subcommand("init", "make a new trust authority cluster and its first host");
    add_state(init);
    init.add_option("--name", options.name, "DNS name that hosts and managers reach this host by")
        ->required();
    init.add_option("--administrator", options.administrator, "issuer of the authority management server")
        ->required();
    init.add_option("--id", options.id, "id of this host in the cluster")->capture_default_str();
    init.add_option("--cluster-name", options.cluster_name, "name of the cluster, for people")
        ->capture_default_str();

    CLI::App& serve = *app.add_subcommand("serve", "serve until SIGTERM");
    add_state(serve);
    serve.add_option("--address", options.address, "numeric address to listen on")->capture_default_str();
    serve.add_option("--port", options.port, "port to listen on; 0 takes a free one")->capture_default_str();
    serve.add_option(
        "--advertise-port", options.advertise_port, "port that hosts use; as listened on by default");
    serve.add_option("--port-file", options.port_file, "write the port here once it serves");
    serve.add_option("--resolve", options.resolve, "NAME=ADDRESS, instead of asking DNS; may be repeated");

    serve
        .add_option("--audit-file-mib",
                    options.audit_file_mib,
                    "MiB after which a file of the audit is put away and another begun")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    serve
        .add_option("--audit-checkpoint-seconds",
                    options.audit_checkpoint_seconds,
                    "a record waits so long for a signed checkpoint, at most")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();

    CLI11_PARSE(app, argc, argv);
    if (const auto hardened = net::harden_process(); !hardened) {
        fmt::print(stderr, "vouchsafe-authorityd: {}\n", hardened.error().detail);
        return 1;
    }
    net::limit_heap_arenas();
    const auto done = init.parsed() ? authorityd::initialise(options) : authorityd::serve(options);
    if (!done) {
        fmt::print(stderr, "vouchsafe-authorityd: {} ({})\n", done.error().detail, done.error().where);
        return 1;
    }
    return 0;
}
