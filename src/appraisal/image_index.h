// Finds, among many base images, the one that a boot matches, by one look-up instead of as many comparisons.
#pragma once

#include "appraisal/base_image.h"

#include <array>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

namespace vouchsafe::appraisal {

/// The events of a boot that base images judge: those of each PCR in image_pcrs, in its order.
using JudgedEvents = std::array<std::vector<const eventlog::Event*>, image_pcrs.size()>;

class ImageIndex {
public:
    /// The images must outlive it and stay where they are.
    explicit ImageIndex(std::span<const BaseImage> images);

    /// Images that name the events, PCR by PCR, type and digest of that bank each. A hint: they are still to
    /// be matched, in every bank; and one that is not among them may match all the same.
    std::vector<const BaseImage*> find(const JudgedEvents& events, Algorithm bank) const;

private:
    std::unordered_multimap<std::size_t, const BaseImage*> images_; ///< by print of one bank
};

} // namespace vouchsafe::appraisal
