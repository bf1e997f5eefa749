// systemd's measurement log: what userspace extended into PCRs after the boot (systemd 255 and later,
// /run/log/systemd/tpm2-measure.log). Records of JSON-SEQ [RFC 7464], close to TCG CEL-JSON:
//
//     RS {"pcr":11,"digests":[{"hashAlg":"sha256","digest":hex}],"content_type":"systemd",
//         "content":{"string":"sysinit","bootId":…,"timestamp":…,"eventType":"phase"}} LF
//
// Nothing of the content is hashed as it stands; `text` counts only where its hash is the digest.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

struct UserspaceLimits {
    std::size_t log_bytes = std::size_t{256} << 10U;
    std::size_t records = 2048;
    std::size_t record_bytes = std::size_t{16} << 10U;
};

struct UserspaceRecord {
    std::size_t index = 0;            ///< place in the log
    std::optional<std::uint32_t> pcr; ///< 0 to 23; absent: an NV index was extended, no PCR
    std::map<Algorithm, Buffer> digests;
    std::string kind; ///< systemd's eventType: "phase", "volume-key"; "" without one. A label
    std::string text; ///< systemd's string; "" without one. Untrusted until its hash is the digest
};

using UserspaceLog = std::vector<UserspaceRecord>;

/// parse_userspace_log establishes:
///  1 the log, each record and their number are within the limits (`too_large`)
///  2 records follow each other without gap; each is RS, one JSON object and LF
///  3 a PCR index is below 24, and absent only with "nv_index" or "nvIndex" in its place
///  4 a record has at least one digest; each is of a known algorithm and its size, and the algorithm occurs
///    once
/// Members that are not named here are passed over: newer versions of systemd have more of them.
/// An error's `where` is "userspace.<field>" or, for what is no object, "userspace"; its `detail` names the
/// record, its offset and the cause.
Result<UserspaceLog> parse_userspace_log(Bytes log, const UserspaceLimits& limits = {});

} // namespace vouchsafe::appraisal
