// Looking for a secret where it must not be: in files, and in the memory of a process.
#pragma once

#include "base/bytes.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

/// A secret as it might lie about: raw, hex in both cases, base64 and base64url at each of its three
/// alignments.
struct Needle {
    std::string name; ///< for messages
    std::vector<std::string> forms;

    static Needle of(std::string name, Bytes secret);
    bool in(std::string_view bytes) const;
};

/// Files below the folder that have it.
std::vector<std::string> files_with(const Needle& needle, const std::string& folder);

struct MemoryHit {
    std::string mapping; ///< its line of /proc/PID/smaps
    bool locked;         ///< cannot be swapped out (VmFlags lo)
    bool undumpable;     ///< left out of core dumps (VmFlags dd)
};

/// Mappings of a process that have it. Reads as root may; `bytes_read` tells a reader that may not.
struct MemorySearch {
    std::vector<MemoryHit> hits;
    std::uint64_t bytes_read = 0;
};

MemorySearch search_memory(const Needle& needle, pid_t process);

/// The command in front of a daemon's, after which the daemon is of our user and has no privilege but to lock
/// memory. Then whether it can be read is decided by what it says about itself.
inline constexpr std::string_view without_privileges =
    "setpriv --bounding-set=-all,+ipc_lock --inh-caps=-all --no-new-privs";

/// Whether another process of the same user without privileges may open its memory: as a debugger would, or
/// gcore [ptrace(2), access mode checking].
bool opens_to_its_user(pid_t process);

/// The hard limit on the size of a core file, as /proc/PID/limits has it.
std::string core_limit(pid_t process);

} // namespace vouchsafe::test
