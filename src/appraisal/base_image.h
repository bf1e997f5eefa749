// Base images: one approved build of host software as reference values, event by event.
//
// The document (version 3) is canonical JSON, at most 4400 KiB; its SHA-256 is what administrators confirm.
#pragma once

#include "appraisal/ima_rule.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "appraisal/userspace_log.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "eventlog/firmware.h"
#include "eventlog/ima.h"
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

/// How the image covers what runs after the kernel: the whole system is in the measured boot image; or its
/// file system is verified by a root hash in the measured command line; or IMA lists what runs, by a policy
/// that the measured command line fixes, and the list is judged; or not at all.
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
    /// What was measured, of a variable of PCR 7 (db, dbx): so that a refusal can name what it lost.
    std::optional<Buffer> data = {};

    friend bool operator==(const Reference&, const Reference&) = default;
};

/// Whether references of such events keep their data.
bool may_have_data(std::uint32_t pcr, std::uint32_t event_type);

struct BaseImage {
    ImageVersion version;
    std::string display_name;
    std::string vendor;
    std::optional<SysTime> not_before;
    std::optional<SysTime> not_after;
    std::vector<std::string> host_groups; ///< none: for every approved host
    SecureBootRule secure_boot = SecureBootRule::required;
    Userspace userspace = Userspace::boot_image;
    std::optional<Buffer> verity_root_hash; ///< exactly for dm_verity
    std::optional<ImaRule> ima;             ///< exactly for ima
    bool unsafe_kexec = false;              ///< the kernel may start another, which nothing here measures
    std::vector<Reference> references;      ///< in the order of the events within each PCR

    /// Whether its dates allow this time.
    bool valid_at(SysTime now) const {
        return (!not_before || *not_before <= now) && (!not_after || now < *not_after);
    }

    friend bool operator==(const BaseImage&, const BaseImage&) = default;
};

/// Room for 100,000 SHA-256 digests of files.
inline constexpr std::size_t base_image_bytes = std::size_t{4400} << 10U;
/// Data of one reference; what is longer is not kept.
inline constexpr std::size_t reference_data_bytes = std::size_t{64} << 10U;

/// parse_base_image establishes:
///  1 at most base_image_bytes, canonical JSON, no unknown members, format and version are ours
///  2 references judge only image_pcrs, at most 4096, with digests of the right sizes; data is of a variable
///  of
///    PCR 7, and each digest is its hash
///  3 all references have the same banks, one of them better than SHA-1
///  4 kernel, initrd and command line are each determined by a reference that can show it
///  5 PCR 4 names what the firmware starts; where Secure Boot is required, PCR 7 has it on
///  6 not_before is earlier than not_after
///  7 what covers userspace is given, and nothing else: a root hash, or the rule of the IMA list
///  8 the command line verifies userspace by that root hash and no other
///  9 the command line fixes that IMA measures what is executed; some file may be listed; digests are better
///    than SHA-1, keys can be read
/// 10 the document is the one encoding of its content
Result<BaseImage> parse_base_image(Bytes document);
/// Canonical bytes of the document; parse_base_image takes them back.
Buffer encode(const BaseImage& image);
/// Steps 2 to 9, for images made in other ways.
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
    Userspace userspace = Userspace::boot_image; ///< dm_verity: the root hash is the command line's
    std::optional<ImaRule> ima = {};             ///< for ima
    bool unsafe_kexec = false;
    /// The host's own account of its kernel command line; used only where its hash is the event's digest.
    std::optional<std::string> command_line;
};

/// What a boot and the system after it wrote, as far as it counts.
struct BootLogs {
    const eventlog::FirmwareLog& firmware;
    const UserspaceLog& userspace;
    const eventlog::ImaList& ima; ///< whole
};

/// The rule that approves what the IMA list has, as far as the quote covers it: each file's digest, each key
/// that was added to a keyring. `untrusted` where the list does not lead to the quote (see appraise, 7) or
/// has an entry that no digest can approve: the codes there, and "ima.entry".
Result<ImaRule> derive_ima_rule(const BootLogs& logs, const QuotedPcrs& quoted);

/// derive establishes, before it makes an image of a boot:
///  1 the log, and what userspace and IMA extended after it, replays to the quoted value of every PCR that
///  it touches,
///    in every quoted bank
///  2 the event grammar of each PCR holds
///  3 Secure Boot was on, unless the facts relax it
///  4 an operating system image was measured ("boot.no_kernel")
///  5 the image is valid as parse_base_image says
Result<BaseImage> derive(const BootLogs& logs, const QuotedPcrs& quoted, const ImageFacts& facts);
/// The same of a boot after which nothing but IMA may have measured, and that into PCR 10 alone.
Result<BaseImage> derive(const eventlog::FirmwareLog& log, const QuotedPcrs& quoted, const ImageFacts& facts);

} // namespace vouchsafe::appraisal
