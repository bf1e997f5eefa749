// UEFI device paths as text [UEFI, Device Path Protocol and its text representation].
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <string>

namespace vouchsafe::eventlog {

inline constexpr std::size_t device_path_nodes = 64;

/// "PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x0,0xFFFF,0x0)/HD(1,GPT,<guid>,0x800,0x32000)/\EFI\BOOT\BOOTX64.EFI".
/// A node of a kind that is not known, or of another size than its kind has, is "Path(type,subtype,hex)";
/// several paths in one are separated by commas. `malformed` where a node's length cannot be,
/// `too_large` beyond device_path_nodes.
Result<std::string> device_path_text(Bytes path);

} // namespace vouchsafe::eventlog
