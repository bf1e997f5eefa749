// Base images: one approved build of host software as reference values, event by event.
//
// The document (version 1) is canonical JSON, at most 4 MiB; its SHA-256 is what administrators confirm.
#pragma once

#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "appraisal/userspace_log.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "eventlog/firmware.h"
#include "json/value.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// What an event stands for in the boot; each must be there for an image to be complete.
enum class Role : std::uint8_t { kernel, initrd, command_line };

std::string_view to_string(Role role);
std::optional<Role> role_from_text(std::string_view text);

/// How the image covers what runs after the kernel. `dm_verity` and `ima` have their place in the document
/// and are refused as unsupported until they are judged.
enum class Userspace : std::uint8_t { boot_image, dm_verity, ima, boot_only };

std::string_view to_string(Userspace userspace);
std::optional<Userspace> userspace_from_text(std::string_view text);

enum class SecureBootRule : std::uint8_t { required, unsafe_not_required };

/// PCRs that a base image judges. What it does not name must have no events there.
inline constexpr std::array<std::uint32_t, 8> image_pcrs{4, 7, 8, 9, 11, 12, 13, 14};

struct Reference {
    std::uint32_t pcr = 0;
    std::uint32_t type = 0;
    std::optional<Role> role;
    /// For people. Of a command line it is the command line itself, which its digest confirms.
    std::string description;
    std::map<Algorithm, Buffer> digests;

    friend bool operator==(const Reference&, const Reference&) = default;
};

struct BaseImage {
    ImageVersion version;
    std::string display_name;
    std::string vendor;
    std::optional<SysTime> not_before;
    std::optional<SysTime> not_after;
    std::vector<std::string> host_groups; ///< none: for every approved host
    SecureBootRule secure_boot = SecureBootRule::required;
    Userspace userspace = Userspace::boot_image;
    std::vector<Reference> references; ///< in the order of the events within each PCR

    /// Whether its dates allow this time.
    bool valid_at(SysTime now) const {
        return (!not_before || *not_before <= now) && (!not_after || now < *not_after);
    }

    friend bool operator==(const BaseImage&, const BaseImage&) = default;
};

inline constexpr std::size_t base_image_bytes = std::size_t{4} << 20U;

/// parse_base_image establishes:
///  1 at most 4 MiB, canonical JSON, no unknown members, format and version are ours
///  2 references judge only image_pcrs, at most 4096, with digests of the right sizes
///  3 all references have the same banks, one of them better than SHA-1
///  4 kernel, initrd and command line are each determined by a reference that can show it
///  5 PCR 4 names what the firmware starts; where Secure Boot is required, PCR 7 has it on
///  6 not_before is earlier than not_after
///  7 userspace is covered in a way that this version judges
///  8 the document is the one encoding of its content
Result<BaseImage> parse_base_image(Bytes document);
/// Canonical bytes of the document; parse_base_image takes them back.
Buffer encode(const BaseImage& image);
/// Steps 2 to 7, for images made in other ways.
Result<void> validate(const BaseImage& image);
/// Hex SHA-256 of the document.
std::string image_digest(const BaseImage& image);

/// What is known besides the events, for an image made from a boot.
struct ImageFacts {
    ImageVersion version;
    std::string display_name;
    std::string vendor;
    std::optional<SysTime> not_before;
    std::optional<SysTime> not_after;
    std::vector<std::string> host_groups;
    SecureBootRule secure_boot = SecureBootRule::required;
    Userspace userspace = Userspace::boot_image;
    /// The host's own account of its kernel command line; used only where its hash is the event's digest.
    std::optional<std::string> command_line;
};

/// derive establishes, before it makes an image of a boot:
///  1 the log, and what userspace extended after it, replays to the quoted value of every PCR that it
///  touches,
///    in every quoted bank
///  2 the event grammar of each PCR holds
///  3 Secure Boot was on, unless the facts relax it
///  4 an operating system image was measured ("boot.no_kernel")
///  5 the image is valid as parse_base_image says
Result<BaseImage> derive(const eventlog::FirmwareLog& log,
                         const QuotedPcrs& quoted,
                         const ImageFacts& facts,
                         const UserspaceLog& userspace = {});

} // namespace vouchsafe::appraisal
