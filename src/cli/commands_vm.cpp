// Encrypted virtual machines.
#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

struct CreateOptions {
    std::string name;
    std::string host;
    std::string provider;
    std::string image;
    std::int64_t disk_mib = 0;
    std::int64_t memory_mib = 512;
    std::int64_t vcpus = 1;
};

struct RewrapOptions {
    std::string vm;
    bool all = false;
    std::string provider;
};

Result<void> rewrap_one(Connection& connection, const std::string& name) {
    VS_TRY_VOID(connection.call("vouchsafe.vms", "rewrap", json::object({{"vm", name}})));
    say(name + ": rewrapped");
    return {};
}

/// All of a provider's virtual machines; what goes wrong with one does not keep the others.
Result<void> rewrap_all(Connection& connection, const std::string& provider) {
    VS_TRY(const json::Value all, connection.call("vouchsafe.vms", "list", json::object({})));
    int failed = 0;
    int done = 0;
    for (const json::Value& vm : all.as_array()) {
        if (cell(vm, "provider") != provider)
            continue;
        const auto rewrapped = rewrap_one(connection, cell(vm, "name"));
        if (!rewrapped)
            say(cell(vm, "name") + ": " + rewrapped.error().detail);
        (rewrapped ? done : failed) += 1;
    }
    if (failed > 0)
        return fail(Errc::conflict,
                    "vm.rewrap",
                    std::to_string(failed) + " of " + std::to_string(failed + done) +
                        " virtual machines were not rewrapped; run this again once their hosts can");
    say(std::to_string(done) + " virtual machines of " + provider + " rewrapped");
    return {};
}

Result<void> rewrap(Connection& connection, const RewrapOptions& options) {
    if (options.all == !options.vm.empty() || options.all == options.provider.empty())
        return fail(Errc::malformed, "vm.rewrap", "say either a virtual machine, or --all --provider NAME");
    return options.all ? rewrap_all(connection, options.provider) : rewrap_one(connection, options.vm);
}

Result<void>
order(Connection& connection, const Context& context, std::string_view what, const std::string& name) {
    VS_TRY(const json::Value vm, connection.call("vouchsafe.vms", what, json::object({{"vm", name}})));
    show_one(context, vm);
    return {};
}

} // namespace

void add_vm_commands(CLI::App& app, Context& context) {
    CLI::App& vm = add_group(app, "vm", "encrypted virtual machines");
    add_command(vm, context, "list", "list virtual machines", [&context] {
        return with("workload", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, connection.call("vouchsafe.vms", "list", json::object({})));
            show_list(context,
                      all,
                      {{"NAME", "name"},
                       {"STATE", "state"},
                       {"HOST", "host"},
                       {"PROVIDER", "provider"},
                       {"DISK MiB", "disk_mib"},
                       {"PROBLEM", "problem"},
                       {"VM", "vm"}});
            return {};
        });
    });
    add_command<CreateOptions>(
        vm,
        context,
        "create",
        "create a virtual machine whose disk is encrypted under a new key",
        [](CLI::App& command, CreateOptions& options) {
            command.add_option("name", options.name, "name of the virtual machine")->required();
            command.add_option("--host", options.host, "the trusted host")->required();
            command.add_option("--provider", options.provider, "the trusted key provider")->required();
            command.add_option("--disk", options.disk_mib, "size of the disk, MiB")->required();
            command.add_option(
                "--image", options.image, "image on the host that the disk begins as; none: empty");
            command.add_option("--memory", options.memory_mib, "MiB")->capture_default_str();
            command.add_option("--vcpus", options.vcpus, "virtual processors")->capture_default_str();
        },
        [&context](const CreateOptions& options) {
            return with("workload", [&](Connection& connection) -> Result<void> {
                json::Object spec{{"name", options.name},
                                  {"host", options.host},
                                  {"provider", options.provider},
                                  {"disk_mib", options.disk_mib},
                                  {"memory_mib", options.memory_mib},
                                  {"vcpus", options.vcpus}};
                if (!options.image.empty())
                    spec.emplace("image", options.image);
                VS_TRY(const json::Value created,
                       connection.call("vouchsafe.vms", "create", json::object({{"spec", std::move(spec)}})));
                show_one(context, created);
                return {};
            });
        });
    add_command(vm, context, "show", "show a virtual machine", "vm", [&context](const std::string& name) {
        return with("workload",
                    [&](Connection& connection) { return order(connection, context, "get", name); });
    });
    add_command(vm,
                context,
                "start",
                "start it: its host fetches the key, if it is trusted",
                "vm",
                [&context](const std::string& name) {
                    return with("workload", [&](Connection& connection) {
                        return order(connection, context, "start", name);
                    });
                });
    add_command(vm, context, "stop", "stop it", "vm", [&context](const std::string& name) {
        return with("workload",
                    [&](Connection& connection) { return order(connection, context, "stop", name); });
    });
    add_command<RewrapOptions>(
        vm,
        context,
        "rewrap",
        "wrap its key anew under the provider's newest generation; the key itself is seen by nobody",
        [](CLI::App& command, RewrapOptions& options) {
            command.add_option("vm", options.vm, "name or UUID of the virtual machine");
            command.add_flag("--all", options.all, "all of a provider's, one after the other");
            command.add_option("--provider", options.provider, "the trusted key provider, with --all");
        },
        [](const RewrapOptions& options) {
            return with("workload", [&](Connection& connection) { return rewrap(connection, options); });
        });
    add_command(vm, context, "delete", "delete it with its disk", "vm", [&context](const std::string& name) {
        return with("workload",
                    [&](Connection& connection) { return order(connection, context, "delete", name); });
    });
}

} // namespace vouchsafe::cli
