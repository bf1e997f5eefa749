// Hosts, from both sides: enrolments at the authority, clusters and machines at the workload manager.
#include "attestation/image_export.h"
#include "cli/command.h"
#include "cli/enrolments.h"
#include "json/write.h"
#include "store/files.h"

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
    std::string out;
};

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

// The document and the evidence behind it. The host may have attested between the two: then the document is
// not of this evidence, and the one who imports it would see a difference that is nobody's fault.
Result<json::Value>
exported_image(Connection& connection, const std::string& id, const ExportOptions& options) {
    json::Object input{{"host", id}, {"userspace", options.userspace}};
    if (!options.version.empty())
        input.emplace("version", options.version);
    if (!options.name.empty())
        input.emplace("display_name", options.name);
    VS_TRY(const json::Value document,
           connection.call("vouchsafe.enrolments", "export_image", json::Value(std::move(input))));
    VS_TRY(const appraisal::BaseImage image,
           appraisal::parse_base_image(as_bytes(json::canonical(document))));
    VS_TRY(const Buffer bytes, fetch_evidence(connection, id));
    VS_TRY(const attestation::KeptEvidence kept, attestation::parse_kept_evidence(bytes));
    json::Value out = attestation::image_export(image, kept);
    VS_TRY(const attestation::ImageExport read, attestation::read_image_export(out));
    if (!read.difference().empty())
        return fail(Errc::conflict,
                    "image_export.difference",
                    "the image that the authority made is not the one that the evidence shows; the host may "
                    "have booted another one just now: try again");
    return out;
}

Result<void> export_image(Connection& connection, const ExportOptions& options) {
    VS_TRY(const std::string id, enrolment_id(connection, options.host));
    VS_TRY(const json::Value document, exported_image(connection, id, options));
    if (options.out.empty()) {
        print_json(document);
        return {};
    }
    VS_TRY_VOID(store::write_file(options.out, as_bytes(json::pretty(document))));
    say("wrote " + options.out);
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
        "make a base image of what a host booted last, with the quote and logs that prove it",
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
            command.add_option("--out", options.out, "file to write; without it, standard output");
            command.footer("Whoever imports it makes the image again from quote and logs, and sees what "
                           "differs. A host that is not approved yet will do: it must have attested once.");
        },
        [](const ExportOptions& options) {
            return with("authority",
                        [&](Connection& connection) { return export_image(connection, options); });
        });
}

} // namespace vouchsafe::cli
