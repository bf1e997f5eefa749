#include "appraisal/grub_config.h"
#include "appraisal/image_build.h"
#include "appraisal/image_references.h"
#include "base/reader.h"
#include "eventlog/event_data.h"
#include "eventlog/signature_list.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

namespace type = eventlog::type;

constexpr std::string_view shim_guid = "605dab50-e046-4300-abb6-3dd810dd8b23"; // SHIM_LOCK_GUID
constexpr std::string_view known_shim = ",shim,16.1,";
constexpr std::string_view known_grub = ",Debian,grub2,2.06-13+deb12";

/// What Debian builds into its signed grub; it is run before the configuration of the disk.
constexpr std::string_view built_in_config = "if [ -z \"$prefix\" -o ! -e \"$prefix\" ]; then\n"
                                             "\tif ! search --file --set=root /.disk/info; then\n"
                                             "\t\tsearch --file --set=root /.disk/mini-info\n"
                                             "\tfi\n"
                                             "\tset prefix=($root)/boot/grub\n"
                                             "fi\n"
                                             "if [ -e $prefix/x86_64-efi/grub.cfg ]; then\n"
                                             "\tsource $prefix/x86_64-efi/grub.cfg\n"
                                             "elif [ -e $prefix/grub.cfg ]; then\n"
                                             "\tsource $prefix/grub.cfg\n"
                                             "else\n"
                                             "\tsource $cmdpath/grub.cfg\n"
                                             "fi\n";

/// The list of versions that shim knows programs by [SBAT].
bool has_version(const PeImage& program, std::string_view version) {
    const PeSection* const sbat = program.section(".sbat");
    return sbat != nullptr && as_text(sbat->raw).find(version) != std::string_view::npos;
}

std::unexpected<Error> unknown_version(std::string_view where, std::string_view known) {
    return fail(Errc::unsupported,
                where,
                "only what " + std::string(known) +
                    " measures is known; boot a reference host and use `vouchsafe host export-image`");
}

/// What shim carries.
struct Shim {
    Bytes certificate; ///< of its vendor, DER
    Bytes revoked;     ///< the vendor's dbx: signature lists
    Bytes sbat_level;  ///< the oldest versions that it starts, as text
};

Result<Bytes> part_of(Bytes section, std::uint32_t offset, std::uint32_t size, std::string_view where) {
    Reader reader(section);
    VS_TRY_VOID(reader.take(offset, where));
    return reader.take(size, where);
}

Result<Shim> read_shim(const PeImage& program) {
    constexpr std::string_view vendor_where = "shim.vendor_cert";
    constexpr std::string_view level_where = "shim.sbatlevel";
    const PeSection* const vendor = program.section(".vendor_cert");
    const PeSection* const level = program.section(".sbatlevel");
    if (vendor == nullptr || level == nullptr)
        return fail(Errc::malformed, "shim.section", "no section .vendor_cert or .sbatlevel");
    Shim shim;
    Reader sizes(vendor->raw);
    VS_TRY(const auto certificate_size, sizes.little<std::uint32_t>(vendor_where));
    VS_TRY(const auto revoked_size, sizes.little<std::uint32_t>(vendor_where));
    VS_TRY(const auto certificate_at, sizes.little<std::uint32_t>(vendor_where));
    VS_TRY(const auto revoked_at, sizes.little<std::uint32_t>(vendor_where));
    VS_TRY(shim.certificate, part_of(vendor->raw, certificate_at, certificate_size, vendor_where));
    VS_TRY(shim.revoked, part_of(vendor->raw, revoked_at, revoked_size, vendor_where));
    if (shim.revoked.empty())
        return fail(
            Errc::unsupported, vendor_where, "what is measured without the vendor's dbx is not known");
    Reader levels(level->raw);
    VS_TRY(const auto format, levels.little<std::uint32_t>(level_where));
    if (format != 0)
        return fail(Errc::unsupported, level_where, "another format");
    const Bytes offsets = levels.rest(); // they count from here
    VS_TRY(const auto automatic_at, levels.little<std::uint32_t>(level_where));
    if (automatic_at >= offsets.size())
        return fail(Errc::malformed, level_where, "its text lies outside");
    const std::string_view text = as_text(offsets.subspan(automatic_at));
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos || end == 0)
        return fail(Errc::malformed, level_where, "its text has no end");
    shim.sbat_level = offsets.subspan(automatic_at, end);
    return shim;
}

eventlog::Signature vendor_signature(const Shim& shim) {
    return {.owner = std::string(shim_guid), .data = shim.certificate};
}

