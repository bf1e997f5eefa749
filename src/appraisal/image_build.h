// Base images from the files that are to be installed, before any machine has booted them.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/platform.h"
#include "base/bytes.h"
#include "base/result.h"

#include <span>
#include <string>

namespace vouchsafe::appraisal {

struct UkiBuild {
    Bytes uki; ///< the .efi file that the firmware starts
    const Platform& platform;
    std::span<const Algorithm> banks; ///< PCR banks of the machines
    const ImageFacts& facts;
};

/// build_uki predicts, event by event, a boot in which the firmware starts systemd-stub 252 with kernel,
/// initrd and command line in it. It establishes:
///  1 the file is an EFI program, with systemd-stub of the version whose measurements are known   [uki.stub]
///  2 it has .linux, .initrd and .cmdline, and nothing that changes what the stub hands over   [uki.section]
///  3 the command line is one that stub and kernel leave as it is                              [uki.cmdline]
///  4 Secure Boot is on, unless the facts relax it                                         [secure_boot.off]
///  5 with Secure Boot on, the firmware would start it                                  [platform.admission]
///  6 the image is valid as parse_base_image says
Result<BaseImage> build_uki(const UkiBuild& build);

struct GrubBuild {
    Bytes shim;            ///< the .efi file that the firmware starts
    Bytes grub;            ///< the .efi file that shim starts
    Bytes config;          ///< grub.cfg
    Bytes kernel;          ///< the file that the configuration names
    Bytes initrd;          ///< the same
    std::string directory; ///< where grub looks for its configuration: "(hd0,gpt1)/EFI/debian"
    const Platform& platform;
    std::span<const Algorithm> banks;
    const ImageFacts& facts;
};

/// build_grub predicts, event by event, a boot by shim 16.1 and Debian's signed grub 2.06, with no keys of
/// the machine's owner enrolled in shim, in which grub boots the default entry of its menu. It establishes:
///  1 Secure Boot is on: without it that grub leaves no log                                [secure_boot.off]
///  2 shim is of the version whose measurements are known, and the firmware would start it
///                                                              [shim.version, shim.*, platform.admission]
///  3 grub is of the version whose measurements are known, with the built-in configuration that is known
///                                                                                         [grub.version]
///  4 grub and kernel are signed below shim's own certificate              [grub.signature, kernel.signature]
///  5 the configuration is one of which it is known what grub measures                         [grub.config]
///  6 the image is valid as parse_base_image says
Result<BaseImage> build_grub(const GrubBuild& build);

} // namespace vouchsafe::appraisal
