// Kernel command lines, word by word, for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// Words as the kernel splits them: blanks within double quotes belong to the word.
std::vector<std::string_view> command_line_words(std::string_view text);

/// "removed 'quiet'; added 'loglevel=3'", or that only order or spacing differs.
std::string command_line_difference(std::string_view approved, std::string_view actual);

} // namespace vouchsafe::appraisal
