// image build: a base image from the files that are to be installed.
#include "appraisal/image_build.h"
#include "cli/command.h"
#include "cli/commands_image.h"
#include "json/parse.h"
#include "store/files.h"

#include <optional>

namespace vouchsafe::cli {

namespace {

using appraisal::Algorithm;

constexpr std::size_t most_uki = std::size_t{1} << 30U;
constexpr std::size_t most_log = std::size_t{1} << 20U;

struct BuildOptions {
    std::string uki;
    std::string platform;
    std::string version;
    std::string name;
    std::string vendor;
    std::string not_before;
    std::string not_after;
    std::vector<std::string> groups;
    std::vector<std::string> banks{"sha256"};
    std::string out;
    bool boot_only = false;
    bool unsafe_secure_boot_off = false;
};

constexpr std::string_view build_help =
    "The firmware starts the unified kernel image itself. What no file can tell, the machine's Secure Boot "
    "keys, is "
    "taken from the firmware log of any machine with the same keys, booted with an image signed by the same "
    "certificate (/sys/kernel/security/tpm0/binary_bios_measurements).\n\n"
    "Example:\n"
    "  vouchsafe image build --uki host.efi --secure-boot-from machine.log --version 2026.11 --out "
    "host.json\n"
    "  vouchsafe image import host.json\n\n"
    "Hosts that boot by shim and grub: boot a reference host and use `vouchsafe host export-image`.";

Result<std::optional<SysTime>> time_of(const std::string& text) {
    if (text.empty())
        return std::nullopt;
    VS_TRY(const SysTime time, time_from_text(text));
    return time;
}

Result<appraisal::ImageFacts> facts_of(const BuildOptions& options) {
    appraisal::ImageFacts facts{.version = {options.version},
                                .display_name = options.name,
                                .vendor = options.vendor,
                                .not_before = {},
                                .not_after = {},
                                .host_groups = options.groups,
                                .command_line = {}};
    VS_TRY(facts.not_before, time_of(options.not_before));
    VS_TRY(facts.not_after, time_of(options.not_after));
    if (options.boot_only)
        facts.userspace = appraisal::Userspace::boot_only;
    if (options.unsafe_secure_boot_off)
        facts.secure_boot = appraisal::SecureBootRule::unsafe_not_required;
    return facts;
}

Result<std::vector<Algorithm>> banks_of(const BuildOptions& options) {
    std::vector<Algorithm> banks;
    for (const std::string& name : options.banks) {
        const auto bank = eventlog::algorithm_from_text(name);
        if (!bank)
            return fail(Errc::malformed, "image.bank", "an unknown PCR bank");
        banks.push_back(*bank);
    }
    return banks;
}

/// The error with the file that it is about.
Error about(const std::string& file, Error error) {
    error.detail = printable(file) + ": " + error.detail;
    return error;
}

Result<appraisal::BaseImage> build(const BuildOptions& options) {
    VS_TRY(const auto facts, facts_of(options));
    VS_TRY(const auto banks, banks_of(options));
    VS_TRY(const Buffer log, store::read_file(options.platform, most_log));
    const auto platform = eventlog::parse_firmware_log(log);
    if (!platform)
        return std::unexpected(about(options.platform, platform.error()));
    VS_TRY(const Buffer uki, store::read_file(options.uki, most_uki));
    auto image = appraisal::build_uki({.uki = uki, .platform = *platform, .banks = banks, .facts = facts});
    if (!image) {
        const std::string& where = image.error().where;
        const bool of_platform = where.starts_with("platform.") || where.starts_with("secure_boot.");
        const bool of_file = where.starts_with("uki.") || where.starts_with("pe.");
        if (of_platform || of_file)
            return std::unexpected(about(of_platform ? options.platform : options.uki, image.error()));
    }
    return image;
}

Exit run(const Context& context, const BuildOptions& options) {
    const auto image = build(options);
    if (!image)
        return report(image.error());
    const Buffer document = appraisal::encode(*image);
    if (!options.out.empty()) {
        if (const auto written = store::write_file(options.out, document); !written)
            return report(written.error());
        if (context.format == Format::json)
            print_json(json::object({{"digest", appraisal::image_digest(*image)}, {"file", options.out}}));
        else
            show_image(*image);
        return Exit::fine;
    }
    print(as_text(document));
    return Exit::fine;
}

} // namespace

void add_image_build(CLI::App& image, Context& context) {
    add_command<BuildOptions>(
        image,
        context,
        "build",
        "compute a base image from a unified kernel image, before any host has booted it",
        [](CLI::App& command, BuildOptions& options) {
            command.add_option("--uki", options.uki, "the unified kernel image, as it will be installed")
                ->required();
            command
                .add_option("--secure-boot-from",
                            options.platform,
                            "firmware log of a machine with the same Secure Boot keys")
                ->required();
            command.add_option("--version", options.version, "version of the image")->required();
            command.add_option("--name", options.name, "name of the image, for people");
            command.add_option("--vendor", options.vendor, "who made it");
            command.add_option(
                "--not-before", options.not_before, "valid from, such as 2026-11-24T00:00:00Z");
            command.add_option("--not-after", options.not_after, "valid until");
            command.add_option(
                "--group", options.groups, "host group that it is for; repeatable; none: all hosts");
            command.add_option(
                "--bank", options.banks, "PCR bank, repeatable: sha1, sha256 (default), sha384, sha512");
            command.add_option("--out", options.out, "file for the document; without it, standard output");
            command.add_flag("--boot-only",
                             options.boot_only,
                             "the system is not all in the initrd: what it runs is "
                             "not covered");
            command.add_flag("--unsafe-secure-boot-not-required",
                             options.unsafe_secure_boot_off,
                             "for machines with Secure Boot off");
            command.footer(std::string(build_help));
        },
        [&context](const BuildOptions& options) { return run(context, options); });
}

} // namespace vouchsafe::cli
