// Offline inspection of a firmware log: what is in it, what it leads to, and what is wrong with it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <cstdint>

namespace vouchsafe::appraisal {

enum class Verdict : std::uint8_t { fine, does_not_verify, malformed };

struct InspectReport {
    Verdict verdict = Verdict::fine;
    /// {"format","banks":[..],"events":[{"index","pcr","type","digests":{bank:hex},"data":{..}}],
    ///  "pcrs":{bank:{"N":hex}},"summary":{"secure_boot","firmware_version","startup_locality","padding"},
    ///  "findings":[{"code","message","severity","event"}]}; docs/inspect.md has the members of "data"
    json::Value json;
};

/// A log that cannot be parsed gives the verdict `malformed` and a report with the finding that says why.
InspectReport inspect_eventlog(Bytes log);

} // namespace vouchsafe::appraisal
