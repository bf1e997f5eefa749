// The rules as a whole: written down, and changed only in thought.
#include "appraisal/base_image.h"
#include "cli/command.h"
#include "cli/what_if.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/files.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::cli {

namespace {

struct WhatIfOptions {
    std::vector<std::string> remove_images;
    std::vector<std::string> add_images; ///< files
    std::vector<std::string> remove_cas;
    std::string endorsement_keys; ///< "yes", "no", or "" for as it is
    std::string certificates;
    std::string ignore_firmware;
    bool secure_boot = false;
};

Result<void> export_policy(Connection& connection, const std::string& out) {
    VS_TRY(const json::Value policy, connection.call("vouchsafe.policy", "get", json::object({})));
    if (out.empty()) {
        print_json(policy);
        return {};
    }
    VS_TRY_VOID(store::write_file(out, as_bytes(json::pretty(policy))));
    say("wrote " + out);
    return {};
}

Result<json::Object> supposition(const WhatIfOptions& options) {
    json::Object spec;
    if (!options.remove_images.empty())
        spec.emplace("remove_images", json::array_of(options.remove_images));
    if (!options.remove_cas.empty())
        spec.emplace("remove_cas", json::array_of(options.remove_cas));
    json::Array documents;
    for (const std::string& file : options.add_images) {
        VS_TRY(const std::string text, read_text(file, appraisal::base_image_bytes));
        VS_TRY(json::Value document,
               json::parse(text, {.bytes = appraisal::base_image_bytes, .items = 1U << 18U}));
        documents.push_back(std::move(document));
    }
    if (!documents.empty())
        spec.emplace("add_images", std::move(documents));
    const std::array<std::pair<std::string, std::string>, 3> switches{
        {{"require_endorsement_keys", options.endorsement_keys},
         {"require_certificate_validation", options.certificates},
         {"unsafe_ignore_firmware", options.ignore_firmware}}};
    for (const auto& [name, word] : switches)
        if (!word.empty())
            spec.emplace(name, word == "yes");
    if (options.secure_boot)
        spec.emplace("require_secure_boot", true);
    return spec;
}

Exit run_what_if(const Context& context, const WhatIfOptions& options) {
    const auto spec = supposition(options);
    if (!spec)
        return report(spec.error());
    if (spec->empty())
        return report({Errc::malformed, "what_if.nothing", "say what would be changed (--help)"});
    std::size_t losers = 0;
    const Exit exit = with("authority", [&](Connection& connection) -> Result<void> {
        VS_TRY(const json::Value found, ask_what_if(connection, *spec));
        losers = count_changes(found, "loses");
        print_as(context.format, found, show_what_if);
        return {};
    });
    return exit == Exit::fine && losers > 0 ? Exit::refused : exit;
}

void declare_what_if(CLI::App& command, WhatIfOptions& options) {
    const auto yes_or_no = [&command](const char* name, std::string& word, const char* text) {
        command.add_option(name, word, text)
            ->check(CLI::IsMember({"yes", "no"}).description("yes|no"))
            ->option_text("yes|no");
    };
    command.add_option("--remove-image", options.remove_images, "version of an image; may be repeated");
    command.add_option("--add-image", options.add_images, "base image document; may be repeated");
    command.add_option("--remove-ca", options.remove_cas, "name of a TPM CA; may be repeated");
    yes_or_no("--require-endorsement-keys", options.endorsement_keys, "whether EKs must be registered");
    yes_or_no("--require-certificate-validation",
              options.certificates,
              "whether EK certificates must lead to an imported CA");
    yes_or_no("--unsafe-ignore-firmware", options.ignore_firmware, "whether any firmware will do");
    command.add_flag(
        "--require-secure-boot", options.secure_boot, "as if every image required it, whatever it says");
    command.footer(
        "The authority judges the last evidence of every approved host twice, by the rules as they "
        "are and as they\nwould be. Nothing is changed. Exit 0: no host loses trust; 1: some do.");
}

} // namespace

void add_policy_commands(CLI::App& app, Context& context) {
    CLI::App& policy = add_group(app, "policy", "the rules that hosts are judged by, as a whole");
    add_command<std::string>(
        policy,
        context,
        "export",
        "write the rules as a document, for `evidence appraise --policy`",
        [](CLI::App& command, std::string& out) {
            command.add_option("--out", out, "file to write; without it, standard output");
        },
        [](const std::string& out) {
            return with("authority", [&](Connection& connection) { return export_policy(connection, out); });
        });
    add_command<WhatIfOptions>(
        policy,
        context,
        "what-if",
        "who would lose or gain trust by a change, and why, before it is made",
        declare_what_if,
        [&context](const WhatIfOptions& options) { return run_what_if(context, options); });
}

} // namespace vouchsafe::cli
