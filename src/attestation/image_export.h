// A base image with what it was made from: whoever imports it makes it again, and sees whether it is the
// same.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/image_diff.h"
#include "attestation/kept_evidence.h"
#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <cstddef>

namespace vouchsafe::attestation {

/// The image document and the evidence in base64.
inline constexpr std::size_t max_image_export_bytes =
    appraisal::base_image_bytes * 2 + max_kept_evidence_bytes / 3 * 4 + (std::size_t{64} << 10U);

/// The image of what the evidence's host booted: by appraisal::derive, from the logs that its statement names
/// ("statement.firmware_log"; "eventlog.absent" without one) and the PCRs that its TPM quoted. `facts` says
/// the rest; the command line is the host's account where the facts have none,
/// and the rule for userspace by IMA is made of the host's list ("ima.absent" without one).
Result<appraisal::BaseImage> image_of(const Reproven& evidence, appraisal::ImageFacts facts);

/// The document "vouchsafe-image-export", version 1.
json::Value image_export(const appraisal::BaseImage& image, const KeptEvidence& evidence);

/// An export as its reader has to see it.
struct ImageExport {
    appraisal::BaseImage derived; ///< made anew from the evidence, with the exported image's facts
    appraisal::BaseImage exported;
    KeptEvidence kept;
    Reproven evidence;

    /// What the evidence does not bear out; empty for an honest export.
    appraisal::ImageDifference difference() const;
};

bool is_image_export(const json::Value& document);

/// Reads the document, proves its evidence (reprove) and derives the image (image_of). `untrusted` where the
/// evidence proves nothing or no image follows from it; `malformed` where the document is none.
Result<ImageExport> read_image_export(const json::Value& document);

} // namespace vouchsafe::attestation
