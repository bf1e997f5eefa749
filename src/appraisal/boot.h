// What a firmware log says about a boot, for appraisal and for making images: grammar, Secure Boot, and
// which events are the kernel, the initrd and the command line. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/check_ima.h"
#include "appraisal/image_index.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "appraisal/userspace_log.h"
#include "eventlog/firmware.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

inline constexpr std::string_view no_kernel_message =
    "no measured kernel: firmware started an operating system that it did not measure";

EventRef event_ref(const eventlog::Event& event, Algorithm bank);

struct ReplayInput {
    const eventlog::FirmwareLog& log;
    const UserspaceLog& userspace; ///< empty: there is none
    const QuotedPcrs& quoted;
    std::vector<std::uint32_t> exempt;     ///< PCRs that need not replay
    std::set<std::uint32_t> ima_pcrs = {}; ///< PCRs that IMA goes on with (check_ima.h)
};

struct ReplayCheck {
    std::vector<Reason> reasons;
    std::size_t userspace_records = 0; ///< of the userspace log; what follows is not in the quote
    /// The values that firmware left, of the PCRs that userspace's log and IMA extended after it.
    std::map<Algorithm, PcrBank> left_by_firmware;
    ImaBegin ima; ///< where the IMA list is to go on
};

/// Every quoted bank, against the logs: stages 3 and 4 of appraise, but for what IMA did.
ReplayCheck check_replay(const ReplayInput& input);

/// Stage 5 of appraise.
std::vector<Reason> check_grammar(const eventlog::FirmwareLog& log, Algorithm bank);

/// The SecureBoot variable of PCR 7, by the one event before the separator whose data is what was measured.
bool secure_boot_on(const eventlog::FirmwareLog& log);

/// The data that firmware measures when Secure Boot is on.
Buffer secure_boot_on_data();

/// Text of EV_S_CRTM_VERSION; "" when there is none.
std::string firmware_version(const eventlog::FirmwareLog& log);

/// The events of a PCR that a base image names: all that extend, but for the generic ones that the grammar
/// allows (separators; PCR 4's "Calling EFI Application from Boot Option" and its return).
std::vector<const eventlog::Event*> judged_events(const eventlog::FirmwareLog& log, std::uint32_t pcr);

/// Those of every PCR.
JudgedEvents judged_events(const eventlog::FirmwareLog& log);

/// The operating system's pieces; nullptr where no event shows one.
struct BootEvents {
    const eventlog::Event* kernel = nullptr;
    const eventlog::Event* initrd = nullptr;
    const eventlog::Event* command_line = nullptr;

    /// The role of an event, if it has one.
    std::optional<Role> role(const eventlog::Event& event) const;
};

/// By systemd-stub's sections (PCR 11), grub's files and command line (PCR 8, 9), or the Linux EFI stub
/// (PCR 4, 9), in this order. Whatever the route, there is no kernel without an application in PCR 4.
BootEvents find_boot(const eventlog::FirmwareLog& log);

/// The command line behind an event: what it measured, or `account` where that hashes to the digest, as
/// text or as UTF-16, with its NUL (boot loaders) or without (boot entries of efibootmgr).
std::optional<std::string> command_line_text(const eventlog::Event& event,
                                             const std::optional<std::string>& account);
/// The same for a reference, whose description is the account.
bool is_command_line(std::string_view text, Algorithm algorithm, Bytes digest);

} // namespace vouchsafe::appraisal
