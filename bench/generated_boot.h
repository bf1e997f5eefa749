// A boot of the size that real machines have, generated, so that benchmarks need no recordings of others.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "tests/support/recorded_boot.h"

#include <cstddef>
#include <string>

namespace vouchsafe::bench {

struct BootSize {
    std::size_t events = 112; ///< of the firmware log, its header included
    std::size_t log_bytes = 33'800;
    std::size_t ima_entries = 1; ///< the boot aggregate included
};

/// The recorded three-bank boot, with more events of grub's kind at its end and an IMA list of `ima_entries`
/// files; PCRs as they follow from it. `build` makes the digests of one build differ from another's.
test::RecordedBoot generated_boot(const BootSize& size = {}, const std::string& build = "1");

/// The quote's part of it: PCRs 0 to 15.
appraisal::QuotedPcrs quoted_of(const test::RecordedBoot& boot);

/// A base image of the boot.
appraisal::BaseImage image_of(const test::RecordedBoot& boot, const std::string& version);

/// A list of `entries` files by the template ima-ng, SHA-256 inside SHA-1, as the kernel writes it in binary;
/// the first is boot_aggregate with `aggregate` as its digest.
Buffer generated_ima_list(std::size_t entries, Bytes aggregate);

/// The same list as the kernel's text, one line an entry.
std::string ima_text(Bytes list);

} // namespace vouchsafe::bench
