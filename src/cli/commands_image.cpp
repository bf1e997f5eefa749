// Base images: what counts as good.
#include "appraisal/base_image.h"
#include "cli/command.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/files.h"

#include <map>

namespace vouchsafe::cli {

namespace {

#define VS_IMAGES "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx.base_images"

struct ImportOptions {
    std::string file;
    std::string expected_digest;
};

void show(const appraisal::BaseImage& image, const std::string& digest) {
    print("version      " + printable(image.version.text));
    print("name         " + printable(image.display_name));
    print("vendor       " + printable(image.vendor));
    print("digest       " + digest);
    print("secure boot  " + std::string(image.secure_boot == appraisal::SecureBootRule::required
                                            ? "required"
                                            : "NOT required (unsafe)"));
    print("userspace    " + std::string(appraisal::to_string(image.userspace)));
    Table table({"PCR", "ROLE", "SHA-256", "WHAT"});
    for (const appraisal::Reference& reference : image.references) {
        const auto sha256 = reference.digests.find(eventlog::Algorithm::sha256);
        table.row({std::to_string(reference.pcr),
                   reference.role ? std::string(appraisal::to_string(*reference.role)) : "",
                   sha256 == reference.digests.end() ? "" : to_hex(sha256->second).substr(0, 16) + "…",
                   reference.description.substr(0, 90)});
    }
    print(table.text());
}

Result<void> import_image(const ImportOptions& options) {
    VS_TRY(const std::string text, read_text(options.file, appraisal::base_image_bytes));
    VS_TRY(const json::Value value,
           json::parse(text, {.bytes = appraisal::base_image_bytes, .items = 1U << 18U}));
    const std::string document = json::canonical(value); // people may have pretty-printed it
    VS_TRY(const appraisal::BaseImage image, appraisal::parse_base_image(as_bytes(document)));
    const std::string digest = appraisal::image_digest(image);
    if (options.expected_digest.empty())
        show(image, digest);
    else if (options.expected_digest != digest)
        return fail(Errc::untrusted,
                    "image.digest",
                    "the digest of this image is " + digest + ", not the expected one");
    if (options.expected_digest.empty() &&
        !confirmed("Hosts that booted exactly this become trusted. Import it?"))
        return fail(
            Errc::denied, "image.unconfirmed", "not imported; confirm with --expect-digest " + digest);
    VS_TRY(Connection connection, Connection::open("authority"));
    VS_TRY(const std::string cluster, the_cluster(connection));
    VS_TRY(const json::Value version,
           connection.call(VS_IMAGES,
                           "import_from_imgdb",
                           json::object({{"cluster", cluster}, {"imgdb", to_base64(as_bytes(document))}})));
    say("imported " + image.version.text);
    return {};
}

} // namespace

void add_image_commands(CLI::App& app, Context& context) {
    CLI::App& image = add_group(app, "image", "base images: approved builds of host software");
    add_command<ImportOptions>(
        image,
        context,
        "import",
        "show what would become trusted, and import it once its digest is confirmed",
        [](CLI::App& command, ImportOptions& options) {
            command.add_option("file", options.file, "base image document, or - for standard input")
                ->required();
            command.add_option(
                "--expect-digest", options.expected_digest, "the digest that was confirmed elsewhere");
        },
        [](const ImportOptions& options) {
            const auto done = import_image(options);
            return done ? Exit::fine : report(done.error());
        });
    add_command(image,
                context,
                "show",
                "show a document without importing it",
                "file",
                [&context](const std::string& file) {
                    const auto text = read_text(file, appraisal::base_image_bytes);
                    if (!text)
                        return report(text.error());
                    const auto value =
                        json::parse(*text, {.bytes = appraisal::base_image_bytes, .items = 1U << 18U});
                    if (!value)
                        return report(value.error());
                    const auto parsed = appraisal::parse_base_image(as_bytes(json::canonical(*value)));
                    if (!parsed)
                        return report(parsed.error());
                    if (context.format == Format::json)
                        print_json(*value);
                    else
                        show(*parsed, appraisal::image_digest(*parsed));
                    return Exit::fine;
                });
    add_command(image,
                context,
                "digest",
                "print the digest of a document",
                "file",
                [&context](const std::string& file) {
                    const auto text = read_text(file, appraisal::base_image_bytes);
                    if (!text)
                        return report(text.error());
                    const auto value =
                        json::parse(*text, {.bytes = appraisal::base_image_bytes, .items = 1U << 18U});
                    if (!value)
                        return report(value.error());
                    const auto parsed = appraisal::parse_base_image(as_bytes(json::canonical(*value)));
                    if (!parsed)
                        return report(parsed.error());
                    const std::string digest = appraisal::image_digest(*parsed);
                    if (context.format == Format::json)
                        print_json(json::object({{"digest", digest}}));
                    else
                        print(digest);
                    return Exit::fine;
                });
    add_command(image, context, "list", "list imported images", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const std::string cluster, the_cluster(connection));
            VS_TRY(const json::Value all,
                   connection.call(VS_IMAGES, "list", json::object({{"cluster", cluster}})));
            show_list(context, all, {{"VERSION", "version"}, {"NAME", "display_name"}, {"HEALTH", "health"}});
            return {};
        });
    });
    add_command(image,
                context,
                "remove",
                "remove an image: hosts that booted it get no more keys",
                "version",
                [](const std::string& version) {
                    return with("authority", [&](Connection& connection) -> Result<void> {
                        VS_TRY(const std::string cluster, the_cluster(connection));
                        VS_TRY_VOID(connection.call(
                            VS_IMAGES, "delete", json::object({{"cluster", cluster}, {"version", version}})));
                        say("removed; tokens and sessions of the older trust epoch release nothing");
                        return {};
                    });
                });
}

} // namespace vouchsafe::cli
