// What endorses TPMs: CAs of their makers, endorsement keys, and the settings that say which of them must be.
#include "cli/command.h"
#include "store/files.h"

namespace vouchsafe::cli {

namespace {

#define VS_TPM "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.tpm2"

struct FileOptions {
    std::string name;
    std::string file;
};

struct SettingsOptions {
    std::string endorsement_keys;
    std::string certificate_validation;
    std::string accept_weak;
};

constexpr std::size_t most_bundle = std::size_t{4} << 20U;
constexpr std::string_view digest_prefix = "sha256:"; ///< of a key that is known by its digest only

// Asks the one cluster of the authority management server.
Result<json::Value>
ask(Connection& connection, std::string_view service, std::string_view operation, json::Object input) {
    VS_TRY(const std::string cluster, the_cluster(connection));
    input.emplace("cluster", cluster);
    return connection.call(service, operation, json::Value(std::move(input)));
}

// A member of one entry, as it came.
Exit show_entry(const Context& context, std::string_view service, const std::string& name) {
    return with("authority", [&](Connection& connection) -> Result<void> {
        VS_TRY(const json::Value found, ask(connection, service, "get", {{"name", name}}));
        show_one(context, found);
        return {};
    });
}

void show_import(const Context& context, const json::Value& done) {
    if (context.format == Format::json)
        return print_json(done);
    Table table({"NO", "OUTCOME", "SUBJECT", "KEY", "UNTIL", "REMARK"});
    for (const json::Value& one : member(done, "certificates").as_array())
        table.row({cell(one, "index"),
                   cell(one, "outcome"),
                   printable(cell(one, "subject")),
                   cell(one, "key"),
                   cell(one, "not_after"),
                   printable(cell(one, "detail"))});
    print(table.text());
}

Exit import_cas(const Context& context, const FileOptions& options) {
    return with("authority", [&](Connection& connection) -> Result<void> {
        VS_TRY(const Buffer file,
               store::read_file(options.file == "-" ? "/dev/stdin" : options.file, most_bundle));
        VS_TRY(const json::Value done,
               connection.call(
                   "vouchsafe.tpm_cas",
                   "import",
                   json::object(
                       {{"spec", json::object({{"name", options.name}, {"bundle", to_base64(file)}})}})));
        show_import(context, done);
        if (member(done, "imported") == json::Value(0))
            return fail(Errc::conflict, "ca.import", "none of these certificates was imported");
        return {};
    });
}

void add_ca_commands(CLI::App& app, Context& context) {
    CLI::App& ca = add_group(app, "ca", "CA certificates of TPM makers");
    add_command(ca, context, "list", "list them; WARNING marks CAs of software TPMs", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, ask(connection, VS_TPM ".ca_certificates", "list", {}));
            show_list(context, all, {{"NAME", "name"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command(
        ca, context, "show", "show the certificates of an entry", "name", [&context](const auto& name) {
            return show_entry(context, VS_TPM ".ca_certificates", name);
        });
    add_command<FileOptions>(
        ca,
        context,
        "import",
        "import CA certificates: EK certificates under them are endorsements from then on",
        [](CLI::App& command, FileOptions& options) {
            command.add_option("name", options.name, "name of the entry")->required();
            command
                .add_option("file",
                            options.file,
                            "PEM bundle, DER, or PKCS#7 (.p7b): roots and intermediates, in any order; - for "
                            "standard input")
                ->required();
            command.footer(
                "Says of each certificate what became of it: anchor (EK certificates may end there), "
                "intermediate (another one of the file signed it), repeated, known (another entry "
                "has it) or refused; the last three are left out. At most 4096 certificates and 4 "
                "MiB. An entry is removed as a whole.");
        },
        [&context](const FileOptions& options) { return import_cas(context, options); });
    add_command(ca,
                context,
                "remove",
                "remove an entry: hosts under it lose trust at once",
                "name",
                [](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY_VOID(ask(connection, VS_TPM ".ca_certificates", "delete", {{"name", name}}));
                        return {};
                    });
                });
}

void add_ek_commands(CLI::App& app, Context& context) {
    CLI::App& ek = add_group(app, "ek", "endorsement keys that are registered beforehand");
    add_command(ek, context, "list", "list them", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, ask(connection, VS_TPM ".endorsement_keys", "list", {}));
            show_list(context, all, {{"NAME", "name"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command(ek, context, "show", "show the key of an entry", "name", [&context](const auto& name) {
        return show_entry(context, VS_TPM ".endorsement_keys", name);
    });
    add_command<FileOptions>(
        ek,
        context,
        "import",
        "register the EK of a machine, which is then approved when it attests",
        [](CLI::App& command, FileOptions& options) {
            command.add_option("name", options.name, "name of the entry")->required();
            command
                .add_option("file",
                            options.file,
                            "PEM of the public key or the EK certificate, or sha256: and the key's digest")
                ->required();
        },
        [](const FileOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                std::string pem = options.file; // or the digest itself
                if (!pem.starts_with(digest_prefix)) {
                    VS_TRY(pem, read_text(options.file));
                }
                const bool certificate = pem.find("BEGIN CERTIFICATE") != std::string::npos;
                VS_TRY_VOID(ask(connection,
                                VS_TPM ".endorsement_keys",
                                "create",
                                {{"spec",
                                  json::object({{"name", options.name},
                                                {certificate ? "certificate" : "public_key", pem}})}}));
                return {};
            });
        });
    add_command(ek, context, "remove", "remove an entry", "name", [](const std::string& name) {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY_VOID(ask(connection, VS_TPM ".endorsement_keys", "delete", {{"name", name}}));
            return {};
        });
    });
}

void show_weak_tpms(const Context& context, const json::Value& found) {
    if (context.format == Format::json)
        return print_json(found);
    const json::Value& list = member(found, "weak_tpms");
    Table table({"MAKER", "FIRMWARE", "FAULT", "ADVISORIES"});
    for (const json::Value& one : member(list, "faults").as_array())
        table.row({printable(cell(one, "manufacturer")),
                   printable(cell(one, "firmware")),
                   printable(cell(one, "title")),
                   printable(cell(one, "advisories"))});
    print(table.text());
    print("list of " + printable(cell(list, "date")) + "; such TPMs are " +
          (member(found, "unsafe_accept_weak_tpms") == json::Value(true) ? "accepted" : "refused"));
}

void add_settings_commands(CLI::App& app, Context& context) {
    CLI::App& settings = add_group(app, "settings", "how endorsement is judged");
    add_command(settings, context, "show", "show the settings", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value found, ask(connection, VS_TPM ".settings", "get", {}));
            show_one(context, found);
            return {};
        });
    });
    add_command(settings,
                context,
                "weak-tpms",
                "list the TPMs with published faults that are refused, unless the settings accept them",
                [&context] {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const json::Value found,
                               connection.call("vouchsafe.tpm_settings", "get", json::object({})));
                        show_weak_tpms(context, found);
                        return {};
                    });
                });
    add_command<SettingsOptions>(
        settings,
        context,
        "set",
        "change settings; both switches off is refused",
        [](CLI::App& command, SettingsOptions& options) {
            command.require_option(1, 3);
            const auto yes_no = CLI::IsMember({"yes", "no"});
            command
                .add_option("--require-endorsement-keys",
                            options.endorsement_keys,
                            "only EKs that are registered or approved")
                ->check(yes_no);
            command
                .add_option("--require-certificate-validation",
                            options.certificate_validation,
                            "EK certificate under an imported CA")
                ->check(yes_no);
            command
                .add_option("--unsafe-accept-weak-tpms",
                            options.accept_weak,
                            "let TPMs with published faults in, with a warning; no: refuse them")
                ->check(yes_no);
        },
        [](const SettingsOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                json::Object spec;
                if (!options.endorsement_keys.empty())
                    spec.emplace("require_endorsement_keys", options.endorsement_keys == "yes");
                if (!options.certificate_validation.empty())
                    spec.emplace("require_certificate_validation", options.certificate_validation == "yes");
                if (!spec.empty())
                    VS_TRY_VOID(ask(connection, VS_TPM ".settings", "update", {{"spec", std::move(spec)}}));
                if (!options.accept_weak.empty())
                    VS_TRY_VOID(connection.call(
                        "vouchsafe.tpm_settings",
                        "set",
                        json::object(
                            {{"spec",
                              json::object({{"unsafe_accept_weak_tpms", options.accept_weak == "yes"}})}})));
                return {};
            });
        });
}

} // namespace

void add_endorsement_commands(CLI::App& app, Context& context) {
    add_ca_commands(app, context);
    add_ek_commands(app, context);
    add_settings_commands(app, context);
}

} // namespace vouchsafe::cli
