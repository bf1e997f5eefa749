// Asking the authority what a change of rules would do, host by host.
#pragma once

#include "base/result.h"
#include "cli/connection.h"
#include "json/value.h"

#include <string_view>

namespace vouchsafe::cli {

/// The whole answer to a supposition (vouchsafe.policy what_if), put together from its parts:
/// {"enrolments","judged","trusted_before","trusted_after","hosts":[…],"unknown":[…]}. Says how far it is
/// while it is long. `conflict` at "what_if.revision" when the rules changed meanwhile.
Result<json::Value> ask_what_if(Connection& connection, json::Object supposition);

/// For people: the hosts that change, why those that lose trust do, and the sums.
void show_what_if(const json::Value& found);

/// How many hosts have this `change` ("loses", "gains", "other-image").
std::size_t count_changes(const json::Value& found, std::string_view change);

} // namespace vouchsafe::cli
