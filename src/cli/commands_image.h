// The commands below `vouchsafe image`, a file for each that works offline.
#pragma once

#include "appraisal/base_image.h"
#include "cli/commands.h"

#include <string_view>

namespace vouchsafe::cli {

/// The service of base images in the table of operations.
inline constexpr std::string_view base_images =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx.base_images";

void add_image_retire(CLI::App& image_group, Context& context);
void add_image_build(CLI::App& image, Context& context);

/// What would become trusted, for people.
void show_image(const appraisal::BaseImage& image);

} // namespace vouchsafe::cli
