// Where a daemon's state key comes from.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>

namespace vouchsafe::store {

/// In this order: a file descriptor that the starter opened, a plain file that was named as unsafe, or the
/// systemd credential "vouchsafe-state-key".
struct StateKeySource {
    int fd = -1;
    std::string unsafe_plaintext_file;
};

/// 32 raw bytes or 64 hex digits; `malformed` at "state_key" where none is given, `denied` at
/// "state_key.mode" for a plain file that others may open.
Result<Secret> read_state_key(const StateKeySource& source);

} // namespace vouchsafe::store
