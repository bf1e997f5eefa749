// Stage 12 of appraise: the firmware that a host shows against what was approved. For this library's own use.
#pragma once

#include "appraisal/appraise.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

struct FirmwareQuestion {
    const FirmwareFacts& shown;
    const FirmwarePin& pin;
    std::span<const SetFirmware> sets;
    Algorithm bank{};                 ///< of all of these
    const eventlog::FirmwareLog& log; ///< that leads to what is shown
};

struct FirmwareJudgement {
    /// firmware.changed, for each PCR that differs from the pin: by the versions, else by the values, with
    /// the event that was added where one was, and what the log has of the PCR.
    std::vector<Reason> reasons;
    std::optional<std::string> set; ///< that has the firmware, where the pin is another
};

/// The pin, or one firmware of a set, is what the host shows in PCR 0 and 2 both.
FirmwareJudgement judge_firmware(const FirmwareQuestion& question);

} // namespace vouchsafe::appraisal
