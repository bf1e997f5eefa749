// Base images from the files that are to be installed, before any machine has booted them.
#pragma once

#include "appraisal/base_image.h"
#include "base/bytes.h"
#include "base/result.h"
#include "eventlog/firmware.h"

#include <span>

namespace vouchsafe::appraisal {

struct UkiBuild {
    Bytes uki; ///< the .efi file that the firmware starts
    const eventlog::FirmwareLog&
        platform;                     ///< of any boot of such a machine: its Secure Boot events are taken
    std::span<const Algorithm> banks; ///< PCR banks of the machines
    const ImageFacts& facts;
};

/// build_uki predicts, event by event, a boot in which the firmware starts systemd-stub 252 with kernel,
/// initrd and command line in it. It establishes:
///  1 the file is an EFI program, with systemd-stub of the version whose measurements are known   [uki.stub]
///  2 it has .linux, .initrd and .cmdline, and nothing that changes what the stub hands over [uki.section] 3
///  the command line is one that stub and kernel leave as it is                                 [uki.cmdline]
///  4 the platform's PCR 7 is what its log shows, from a boot without shim [platform.*] 5 Secure Boot was on
///  there, unless the facts relax it                                         [secure_boot.off] 6 the image is
///  valid as parse_base_image says
Result<BaseImage> build_uki(const UkiBuild& build);

} // namespace vouchsafe::appraisal
