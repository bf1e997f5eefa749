// Base images: what counts as good.
#include "cli/commands_image.h"

#include "appraisal/base_image.h"
#include "appraisal/image_diff.h"
#include "attestation/image_export.h"
#include "cli/command.h"
#include "json/parse.h"
#include "json/write.h"

#include <optional>

namespace vouchsafe::cli {

namespace {

struct DiffOptions {
    std::string before;
    std::string after;
};

struct ImportOptions {
    std::string file;
    std::string expected_digest;
};

/// A base image as a file has it: the document, or an export that proves it.
struct Document {
    appraisal::BaseImage image;                         ///< of an export: as its evidence shows it
    std::optional<attestation::ImageExport> proof = {}; ///< of an export
};

// People may have pretty-printed it.
Result<Document> read_document(const std::string& file) {
    constexpr std::size_t most = attestation::max_image_export_bytes;
    VS_TRY(const std::string text, read_text(file, most));
    VS_TRY(const json::Value value, json::parse(text, {.bytes = most, .items = 1U << 18U}));
    if (attestation::is_image_export(value)) {
        VS_TRY(attestation::ImageExport proof, attestation::read_image_export(value));
        appraisal::BaseImage image = proof.derived;
        return Document{.image = std::move(image), .proof = std::move(proof)};
    }
    VS_TRY(appraisal::BaseImage image, appraisal::parse_base_image(as_bytes(json::canonical(value))));
    return Document{.image = std::move(image)};
}

json::Value to_json(const appraisal::BaseImage& image) {
    auto value = json::parse(as_text(appraisal::encode(image)),
                             {.bytes = appraisal::base_image_bytes, .items = 1U << 18U});
    VS_CHECK(value.has_value());
    return *std::move(value);
}

/// The beginning of the digest: of SHA-256 where the image has it, else of another bank with its name.
std::string shown_digest(const std::optional<appraisal::Reference>& reference) {
    constexpr std::size_t shown = 16;
    if (!reference || reference->digests.empty())
        return "";
    const auto sha256 = reference->digests.find(eventlog::Algorithm::sha256);
    const auto& [bank, digest] = sha256 == reference->digests.end() ? *reference->digests.rbegin() : *sha256;
    const std::string name = bank == eventlog::Algorithm::sha256 ? "" : eventlog::to_string(bank) + ":";
    return name + to_hex(digest).substr(0, shown) + "…";
}

void show_difference(const appraisal::ImageDifference& difference) {
    if (difference.empty())
        return print("the same");
    Table members({"MEMBER", "BEFORE", "AFTER"});
    for (const appraisal::MemberChange& change : difference.members)
        members.row({change.name, printable(change.before), printable(change.after)});
    if (!difference.members.empty())
        print(members.text());
    Table references({"PCR", "CHANGE", "ROLE", "BEFORE", "AFTER", "WHAT"});
    for (const appraisal::ReferenceChange& change : difference.references) {
        const appraisal::Reference& one = change.after ? *change.after : *change.before;
        references.row({std::to_string(change.pcr()),
                        !change.before  ? "added"
                        : !change.after ? "removed"
                                        : "changed",
                        one.role ? std::string(appraisal::to_string(*one.role)) : "",
                        shown_digest(change.before),
                        shown_digest(change.after),
                        printable(change.detail.empty() ? one.description : change.detail)});
    }
    if (!difference.references.empty())
        print(references.text());
}

void show_proof(const attestation::ImageExport& proof) {
    print("proved by    the evidence of " + printable(proof.kept.enrolment.label) + " (" +
          proof.evidence.host.challenge.host.text + ") of " + to_text(proof.kept.received));
    print("EK           " + proof.evidence.host.challenge.ek_digest);
    print("AK           " + proof.evidence.host.ak_name +
          (proof.kept.activated ? ", activated" : ", enrolled") + " as this EK's, says " +
          printable(proof.kept.challenge.authority_host.text));
}

// What the evidence does not bear out is shown, and nothing is imported: the export was changed.
Result<void> check_proof(const std::optional<attestation::ImageExport>& proof) {
    if (!proof || proof->difference().empty())
        return {};
    show_difference(proof->difference());
    return fail(Errc::untrusted,
                "image.export",
                "not imported: the image in this export is not the one that its quote and logs show (BEFORE: "
                "as they show it, AFTER: as the export has it)");
}

Result<void> import_image(const ImportOptions& options) {
    VS_TRY(const Document read, read_document(options.file));
    VS_TRY_VOID(check_proof(read.proof));
    const std::string digest = appraisal::image_digest(read.image);
    if (options.expected_digest.empty()) {
        if (read.proof)
            show_proof(*read.proof);
        show_image(read.image);
    } else if (options.expected_digest != digest) {
        return fail(Errc::untrusted,
                    "image.digest",
                    "the digest of this image is " + digest + ", not the expected one");
    }
    if (options.expected_digest.empty() &&
        !confirmed("Hosts that booted exactly this become trusted. Import it?"))
        return fail(
            Errc::denied, "image.unconfirmed", "not imported; confirm with --expect-digest " + digest);
    VS_TRY(Connection connection, Connection::open("authority"));
    VS_TRY(const std::string cluster, the_cluster(connection));
    VS_TRY(const json::Value version,
           connection.call(
               base_images,
               "import_from_imgdb",
               json::object({{"cluster", cluster}, {"imgdb", to_base64(appraisal::encode(read.image))}})));
    say("imported " + read.image.version.text);
    return {};
}

// When a host was last trusted by it is said for each image by itself.
Result<json::Value> list_images(Connection& connection) {
    VS_TRY(const std::string cluster, the_cluster(connection));
    VS_TRY(const json::Value all, connection.call(base_images, "list", json::object({{"cluster", cluster}})));
    json::Array out;
    for (const json::Value& image : all.as_array()) {
        VS_TRY(const json::Value info,
               connection.call(base_images,
                               "get",
                               json::object({{"cluster", cluster}, {"version", cell(image, "version")}})));
        json::Value row = image;
        row.as_object().emplace("last_attested_time", cell(info, "last_attested_time"));
        out.push_back(std::move(row));
    }
    return json::Value(std::move(out));
}

} // namespace

void show_image(const appraisal::BaseImage& image) {
    print("version      " + printable(image.version.text));
    print("name         " + printable(image.display_name));
    print("vendor       " + printable(image.vendor));
    print("digest       " + appraisal::image_digest(image));
    print("secure boot  " + std::string(image.secure_boot == appraisal::SecureBootRule::required
                                            ? "required"
                                            : "NOT required (unsafe)"));
    print("userspace    " + std::string(appraisal::to_string(image.userspace)));
    if (image.verity_root_hash)
        print("root hash    " + to_hex(*image.verity_root_hash));
    if (image.ima) {
        print("IMA          " + std::to_string(image.ima->digests.size()) + " file digests" +
              (image.ima->unsafe_violations ? ", violations accepted (unsafe)" : ""));
        for (const appraisal::ImaKey& key : image.ima->keys)
            print("IMA key      " + to_hex(key.key_id) + " " + printable(key.name) +
                  (image.ima->signatures_suffice ? ", signs files" : ", for keyrings only"));
    }
    if (image.unsafe_kexec)
        print("kexec        accepted (unsafe)");
    Table table({"PCR", "ROLE", "DIGEST", "WHAT"});
    for (const appraisal::Reference& reference : image.references) {
        table.row({std::to_string(reference.pcr),
                   reference.role ? std::string(appraisal::to_string(*reference.role)) : "",
                   shown_digest(reference),
                   printable(reference.description.substr(0, 90))});
    }
    print(table.text());
}

void add_image_commands(CLI::App& app, Context& context) {
    CLI::App& image = add_group(app, "image", "base images: approved builds of host software");
    add_image_build(image, context);
    add_command<ImportOptions>(
        image,
        context,
        "import",
        "show what would become trusted, and import it once its digest is confirmed",
        [](CLI::App& command, ImportOptions& options) {
            command
                .add_option(
                    "file", options.file, "base image document or export of one, or - for standard input")
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
                    const auto read = read_document(file);
                    if (!read)
                        return report(read.error());
                    if (context.format == Format::json) {
                        print_json(to_json(read->image));
                        return Exit::fine;
                    }
                    if (read->proof)
                        show_proof(*read->proof);
                    show_image(read->image);
                    return Exit::fine;
                });
    add_command(image,
                context,
                "digest",
                "print the digest of a document",
                "file",
                [&context](const std::string& file) {
                    const auto read = read_document(file);
                    if (!read)
                        return report(read.error());
                    const std::string digest = appraisal::image_digest(read->image);
                    if (context.format == Format::json)
                        print_json(json::object({{"digest", digest}}));
                    else
                        print(digest);
                    return Exit::fine;
                });
    add_command<DiffOptions>(
        image,
        context,
        "diff",
        "what differs between two documents",
        [](CLI::App& command, DiffOptions& options) {
            command.add_option("before", options.before, "base image document, or - for standard input")
                ->required();
            command.add_option("after", options.after, "the other document")->required();
            command.footer("Exit 0: the same; 1: they differ; 2: a document is malformed.");
        },
        [&context](const DiffOptions& options) {
            const auto before = read_document(options.before);
            if (!before)
                return report(before.error());
            const auto after = read_document(options.after);
            if (!after)
                return report(after.error());
            const auto difference = appraisal::image_difference(before->image, after->image);
            if (context.format == Format::json)
                print_json(appraisal::to_json(difference));
            else
                show_difference(difference);
            return difference.empty() ? Exit::fine : Exit::refused;
        });
    add_command(image, context, "list", "list imported images", [&context] {
        return with("authority", [&](Connection& connection) -> Result<void> {
            VS_TRY(const json::Value all, list_images(connection));
            show_list(context,
                      all,
                      {{"VERSION", "version"},
                       {"NAME", "display_name"},
                       {"HEALTH", "health"},
                       {"LAST ATTESTED", "last_attested_time"}});
            return {};
        });
    });
    add_image_retire(image, context);
}

} // namespace vouchsafe::cli
