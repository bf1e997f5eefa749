// The commands below `vouchsafe image`, a file for each that works offline.
#pragma once

#include "appraisal/base_image.h"
#include "cli/commands.h"

namespace vouchsafe::cli {

void add_image_build(CLI::App& image, Context& context);

/// What would become trusted, for people.
void show_image(const appraisal::BaseImage& image);

} // namespace vouchsafe::cli
