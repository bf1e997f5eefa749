// What state and dates of a primary key allow, by the key server's clock.
#pragma once

#include "base/clock.h"
#include "inventory/provider.h"
#include "keyprovider/gate.h"
#include "kmip/attributes.h"

#include <optional>

namespace vouchsafe::keyprovider {

/// The key server's time when it told the attributes; ours where it told none.
SysTime told_at(const kmip::Attributes& attributes, SysTime now);

/// The state at that time of the key server's: a Deactivation Date or Compromise Date that has passed counts,
/// whatever State says [KMIP 1.4, State]. Nothing when there is no State.
std::optional<kmip::State> state_at(const kmip::Attributes& attributes, SysTime server_time);

/// From Process Start Date on, until Protect Stop Date; what is absent bounds nothing [KMIP 1.4, Process
/// Start Date, Protect Stop Date].
WrapWindow wrap_window_at(const kmip::Attributes& attributes, SysTime server_time);

/// Whether blobs may open under a key in this state, by the provider's policy.
bool opens(kmip::State state, const inventory::ProviderPolicy& policy);

} // namespace vouchsafe::keyprovider
