// What changed in a signature database of Secure Boot: told from both contents, or from the new one and the
// old one's digest. For this library's own use.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "eventlog/firmware.h"

#include <optional>
#include <string>

namespace vouchsafe::appraisal {

/// Which entries of a measured variable (PK, KEK, db, dbx: UEFI_VARIABLE_DATA) were added and which removed,
/// each with its type, owner and digest: "added since: X.509 certificate CN=… (sha256 …, owner …)". Of dbx it
/// says that what was removed revokes nothing any more. "" where one of them is no signature database, or
/// both are alike.
std::string database_difference(Bytes before, Bytes after);

struct ApprovedVariable {
    Bytes digest;
    const std::optional<Buffer>& data; ///< whose hash that is, where it is known
};

/// For an event that measured PK, KEK, db, dbx or the like, and whose data is what was measured:
/// database_difference where the approved data is known; else which entries, left out, give the approved
/// digest: one of them, or some at the end; where none do, what the variable holds now. "" for any other
/// event. At most 512 entries are tried.
std::string
variable_difference(const eventlog::Event& event, Algorithm bank, const ApprovedVariable& approved);

} // namespace vouchsafe::appraisal
