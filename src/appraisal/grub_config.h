// What grub runs of a configuration, for configurations so plain that this is known.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

inline constexpr std::size_t most_grub_config = std::size_t{64} << 10U;
inline constexpr std::size_t most_grub_lines = 1024;

/// A command as grub 2.06 measures it: its words, after quotes were removed, with one blank between them; of
/// a menu entry the last word is the block, byte by byte.
struct GrubCommand {
    std::vector<std::string> words;

    std::string text() const;
};

/// The commands that grub runs of the configuration when it boots the default entry of the menu: those
/// outside the menu, then "setparams" with the entry's title, then the entry's own.
///
/// Known are the commands set (of default, timeout, timeout_style; default by number), menuentry, and in it
/// linux, initrd, echo and boot; with comments on lines of their own. Words may be quoted, but have no
/// expansions: none of $ \ ` * ? [ ] { } ; & | < >. The entry has one linux before one initrd, with one file
/// each, and boot only at its end. Everything else is `unsupported` at "grub.config", with the line's number.
Result<std::vector<GrubCommand>> grub_commands(std::string_view config);

} // namespace vouchsafe::appraisal
