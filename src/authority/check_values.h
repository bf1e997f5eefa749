// What primary keys were seen to be, kept in the state: another key under the same identifier is never used.
#pragma once

#include "authority/core.h"
#include "base/result.h"
#include "keyprovider/primary_key.h"

namespace vouchsafe::authority {

/// Commits the check value of every generation that has none yet and whose key was fetched. Fails as
/// Core::commit does; the next call tries again.
Result<void> keep_check_values(Core& core, const keyprovider::PrimaryKeyCache& keys);

} // namespace vouchsafe::authority
