// One base image against the events of a boot. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/boot.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "eventlog/firmware.h"

#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

struct MatchInput {
    const JudgedEvents& events; ///< of the boot
    const QuotedPcrs& quoted;   ///< its banks are compared wherever a reference has their digest
    Algorithm policy_bank{};    ///< must be among each reference's digests
    const std::optional<std::string>& command_line; ///< the host's account
};

/// Why the image does not match; empty when it does. What concerns kernel, initrd and command line comes
/// first.
std::vector<Reason> match(const BaseImage& image, const MatchInput& input);

} // namespace vouchsafe::appraisal
