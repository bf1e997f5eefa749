// image build: a base image from the files that are to be installed.
#include "appraisal/image_build.h"
#include "cli/command.h"
#include "cli/commands_image.h"
#include "json/parse.h"
#include "store/files.h"

#include <optional>
#include <span>

namespace vouchsafe::cli {

namespace {

using appraisal::Algorithm;

constexpr std::size_t most_file = std::size_t{1} << 30U;
constexpr std::size_t most_log = std::size_t{1} << 20U;

struct BuildOptions {
    std::string uki;
    std::string shim, grub, grub_config, kernel, initrd;
    std::string grub_directory = "(hd0,gpt1)/EFI/debian";
    std::string log;
    std::vector<std::string> pk, kek, db, dbx;
    std::string key_owner = "00000000-0000-0000-0000-000000000000";
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
    "What the firmware starts is one of\n"
    "  --uki FILE      a unified kernel image, made with systemd-stub 252\n"
    "  --shim FILE --grub FILE --grub-config FILE --kernel FILE --initrd FILE\n"
    "                  Debian 12's signed shim and grub, with a configuration of plain menu entries (set, "
    "menuentry, linux,\n"
    "                  initrd, echo, boot); the default entry is booted\n"
    "The machine's Secure Boot keys come from one of\n"
    "  --secure-boot-from FILE      the firmware log of any machine with the same keys\n"
    "                               (/sys/kernel/security/tpm0/binary_bios_measurements)\n"
    "  --pk, --kek, --db, --dbx     files of signature lists (.esl, .auth, or as efivarfs has the variable) "
    "or "
    "certificates\n"
    "                               (DER, PEM); for firmware that measures no other Secure Boot variables\n\n"
    "Examples:\n"
    "  vouchsafe image build --uki host.efi --secure-boot-from machine.log --version 2026.11 --out "
    "host.json\n"
    "  vouchsafe image build --uki host.efi --pk pk.esl --kek kek.esl --db db.esl --dbx dbx.esl --version "
    "2026.11 "
    "--out host.json\n"
    "  vouchsafe image import host.json\n\n"
    "Hosts that boot in other ways: boot a reference host and use `vouchsafe host export-image`.";

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

/// The result, or its error with the file that it is about.
template <class T> Result<T> about(const std::string& file, Result<T> result) {
    if (!result)
        result.error().detail = printable(file) + ": " + result.error().detail;
    return result;
}

Result<Buffer> lists_of(const std::vector<std::string>& files, const std::string& owner) {
    Buffer lists;
    for (const std::string& file : files) {
        VS_TRY(const Buffer bytes, store::read_file(file, appraisal::most_key_file));
        VS_TRY(const Buffer more, about(file, appraisal::read_key_file(bytes, owner)));
        lists.insert(lists.end(), more.begin(), more.end());
    }
    return lists;
}

Result<appraisal::Platform> platform_of(const BuildOptions& options) {
    if (!options.log.empty()) {
        VS_TRY(const Buffer bytes, store::read_file(options.log, most_log));
        VS_TRY(const auto log, about(options.log, eventlog::parse_firmware_log(bytes)));
        return about(options.log, appraisal::platform_of(log));
    }
    appraisal::SecureBootKeys keys;
    VS_TRY(keys.pk, lists_of(options.pk, options.key_owner));
    VS_TRY(keys.kek, lists_of(options.kek, options.key_owner));
    VS_TRY(keys.db, lists_of(options.db, options.key_owner));
    VS_TRY(keys.dbx, lists_of(options.dbx, options.key_owner));
    return appraisal::platform_of(keys);
}

/// The file that an error is about, by the first word of its place.
const std::string& file_of(const BuildOptions& options, std::string_view where) {
    static const std::string none;
    const std::string_view part = where.substr(0, where.find('.'));
    if (part == "grub")
        return where == "grub.config" ? options.grub_config : options.grub;
    if (part == "kernel")
        return options.kernel;
    if (part == "secure_boot")
        return options.log;
    if (part == "uki" || part == "pe" || part == "shim" || part == "platform")
        return options.uki.empty() ? options.shim : options.uki;
    return none;
}

Result<appraisal::BaseImage> build_from(const BuildOptions& options,
                                        const appraisal::Platform& platform,
                                        std::span<const Algorithm> banks,
                                        const appraisal::ImageFacts& facts) {
    if (!options.uki.empty()) {
        VS_TRY(const Buffer uki, store::read_file(options.uki, most_file));
        return appraisal::build_uki({.uki = uki, .platform = platform, .banks = banks, .facts = facts});
    }
    VS_TRY(const Buffer shim, store::read_file(options.shim, most_file));
    VS_TRY(const Buffer grub, store::read_file(options.grub, most_file));
    VS_TRY(const Buffer config, store::read_file(options.grub_config, most_file));
    VS_TRY(const Buffer kernel, store::read_file(options.kernel, most_file));
    VS_TRY(const Buffer initrd, store::read_file(options.initrd, most_file));
    return appraisal::build_grub({.shim = shim,
                                  .grub = grub,
                                  .config = config,
                                  .kernel = kernel,
                                  .initrd = initrd,
                                  .directory = options.grub_directory,
                                  .platform = platform,
                                  .banks = banks,
                                  .facts = facts});
}

Result<appraisal::BaseImage> build(const BuildOptions& options) {
    if (options.uki.empty() == options.shim.empty())
        return fail(Errc::malformed, "image.build", "give --uki, or --shim with what it starts");
    if (options.log.empty() == options.db.empty())
        return fail(
            Errc::malformed, "image.build", "give --secure-boot-from, or --pk, --kek, --db and --dbx");
    VS_TRY(const auto facts, facts_of(options));
    VS_TRY(const auto banks, banks_of(options));
    VS_TRY(const auto platform, platform_of(options));
    auto image = build_from(options, platform, banks, facts);
    if (!image)
        if (const std::string& file = file_of(options, image.error().where); !file.empty())
            return about(file, std::move(image));
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

void add_boot_options(CLI::App& command, BuildOptions& options) {
    auto* const uki =
        command.add_option("--uki", options.uki, "unified kernel image, as it will be installed");
    auto* const shim =
        command.add_option("--shim", options.shim, "shim, the program that the firmware starts");
    auto* const grub = command.add_option("--grub", options.grub, "grub, the program that shim starts");
    auto* const config =
        command.add_option("--grub-config", options.grub_config, "grub.cfg in --grub-directory");
    auto* const kernel = command.add_option("--kernel", options.kernel, "kernel that grub.cfg names");
    auto* const initrd = command.add_option("--initrd", options.initrd, "initrd that grub.cfg names");
    command
        .add_option("--grub-directory",
                    options.grub_directory,
                    "where grub finds its configuration, as grub writes it")
        ->capture_default_str()
        ->needs(shim);
    shim->needs(grub)->needs(config)->needs(kernel)->needs(initrd)->excludes(uki);
    for (auto* const part : {grub, config, kernel, initrd})
        part->needs(shim);
}

void add_key_options(CLI::App& command, BuildOptions& options) {
    auto* const log = command.add_option(
        "--secure-boot-from", options.log, "firmware log of a machine with the same Secure Boot keys");
    auto* const pk = command.add_option("--pk", options.pk, "platform key");
    auto* const kek = command.add_option("--kek", options.kek, "key exchange keys; repeatable");
    auto* const db = command.add_option(
        "--db", options.db, "certificates that admit programs; repeatable, in their order");
    auto* const dbx =
        command.add_option("--dbx", options.dbx, "what is revoked; repeatable; none: no variable");
    command
        .add_option(
            "--key-owner", options.key_owner, "GUID of the owner of certificates, for DER and PEM files")
        ->capture_default_str();
    for (auto* const one : {pk, kek, db, dbx}) {
        one->excludes(log);
        if (one != db)
            one->needs(db);
    }
    db->needs(pk)->needs(kek);
}

} // namespace

void add_image_build(CLI::App& image, Context& context) {
    add_command<BuildOptions>(
        image,
        context,
        "build",
        "compute a base image from the files of a boot, before any host has booted it",
        [](CLI::App& command, BuildOptions& options) {
            add_boot_options(command, options);
            add_key_options(command, options);
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
