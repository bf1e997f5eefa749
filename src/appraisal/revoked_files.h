// What was measured against files that an administrator revoked. For this library's own use.
#pragma once

#include "appraisal/ima_rule.h"
#include "appraisal/reason.h"
#include "eventlog/firmware.h"
#include "eventlog/ima.h"

#include <cstddef>
#include <vector>

namespace vouchsafe::appraisal {

struct RevokedFilesQuestion {
    const FileDigests& revoked;
    const eventlog::FirmwareLog& log;
    const eventlog::ImaList& list;
    std::size_t begin; ///< entries before the list; they were judged when they were accepted
};

/// revoked.file: an event of the firmware log, by its digest in any bank, or an entry of the IMA list, by its
/// file's digest, also where no quote covers it yet. At most `most_refused` are named.
std::vector<Reason> check_revoked_files(const RevokedFilesQuestion& question);

} // namespace vouchsafe::appraisal
