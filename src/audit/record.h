// audit: tamper-evident notes of decisions. A record is one line of canonical JSON that names the digest of
// the line before it (chain.h); who writes lines to a disk implements AuditSink (sink.h). No files here.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "json/value.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::audit {

inline constexpr std::size_t max_line_bytes = std::size_t{64} << 10U; ///< with its line end

/// The highest number of a record: the next still is one, and every reader of JSON holds it exactly.
inline constexpr std::int64_t max_sequence = std::int64_t{1} << 53U;

/// Kinds that the house writes; a verifier takes any word of a-z and '_'.
namespace kind {
inline constexpr std::string_view start = "start";
inline constexpr std::string_view stop = "stop";
inline constexpr std::string_view claim = "claim";             ///< the authority manager introduced itself
inline constexpr std::string_view change = "change";           ///< a change record was committed
inline constexpr std::string_view attestation = "attestation"; ///< an appraisal and its outcome
inline constexpr std::string_view release = "release";         ///< a key is about to leave
inline constexpr std::string_view rewrap = "rewrap";           ///< a key is wrapped anew; none leaves
inline constexpr std::string_view withheld = "withheld";       ///< recorded as released, then not sent
inline constexpr std::string_view refused = "refused";         ///< a release that was refused
inline constexpr std::string_view alarm = "alarm";             ///< somebody should look
inline constexpr std::string_view unsafe = "unsafe";           ///< a rule was relaxed
inline constexpr std::string_view checkpoint = "checkpoint";   ///< signed: how far the chain went
inline constexpr std::string_view clock = "clock";             ///< the clock was set
inline constexpr std::string_view torn = "torn";               ///< an unfinished record was cut off
} // namespace kind

struct AuditRecord {
    std::int64_t sequence = 0;       ///< "seq"; the first is 1
    crypto::Sha256Digest previous{}; ///< "prev"; of the first: zeros
    SysTime time;
    AuthorityHostId host;
    std::string kind;
    json::Object fields; ///< no secrets: digests and names only

    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

/// The record as the object that its line is.
json::Value to_json(AuditRecord record);

/// The inverse; nothing unknown ("audit.*"). The caller has bounded the value.
Result<AuditRecord> from_json(const json::Value& value);

/// One line with its line end; `too_large` at "audit.size" when the fields do not fit.
Result<std::string> encode_line(AuditRecord record);

/// The inverse, for a line without its line end: canonical, nothing unknown ("audit.*").
Result<AuditRecord> parse_line(std::string_view line);

/// SHA-256("vouchsafe/audit/1" ‖ line without line end)
crypto::Sha256Digest line_digest(std::string_view line);

} // namespace vouchsafe::audit
