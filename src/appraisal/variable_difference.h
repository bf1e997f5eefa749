// What changed in a signature database of Secure Boot, told from its new content and its old digest. For this
// library's own use.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "eventlog/firmware.h"

#include <string>

namespace vouchsafe::appraisal {

/// For an event that measured PK, KEK, db, dbx or the like, and whose data is what was measured: which
/// entries, left out, give the `approved` digest ("added: X.509 certificate CN=…"); one of them, or some at
/// the end. Where none do, what the variable holds now ("now holds 2 X.509 certificates (CN=…, …)"). ""
/// for any other event. At most 512 entries are tried.
std::string variable_difference(const eventlog::Event& event, Algorithm bank, Bytes approved);

} // namespace vouchsafe::appraisal
