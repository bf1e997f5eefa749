// Hosts, from both sides: enrolments at the authority, clusters and machines at the workload manager.
#include "cli/command.h"

namespace vouchsafe::cli {

namespace {

struct ApproveOptions {
    std::string host;
    std::string expected_ak;
    std::vector<std::string> groups;
};

struct ExportOptions {
    std::string host;
    std::string version;
    std::string name;
    std::string userspace = "boot-image";
};

// By id, or by label where only one enrolment has it.
Result<std::string> enrolment_id(Connection& connection, const std::string& name) {
    VS_TRY(const json::Value all, connection.call("vouchsafe.enrolments", "list", json::object({})));
    std::string found;
    for (const json::Value& item : all.as_array()) {
        if (cell(item, "host") == name)
            return name;
        if (cell(item, "label") != name || cell(item, "state") == "removed")
            continue;
        if (!found.empty())
            return fail(Errc::conflict,
                        "enrolment.label",
                        "several enrolments have the label " + name + "; use the id");
        found = cell(item, "host");
    }
    if (found.empty())
        return fail(Errc::not_found, "enrolment", "there is no enrolment " + name);
    return found;
}

void print_reasons(const json::Value& item) {
    const json::Value* const reasons = item.find("reasons");
    if (reasons == nullptr || !reasons->is_array())
        return;
    for (const json::Value& reason : reasons->as_array()) {
        print("reason " + printable(cell(reason, "code")) + ": " + printable(cell(reason, "message")));
        if (const json::Value* const event = reason.find("event"); event != nullptr && event->is_object())
            print("  event " + cell(*event, "index") + ", PCR " + cell(*event, "pcr") + ", " +
                  printable(cell(*event, "type")) + ": " + printable(cell(*event, "description")) + "\n  " +
                  cell(*event, "bank") + " " + cell(*event, "digest"));
        if (const json::Value* const expected = reason.find("expected");
            expected != nullptr && expected->is_array())
            for (const json::Value& wanted : expected->as_array())
                print("  expected " + cell(wanted, "digest") + " " + printable(cell(wanted, "description")) +
                      (cell(wanted, "image").empty() ? ""
                                                     : " (image " + printable(cell(wanted, "image")) + ")"));
        if (!cell(reason, "hint").empty())
            print("  hint: " + printable(cell(reason, "hint")));
    }
}

// What becomes trusted is the key that the host proved last: shown, confirmed, and named to the server, which
// refuses when another one was proven meanwhile.
Result<void> approve(Connection& connection, const ApproveOptions& options) {
    VS_TRY(const std::string id, enrolment_id(connection, options.host));
    VS_TRY(const json::Value item,
           connection.call("vouchsafe.enrolments", "get", json::object({{"host", id}})));
    const std::string ak = cell(item, "ak_name");
    const std::string approved_ak = cell(member(item, "enrolment"), "ak_name");
    if (options.expected_ak.empty()) {
        Table table({"FIELD", "VALUE"});
        for (const auto* const field :
             {"host", "label", "state", "tpm", "ca", "lab", "ek_digest", "ak_name", "firmware_version"})
            table.row({field, cell(item, field)});
        if (!approved_ak.empty() && approved_ak != ak)
            table.row({"approved before", approved_ak});
        print(table.text());
    } else if (options.expected_ak != ak) {
        return fail(Errc::untrusted,
                    "enrolment.ak_name",
                    options.host +
                        (ak.empty() ? " has not proven an attestation key yet"
                                    : " has proven the attestation key " + ak + ", not the expected one"));
    }
    if (options.expected_ak.empty() && !ak.empty() &&
        !confirmed("The machine with this EK and AK becomes a trusted host. Approve it?"))
        return fail(Errc::denied, "enrolment.unconfirmed", "not approved; confirm with --expect-ak " + ak);
    json::Object spec;
    if (!ak.empty())
        spec.emplace("ak_name", ak);
    if (!options.groups.empty())
        spec.emplace("groups", json::array_of(options.groups));
    VS_TRY_VOID(connection.call("vouchsafe.enrolments",
                                "approve",
                                json::object({{"host", id}, {"spec", json::Value(std::move(spec))}})));
    say("approved " + options.host + "; it is judged anew at its next attestation (vouchsafe host attest)");
    return {};
}

Result<void> show_host(Connection& connection, const Context& context, const std::string& name) {
    VS_TRY(const json::Value host, connection.call("vouchsafe.hosts", "get", json::object({{"host", name}})));
    show_one(context, host);
    if (context.format == Format::table)
        print_reasons(host);
    return {};
}

void add_enrolment_commands(CLI::App& app, Context& context) {
    CLI::App& enrolment = add_group(app, "enrolment", "which machines are hosts, at the authority");
    add_command(enrolment, context, "list", "list enrolments", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, connection.call("vouchsafe.enrolments", "list", json::object({})));
            show_list(context,
                      all,
                      {{"HOST", "host"},
                       {"LABEL", "label"},
                       {"ENROLMENT", "state"},
                       {"ATTESTATION", "attestation"},
                       {"BASE IMAGE", "base_image"},
                       {"CA", "ca"},
                       {"LAB", "lab"}});
            return {};
        });
    });
    add_command<ApproveOptions>(
        enrolment,
        context,
        "approve",
        "show a machine, and approve it once confirmed: its EK, attestation key and firmware hold from then "
        "on",
        [](CLI::App& command, ApproveOptions& options) {
            command.add_option("host", options.host, "id or label")->required();
            command.add_option("--expect-ak",
                               options.expected_ak,
                               "name of the attestation key that was confirmed elsewhere");
            command.add_option(
                "--group", options.groups, "host group; may be repeated; without it they stay as they are");
        },
        [](const ApproveOptions& options) {
            return with("authority", [&](Connection& connection) { return approve(connection, options); });
        });
    add_command(enrolment,
                context,
                "remove",
                "remove a machine: it gets no more keys",
                "host",
                [](const std::string& host) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const std::string id, enrolment_id(connection, host));
                        VS_TRY_VOID(
                            connection.call("vouchsafe.enrolments", "delete", json::object({{"host", id}})));
                        return {};
                    });
                });
}

