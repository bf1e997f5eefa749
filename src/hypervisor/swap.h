// Swap that would carry guest memory in plain.
#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::hypervisor {

/// Whether what is written to this swap device stays in memory or is encrypted.
using SwapIsSafe = std::function<bool(std::string_view device)>;

/// The devices in the text of /proc/swaps that are not safe; `malformed` when it is no such text.
Result<std::vector<std::string>> plain_swaps(std::string_view proc_swaps, const SwapIsSafe& is_safe);

/// Reads /proc/swaps; zram and dm-crypt devices are safe. `conflict` "hypervisor.plain_swap" names the
/// others.
Result<void> require_no_plain_swap();

} // namespace vouchsafe::hypervisor