/// What shim admits below its vendor's certificate. By db it would leave another trace in PCR 7.
Result<void> check_admitted_by_shim(const PeImage& program,
                                    const Shim& shim,
                                    const Platform& platform,
                                    std::string_view where) {
    VS_TRY(const auto vendor, crypto::Certificate::from_der(shim.certificate));
    if (const auto below = check_signed_below(program, vendor); !below)
        return fail(Errc::untrusted, where, below.error().detail + ", as shim wants it");
    if (admission(platform, program))
        return fail(Errc::unsupported, where, "db admits it too, and what shim then measures is not known");
    return {};
}

Reference text_reference(std::uint32_t pcr, std::string description) {
    return {.pcr = pcr, .type = type::ipl, .role = {}, .description = std::move(description), .digests = {}};
}

/// PCR 7 and 14 of shim, on a machine whose owner enrolled no keys of his own.
void add_shim(const Shim& shim, References& references) {
    constexpr std::array<std::uint8_t, 1> trusted{1};
    references.add_bytes(text_reference(14, "MokList"),
                         eventlog::encode_certificate_list(vendor_signature(shim)));
    references.add_bytes(text_reference(14, "MokListX"), shim.revoked);
    references.add_bytes(text_reference(14, "MokListTrusted"), trusted);
    references.add_secure_boot(authority_event(shim_guid, "SbatLevel", shim.sbat_level));
    references.add_secure_boot(
        authority_event(shim_guid, "MokListRT", eventlog::encode_signature(vendor_signature(shim))));
}

/// PCR 8 and 9 of grub.
class GrubReferences {
public:
    GrubReferences(const GrubBuild& build, References& references) : build_(build), references_(references) {}

    void add_built_in() {
        const std::string& prefix = build_.directory;
        add_command("[ -z " + prefix + " -o ! -e " + prefix + " ]");
        add_command("[ -e " + prefix + "/x86_64-efi/grub.cfg ]");
        add_command("[ -e " + prefix + "/grub.cfg ]");
        add_command("source " + prefix + "/grub.cfg");
        add_file(prefix + "/grub.cfg", build_.config, {});
    }

    void add(const GrubCommand& command) {
        add_command(command.text());
        if (command.words.front() == "linux") {
            add_file(command.words[1], build_.kernel, Role::kernel);
            const std::string line = GrubCommand{{command.words.begin() + 1, command.words.end()}}.text();
            Reference reference = text_reference(8, line);
            reference.role = Role::command_line;
            references_.add_bytes(std::move(reference), as_bytes(line));
        } else if (command.words.front() == "initrd") {
            add_file(command.words[1], build_.initrd, Role::initrd);
        }
    }

private:
    void add_command(const std::string& text) {
        const std::string logged = "grub_cmd: " + text;
        references_.add_bytes(
            text_reference(8,
                           eventlog::describe({.type = type::ipl, .digests = {}, .data = as_bytes(logged)})),
            as_bytes(text));
    }

    void add_file(const std::string& path, Bytes content, std::optional<Role> role) {
        Reference reference = text_reference(9, path);
        reference.role = role;
        references_.add_bytes(std::move(reference), content);
    }

    const GrubBuild& build_;
    References& references_;
};

} // namespace

Result<BaseImage> build_grub(const GrubBuild& build) {
    if (!build.platform.secure_boot)
        return fail(Errc::untrusted,
                    "secure_boot.off",
                    "Secure Boot must be on: without it this grub leaves no firmware log");
    VS_TRY(const PeImage shim_program, parse_pe_image(build.shim));
    VS_TRY(const PeImage grub, parse_pe_image(build.grub));
    VS_TRY(const PeImage kernel, parse_pe_image(build.kernel));
    if (!has_version(shim_program, known_shim))
        return unknown_version("shim.version", "shim 16.1");
    if (!has_version(grub, known_grub) || as_text(build.grub).find(built_in_config) == std::string_view::npos)
        return unknown_version("grub.version", "the signed grub 2.06 of Debian 12");
    VS_TRY(const Shim shim, read_shim(shim_program));
    VS_TRY_VOID(check_admitted_by_shim(grub, shim, build.platform, "grub.signature"));
    VS_TRY_VOID(check_admitted_by_shim(kernel, shim, build.platform, "kernel.signature"));
    VS_TRY(const auto commands, grub_commands(as_text(build.config)));

    References references(build.banks);
    references.add_program(shim_program, "shim");
    references.add_program(grub, "grub");
    references.add_program(kernel, "kernel");
    references.add_program(kernel, "kernel, as shim verifies it again"); // grub asks twice
    VS_TRY_VOID(add_platform(build.platform, shim_program, references));
    add_shim(shim, references);
    GrubReferences of_grub(build, references);
    of_grub.add_built_in();
    for (const GrubCommand& command : commands)
        of_grub.add(command);
    return image_with(build.facts, references.done());
}

} // namespace vouchsafe::appraisal