void add_cluster_commands(CLI::App& app, Context& context) {
    CLI::App& cluster = add_group(app, "cluster", "trusted clusters, at the workload manager");
    add_command(cluster, context, "list", "list clusters", [&context] {
        return with("workload", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, connection.call("vouchsafe.clusters", "list", json::object({})));
            show_list(context, all, {{"CLUSTER", "cluster"}, {"NAME", "name"}, {"TRUSTED", "trusted"}});
            return {};
        });
    });
    add_command(cluster,
                context,
                "create",
                "create a cluster, and print its id",
                "name",
                [](const std::string& name) {
                    return with("workload", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value id,
                               connection.call("vouchsafe.clusters",
                                               "create",
                                               json::object({{"spec", json::object({{"name", name}})}})));
                        print(id.as_string());
                        return {};
                    });
                });
    add_command(
        cluster, context, "delete", "delete a cluster without hosts", "cluster", [](const std::string& id) {
            return with("workload", [&](Connection& connection) -> Result<void> {
                VS_TRY_VOID(connection.call("vouchsafe.clusters", "delete", json::object({{"cluster", id}})));
                return {};
            });
        });
    add_command(cluster,
                context,
                "join-token",
                "print a one-time token for one host to join with",
                "cluster",
                [](const std::string& id) {
                    return with("workload", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value token,
                               connection.call("vouchsafe.join_tokens",
                                               "create",
                                               json::object({{"spec", json::object({{"cluster", id}})}})));
                        print(token.as_string());
                        return {};
                    });
                });
}

} // namespace

void add_host_commands(CLI::App& app, Context& context) {
    add_enrolment_commands(app, context);
    add_cluster_commands(app, context);
    CLI::App& host = add_group(app, "host", "trusted hosts");
    add_command(host, context, "list", "list the hosts of the workload manager", [&context] {
        return with("workload", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, connection.call("vouchsafe.hosts", "list", json::object({})));
            show_list(context,
                      all,
                      {{"NAME", "name"},
                       {"CLUSTER", "cluster"},
                       {"STATE", "state"},
                       {"BASE IMAGE", "base_image"},
                       {"LAST SEEN", "last_seen"}});
            return {};
        });
    });
    add_command(host,
                context,
                "show",
                "show a host as its reporting token says",
                "host",
                [&context](const std::string& name) {
                    return with("workload",
                                [&](Connection& connection) { return show_host(connection, context, name); });
                });
    add_command(
        host, context, "attest", "let a host attest now", "host", [&context](const std::string& name) {
            return with("workload", [&](Connection& connection) -> Result<void> {
                VS_TRY_VOID(connection.call("vouchsafe.hosts", "attest", json::object({{"host", name}})));
                return show_host(connection, context, name);
            });
        });
    add_command(host,
                context,
                "remove",
                "remove a host from the workload manager",
                "host",
                [](const std::string& name) {
                    return with("workload", [&](Connection& connection) -> Result<void> {
                        VS_TRY_VOID(
                            connection.call("vouchsafe.hosts", "delete", json::object({{"host", name}})));
                        return {};
                    });
                });
    add_command(host,
                context,
                "explain",
                "why the authority trusts or refuses a host",
                "host",
                [&context](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const std::string id, enrolment_id(connection, name));
                        VS_TRY(
                            const json::Value found,
                            connection.call("vouchsafe.enrolments", "explain", json::object({{"host", id}})));
                        show_one(context, found);
                        if (context.format == Format::table)
                            print_reasons(found);
                        return {};
                    });
                });
    add_command<ExportOptions>(
        host,
        context,
        "export-image",
        "make a base image of what a host booted last, and print the document",
        [](CLI::App& command, ExportOptions& options) {
            command.add_option("host", options.host, "id or label")->required();
            command.add_option("--version", options.version, "version of the image");
            command.add_option("--name", options.name, "name of the image, for people");
            command
                .add_option(
                    "--userspace",
                    options.userspace,
                    "what covers userspace: boot-image (the whole system is in it), dm-verity (by the "
                    "root hash in the command line), ima (approve every file that IMA has listed), or "
                    "boot-only (nothing does)")
                ->check(CLI::IsMember({"boot-image", "dm-verity", "ima", "boot-only"}))
                ->capture_default_str();
        },
        [](const ExportOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                VS_TRY(const std::string id, enrolment_id(connection, options.host));
                json::Object input{{"host", id}, {"userspace", options.userspace}};
                if (!options.version.empty())
                    input.emplace("version", options.version);
                if (!options.name.empty())
                    input.emplace("display_name", options.name);
                VS_TRY(
                    const json::Value document,
                    connection.call("vouchsafe.enrolments", "export_image", json::Value(std::move(input))));
                print_json(document);
                return {};
            });
        });
}

} // namespace vouchsafe::cli
