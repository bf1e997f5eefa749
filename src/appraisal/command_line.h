// Kernel command lines, word by word, for people.
#pragma once

#include <string>
#include <string_view>

namespace vouchsafe::appraisal {

/// "removed 'quiet'; added 'loglevel=3'", or that only order or spacing differs.
std::string command_line_difference(std::string_view approved, std::string_view actual);

} // namespace vouchsafe::appraisal
