// What in a message is not as the specification of its version has it: remarks, no judgement. Servers and
// vendors differ from the tables, and readers keep what they do not know.
#pragma once

#include "ttlv/item.h"

#include <string>
#include <vector>

namespace vouchsafe::kmipforms {

/// One line for each oddity, in the message's order, none twice: tags, types and values that the tables do
/// not have at all, or not in the message's Protocol Version (where it has one).
std::vector<std::string> remarks(const ttlv::Item& message);

} // namespace vouchsafe::kmipforms
