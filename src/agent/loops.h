// The two threads of a running agent: one keeps the attestation result fresh, one serves the workload
// manager.
#pragma once

#include "agent/manager_link.h"
#include "agent/trust.h"
#include "base/clock.h"

#include <chrono>
#include <stop_token>

namespace vouchsafe::agent {

/// Sleeps, unless it is to stop.
void rest(const std::stop_token& stop, std::chrono::milliseconds time);

/// Attests whenever it is due, until asked to stop.
void keep_trust(const std::stop_token& stop, Trust& trust, const Clock& clock);

/// Polls without pause while the manager answers, and ever more seldom while it does not.
void serve_manager(const std::stop_token& stop, ManagerLink& link);

} // namespace vouchsafe::agent
