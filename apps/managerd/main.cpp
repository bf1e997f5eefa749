// vouchsafe-managerd: one of the two management servers, by its role.
#include "base/version.h"
#include "net/process.h"
#include "serve.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

int main(int argc, char** argv) {
    using namespace vouchsafe;
    managerd::Options options;
    CLI::App app(
        "Management server. Role 'authority': where TrustedAdmins configure a trust authority cluster.\n"
        "Role 'workload': where virtual machines and their hosts are managed. Never one server for both.");
    app.name("vouchsafe-managerd");
    app.set_version_flag("--version", "vouchsafe-managerd " + std::string(program_version));
    app.add_option("--role", options.role, "authority or workload")
        ->required()
        ->check(CLI::IsMember({"authority", "workload"}));
    app.add_option("--state", options.state, "state directory, mode 0700; it is of one role for ever")
        ->required();
    app.add_option("--name", options.name, "DNS name that people and hosts reach this server by")->required();
    auto* fd =
        app.add_option("--state-key-fd", options.state_key.fd, "read the state key from this descriptor");
    app.add_option("--unsafe-plaintext-key-file",
                   options.state_key.unsafe_plaintext_file,
                   "read the state key from a plain file: whoever copies the disk has the keys")
        ->excludes(fd);
    app.add_option("--address", options.address, "numeric address to listen on")->capture_default_str();
    app.add_option("--port", options.port, "port to listen on; 0 takes a free one")->capture_default_str();
    app.add_option("--port-file", options.port_file, "write the port here once it serves");
    app.add_option("--resolve", options.resolve, "NAME=ADDRESS, instead of asking DNS; may be repeated");
    app.footer(
        "The first start makes the user 'administrator' and prints its password, once, on standard output.\n"
        "Standard output also has the pin of the server's TLS key, for 'vouchsafe login --pin'.");
    CLI11_PARSE(app, argc, argv);

    if (const auto hardened = net::harden_process(); !hardened) {
        fmt::print(stderr, "vouchsafe-managerd: {}\n", hardened.error().detail);
        return 1;
    }
    if (const auto done = managerd::serve(options); !done) {
        fmt::print(stderr, "vouchsafe-managerd: {} ({})\n", done.error().detail, done.error().where);
        return 1;
    }
    return 0;
}
