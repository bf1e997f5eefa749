// Which base image a boot that matches none is compared with, and what the others say about it. For this
// library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/reason.h"
#include "eventlog/firmware.h"

#include <cstddef>
#include <span>
#include <vector>

namespace vouchsafe::appraisal {

/// A base image that is for this host and time, and why it does not match (match).
struct Mismatch {
    const BaseImage* image;
    std::vector<Reason> reasons; ///< not empty
};

/// How far an image is from a boot: what identifies a build (kernel, initrd, command line) weighs most.
std::size_t distance(const std::vector<Reason>& reasons);

/// The reasons of the nearest image, the first of those that are equally near, each completed:
///  - its hint names the image that was compared;
///  - `expected` has what images that are almost as near expect of the same event, at most 3 besides;
///  - the hint says which other image has exactly this event ("This kernel is the one of base image
///  2026.10.");
///  - of a Secure Boot variable, the message says which entries were removed and added since the image was
///    made (variable_difference);
///  - of a PE image, the hint says what kind of digest this is; of shim's lists, that the log has no more.
/// An image of another kind of boot is farther than any of the same.
/// `mismatches` is not empty; `images` are all that are known, whatever host they are for.
std::vector<Reason> explain(const std::vector<Mismatch>& mismatches,
                            std::span<const BaseImage> images,
                            const eventlog::FirmwareLog& log,
                            Algorithm bank);

} // namespace vouchsafe::appraisal
