#include "appraisal/image_build.h"

#include "appraisal/image_references.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

namespace type = eventlog::type;

/// In the order in which systemd-stub 252 measures them.
constexpr std::array<std::string_view, 6> measured_sections{
    ".linux", ".osrel", ".cmdline", ".initrd", ".splash", ".dtb"};
constexpr std::string_view known_stub = "#### LoaderInfo: systemd-stub 252";

Result<void> check_stub(const PeImage& uki) {
    const PeSection* const magic = uki.section(".sdmagic");
    if (magic == nullptr)
        return fail(
            Errc::unsupported, "uki.stub", "no section .sdmagic: this is no image made with systemd-stub");
    const std::string_view text = as_text(magic->raw);
    const bool known = text.starts_with(known_stub) && text.size() > known_stub.size() &&
                       (text[known_stub.size()] < '0' || text[known_stub.size()] > '9');
    if (!known)
        return fail(Errc::unsupported,
                    "uki.stub",
                    ".sdmagic: only what systemd-stub 252 measures is known; boot a reference host and use "
                    "`vouchsafe host export-image`");
    for (const std::string_view name : {".pcrsig", ".pcrpkey"})
        if (uki.section(name) != nullptr)
            return fail(Errc::unsupported,
                        "uki.section",
                        std::string(name) +
                            ": the stub adds a file to the initrd for it, which cannot be predicted");
    return {};
}

Result<Bytes> needed(const PeImage& uki, std::string_view name) {
    const PeSection* const section = uki.section(name);
    if (section == nullptr)
        return fail(Errc::malformed, "uki.section", "there is no section " + std::string(name));
    VS_TRY(const Bytes bytes, content(*section));
    if (bytes.empty())
        return fail(Errc::malformed, "uki.section", "the section " + std::string(name) + " is empty");
    return bytes;
}

/// The text up to the first NUL, as the stub hands it to the kernel.
Result<std::string> command_line_of(Bytes section) {
    const std::string_view text = as_text(section).substr(0, as_text(section).find('\0'));
    const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || !std::ranges::all_of(text, plain))
        return fail(
            Errc::unsupported,
            "uki.cmdline",
            ".cmdline: must be printable ASCII without blanks or line ends around it; make the image again "
            "without them");
    return std::string(text);
}

Result<void> add_sections(const PeImage& uki, const std::string& command_line, References& references) {
    for (const std::string_view name : measured_sections) {
        const PeSection* const section = uki.section(name);
        if (section == nullptr || section->size == 0)
            continue;
        VS_TRY(const Bytes bytes, content(*section));
        Reference reference{
            .pcr = 11, .type = type::ipl, .role = {}, .description = std::string(name), .digests = {}};
        references.add_bytes(reference, as_bytes(std::string(name) + '\0'));
        if (name == ".linux")
            reference.role = Role::kernel;
        if (name == ".initrd")
            reference.role = Role::initrd;
        if (name == ".cmdline") {
            reference.role = Role::command_line;
            reference.description = command_line;
        }
        references.add_bytes(std::move(reference), bytes);
    }
    return {};
}

/// What Linux's own EFI stub measures: its options as UTF-16 with the NUL, and the initrd.
void add_tagged(const std::string& command_line, Bytes initrd, References& references) {
    Buffer options = eventlog::utf16le_from_utf8(command_line);
    options.insert(options.end(), {0, 0});
    const auto tagged = [](std::string description) {
        return Reference{.pcr = 9,
                         .type = type::event_tag,
                         .role = {},
                         .description = std::move(description),
                         .digests = {}};
    };
    references.add_bytes(tagged("LOADED_IMAGE::LoadOptions"), options);
    references.add_bytes(tagged("Linux initrd"), initrd);
}

} // namespace

Result<BaseImage> build_uki(const UkiBuild& build) {
    VS_TRY(const PeImage uki, parse_pe_image(build.uki));
    VS_TRY_VOID(check_stub(uki));
    VS_TRY(const Bytes kernel, needed(uki, ".linux"));
    VS_TRY(const Bytes initrd, needed(uki, ".initrd"));
    VS_TRY(const Bytes section, needed(uki, ".cmdline"));
    VS_TRY(const std::string command_line, command_line_of(section));
    VS_TRY_VOID(check_secure_boot(build.platform, build.facts));

    References references(build.banks);
    references.add_program(uki, "unified kernel image");
    if (!build.platform.secure_boot) { // the stub then has the firmware load the kernel, which measures it
        VS_TRY(const PeImage linux_program, parse_pe_image(kernel));
        references.add_program(linux_program, "kernel");
    }
    VS_TRY_VOID(add_platform(build.platform, uki, references));
    add_tagged(command_line, initrd, references);
    VS_TRY_VOID(add_sections(uki, command_line, references));
    return image_with(build.facts, references.done());
}

} // namespace vouchsafe::appraisal
