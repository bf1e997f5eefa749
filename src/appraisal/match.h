// One base image against the events of a boot. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/boot.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "eventlog/firmware.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

inline constexpr std::string_view boot_kind_code = "image.boot_kind";

struct MatchInput {
    const JudgedEvents& events; ///< of the boot
    const QuotedPcrs& quoted;   ///< its banks are compared wherever a reference has their digest
    Algorithm policy_bank{};    ///< must be among each reference's digests
    const std::optional<std::string>& command_line; ///< the host's account
    const BootEvents& boot;                         ///< the pieces of the operating system among the events
};

/// Why the image does not match; empty when it does. What concerns kernel, initrd and command line comes
/// first, each compared with its own kind. Where the image is of another kind of boot (a unified kernel
/// image, grub, a kernel that the firmware starts), that is said first (boot_kind_code), and in place of what
/// the loaders measured, which cannot be compared.
std::vector<Reason> match(const BaseImage& image, const MatchInput& input);

} // namespace vouchsafe::appraisal
