// Which version of the project this build is.
#pragma once

#include <string_view>

namespace vouchsafe {

/// As CMake has it: "1.2.3".
extern const std::string_view program_version;

} // namespace vouchsafe
