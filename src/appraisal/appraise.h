// Appraisal of one host's boot: logs against quoted PCRs, events against base images, firmware against its
// pin.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/ima_rule.h"
#include "appraisal/image_index.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// Trustworthiness tiers [AR4SI, Trustworthiness Tiers]; the numbers are theirs.
enum class Tier : std::uint8_t { none = 0, affirming = 2, warning = 32, contraindicated = 96 };

std::string_view to_string(Tier tier);

/// Claims of the trustworthiness vector that an appraisal of a boot can make [AR4SI, Trustworthiness
/// Claims]; 0 makes no claim. instance-identity is not ours: it follows from enrolment.
struct Claims {
    std::int8_t configuration = 0;
    std::int8_t executables = 0;
    std::int8_t hardware = 0;

    friend bool operator==(const Claims&, const Claims&) = default;
};

/// Firmware of this host as it was approved.
struct FirmwarePin {
    Buffer pcr0; ///< in the policy bank
    Buffer pcr2;
    std::string version; ///< as its log said then; for people
};

/// Firmware that is approved for every host, by a set of that name.
struct SetFirmware {
    std::string set;
    FirmwarePin firmware;
};

enum class FirmwareRule : std::uint8_t { pinned, unsafe_ignore };

/// Everything a judgement depends on, without defaults where one could relax it.
struct AppraisalInput {
    const QuotedPcrs& quoted; ///< every allocated bank
    Algorithm policy_bank{};  ///< fixed by policy or enrolment, never by the host
    std::optional<Bytes> firmware_log;
    std::optional<Bytes> ima_log;
    /// Where `ima_log` goes on: a position that an accepted appraisal of this very boot gave back. Absent, or
    /// of no entries: the list is whole.
    std::optional<ImaPosition> ima_start = {};
    std::optional<Bytes> userspace_log; ///< systemd's; absent where it writes none
    /// The host's account of its kernel command line, to explain with: used only where it hashes to the
    /// digest.
    std::optional<std::string> command_line;
    std::span<const BaseImage> images;
    const ImageIndex* image_index = nullptr;         ///< of `images`, where they are many
    std::span<const std::string> host_groups;        ///< groups of this host
    std::optional<FirmwarePin> firmware_pin;         ///< absent before approval: refused with its own reason
    std::span<const SetFirmware> firmware_sets = {}; ///< in the policy bank
    FirmwareRule firmware_rule{};
    const FileDigests& revoked_files; ///< what nothing measured may be, whatever images say
    SysTime now;
};

/// What the log says the firmware is.
struct FirmwareFacts {
    Buffer pcr0; ///< quoted, in the policy bank
    Buffer pcr2;
    std::string version; ///< EV_S_CRTM_VERSION as text; "" when it names none

    friend bool operator==(const FirmwareFacts&, const FirmwareFacts&) = default;
};

struct Appraisal {
    Tier tier = Tier::none;
    Claims claims;
    std::string executables; ///< how userspace is covered, as to_string(Userspace); "" without an image
    std::optional<ImageVersion> base_image;  ///< the image that matched
    std::vector<Reason> reasons;             ///< empty exactly when the tier is affirming or warning
    std::vector<std::uint32_t> not_assessed; ///< quoted PCRs that nothing judged
    FirmwareFacts firmware;
    std::optional<std::string> firmware_set; ///< the set that has the firmware, where the pin is another
    bool secure_boot = false;
    bool unsafe_kexec = false;   ///< the image lets the kernel start another
    ImaPosition ima_end;         ///< entries of the whole list that the quote covers, and PCR 10 after them
    std::size_t ima_pending = 0; ///< entries after them, to be covered by a later quote

    bool trusted() const { return tier == Tier::affirming || tier == Tier::warning; }
};

/// appraise establishes, stage by stage; the first stage that fails is the last, and reports all of its
/// failures. Each number has a test and a negative twin. The codes are stable.
///  1 the policy bank is quoted and can be computed
///      policy.bank
///  2 there is a firmware log, and it is well-formed; so are the userspace log and the IMA list, where there
///    are any
///      eventlog.absent, eventlog.malformed, userspace.malformed, ima.malformed
///  3 every quoted bank covers PCRs 0 to 14, is in the logs, and replays in every PCR that a log touches:
///    firmware's events, then userspace's records, up to the same record in every PCR and bank. PCR 11 may
///    go on with systemd 252's words where no record is of it. What IMA went on with is left to stage 7
///      policy.pcrs, eventlog.bank, eventlog.replay, userspace.bank, userspace.replay
///  4 a judged PCR that no event touches is zero
///      pcr.unexplained
///  5 EV_NO_ACTION has digests of zeros; PCRs 0 to 7 have one separator each, which is zero; Secure Boot's
///    configuration comes before it
///      eventlog.grammar
///  6 userspace extended nothing that it has no place for: systemd's phases in order into PCR 11, the NV
///    indices that it sets up into PCR 9; PCR 15 is free
///      userspace.grammar
///  7 where PCR 10 is not zero, there is a list that leads to it and begins with the boot aggregate of the
///    quoted PCRs; or one that leads to it from the position accepted before; up to the same entry in every
///    bank, and in every other PCR that its entries are in. These are PCR 11 to 15, and go on from what
///    firmware and userspace left there
///      ima.absent, ima.pcr, ima.replay, ima.shared_pcr, ima.position, ima.boot_aggregate
///  8 Secure Boot was on, by an event whose data is what was measured, or an image does not require it
///      secure_boot.off
///  9 an operating system image was measured
///      boot.no_kernel
/// 10 there are base images for this host and for now
///      image.none
/// 11 one of them matches: in each judged PCR the events are its references, in order, with nothing
///    missing or besides
///      image.command_line, image.kernel, image.initrd, image.mismatch, image.unexpected, image.missing,
///      image.boot_kind
///    and where it covers userspace by IMA: there is a list, each entry of it is approved (judge_ima), and
///    entries before the list were judged by this image
///      ima.absent, ima.file, ima.signature, ima.key, ima.violation, ima.template, ima.more, ima.position
/// 12 PCR 0 and 2 are those of the pin, or together those of a firmware in a set
///      firmware.not_pinned, firmware.changed
/// 13 nothing that firmware, boot loader or kernel measured is a file that an administrator revoked
///      revoked.file
Appraisal appraise(const AppraisalInput& input);

/// What was listed in IMA since an accepted appraisal of this very boot.
struct IncrementInput {
    /// Every allocated bank; the caller has seen that no PCR changed but those that `start` has a value of.
    const QuotedPcrs& quoted;
    Algorithm policy_bank{};
    std::optional<Bytes> ima_log; ///< absent or empty: nothing was
    const ImaPosition& start;     ///< that appraisal's `ima_end`, which can go on
    std::span<const BaseImage> images;
    std::span<const std::string> host_groups;
    const FileDigests& revoked_files;
    SysTime now;
};

/// The same stages, as far as a list that goes on can change their outcome: 1, 2 and 7 of the list, 10 and 11
/// for the image that judged the entries before (`image.none` when it is gone), 13. No claims and no tier: of
/// the result `reasons`, `ima_end` and `ima_pending` count.
Appraisal appraise_increment(const IncrementInput& input);

} // namespace vouchsafe::appraisal
