// The data of a firmware event as typed JSON, for people and programs that inspect a log.
#pragma once

#include "eventlog/firmware.h"
#include "json/value.h"

namespace vouchsafe::appraisal {

/// Members by the event's type, as docs/inspect.md lists them; {"size"} and, where short, {"hex"} for what
/// has no form that is known or does not keep to it. Of events that extend, "measured" tells whether the data
/// is what was measured: where it is false, everything else here is only what the log says.
json::Value event_data_json(const eventlog::Event& event);

/// {"index","pcr","type","digests":{bank:hex},"data":{..}}
json::Value event_json(const eventlog::Event& event);

} // namespace vouchsafe::appraisal
