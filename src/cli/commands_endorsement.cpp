// What endorses TPMs: CAs of their makers, endorsement keys, and the settings that say which of them must be.
#include "cli/command.h"

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
};

void add_ca_commands(CLI::App& app, Context& context) {
    CLI::App& ca = add_group(app, "ca", "CA certificates of TPM makers");
    add_command(ca, context, "list", "list them; WARNING marks CAs of software TPMs", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY(const json::Value all,
                   connection.call(VS_TPM ".ca_certificates", "list", json::object({{"cluster", cluster}})));
            show_list(context, all, {{"NAME", "name"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command<FileOptions>(
        ca,
        context,
        "import",
        "import a chain: EK certificates under it are endorsements from then on",
        [](CLI::App& command, FileOptions& options) {
            command.add_option("name", options.name, "name of the entry")->required();
            command.add_option("file", options.file, "PEM, roots and intermediates")->required();
        },
        [](const FileOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                VS_TRY(const std::string pem, read_text(options.file));
                VS_TRY(const std::string cluster, the_cluster(connection));
                VS_TRY_VOID(connection.call(
                    VS_TPM ".ca_certificates",
                    "create",
                    json::object({{"cluster", cluster},
                                  {"spec",
                                   json::object({{"name", options.name},
                                                 {"cert_chain",
                                                  json::object({{"cert_chain", json::array({pem})}})}})}})));
                return {};
            });
        });
    add_command(ca,
                context,
                "remove",
                "remove an entry: hosts under it lose trust at once",
                "name",
                [](const std::string& name) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const std::string cluster, the_cluster(connection));
                        VS_TRY_VOID(connection.call(VS_TPM ".ca_certificates",
                                                    "delete",
                                                    json::object({{"cluster", cluster}, {"name", name}})));
                        return {};
                    });
                });
}

void add_ek_commands(CLI::App& app, Context& context) {
    CLI::App& ek = add_group(app, "ek", "endorsement keys that are registered beforehand");
    add_command(ek, context, "list", "list them", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY(const json::Value all,
                   connection.call(VS_TPM ".endorsement_keys", "list", json::object({{"cluster", cluster}})));
            show_list(context, all, {{"NAME", "name"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command<FileOptions>(
        ek,
        context,
        "import",
        "register the EK of a machine, which is then approved when it attests",
        [](CLI::App& command, FileOptions& options) {
            command.add_option("name", options.name, "name of the entry")->required();
            command.add_option("file", options.file, "PEM: public key or EK certificate")->required();
        },
        [](const FileOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                VS_TRY(const std::string pem, read_text(options.file));
                const bool certificate = pem.find("BEGIN CERTIFICATE") != std::string::npos;
                VS_TRY(const std::string cluster, the_cluster(connection));
                VS_TRY_VOID(connection.call(
                    VS_TPM ".endorsement_keys",
                    "create",
                    json::object({{"cluster", cluster},
                                  {"spec",
                                   json::object({{"name", options.name},
                                                 {certificate ? "certificate" : "public_key", pem}})}})));
                return {};
            });
        });
    add_command(ek, context, "remove", "remove an entry", "name", [](const std::string& name) {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY_VOID(connection.call(
                VS_TPM ".endorsement_keys", "delete", json::object({{"cluster", cluster}, {"name", name}})));
            return {};
        });
    });
}

void add_settings_commands(CLI::App& app, Context& context) {
    CLI::App& settings = add_group(app, "settings", "how endorsement is judged");
    add_command(settings, context, "show", "show the settings", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY(const json::Value found,
                   connection.call(VS_TPM ".settings", "get", json::object({{"cluster", cluster}})));
            show_one(context, found);
            return {};
        });
    });
    add_command<SettingsOptions>(
        settings,
        context,
        "set",
        "change settings; both switches off is refused",
        [](CLI::App& command, SettingsOptions& options) {
            command.require_option(1, 2);
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
        },
        [](const SettingsOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                json::Object spec;
                if (!options.endorsement_keys.empty())
                    spec.emplace("require_endorsement_keys", options.endorsement_keys == "yes");
                if (!options.certificate_validation.empty())
                    spec.emplace("require_certificate_validation", options.certificate_validation == "yes");
                VS_TRY(const std::string cluster, the_cluster(connection));
                VS_TRY_VOID(connection.call(VS_TPM ".settings",
                                            "update",
                                            json::object({{"cluster", cluster}, {"spec", std::move(spec)}})));
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
