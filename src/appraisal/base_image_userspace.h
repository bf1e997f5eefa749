// The members of a base image that say what covers userspace. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "json/members.h"
#include "json/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::appraisal {

/// Reads "userspace", "dm_verity" and "ima".
Result<void> read_userspace(json::Members& members, BaseImage& image);
json::Value dm_verity_json(const BaseImage& image);
json::Value ima_json(const BaseImage& image);

/// For dm_verity: the root hash of the command line that the references hold, where they hold one.
void take_verity_root_hash(BaseImage& image);

/// Steps 7 to 9 of parse_base_image.
Result<void> check_userspace(const BaseImage& image);

/// The root hash that a kernel command line has userspace verified by, hex: of roothash= or usrhash=
/// (systemd), or of the one verity table in dm-mod.create= (kernel). Nothing where there is none, there are
/// several, or the verification is switched off or let pass what is corrupt.
std::optional<std::string> verity_root_hash(std::string_view command_line);

/// Whether a kernel command line has IMA measure what is executed: ima_policy= with tcb, or ima_tcb, and
/// nothing that switches IMA off.
bool measures_executables(std::string_view command_line);

} // namespace vouchsafe::appraisal
