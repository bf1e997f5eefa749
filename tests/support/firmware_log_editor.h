// A firmware log that a test can change event by event and write out again.
#pragma once

#include "base/bytes.h"
#include "base/reader.h"
#include "eventlog/firmware.h"

#include <map>
#include <vector>

namespace vouchsafe::test {

struct EditableEvent {
    std::uint32_t pcr = 0;
    std::uint32_t type = 0;
    std::map<eventlog::Algorithm, Buffer> digests;
    Buffer data;
};

/// The header event stays as it is; `events` are those after it, so that events[0] is event 1 of the log.
struct EditableLog {
    Buffer header;
    std::vector<EditableEvent> events;

    explicit EditableLog(Bytes log) {
        const auto parsed = eventlog::parse_firmware_log(log);
        VS_CHECK(parsed && parsed->events.size() > 1);
        header = to_buffer(log.first(parsed->events[1].offset));
        for (std::size_t i = 1; i < parsed->events.size(); ++i) {
            const eventlog::Event& event = parsed->events[i];
            EditableEvent copy{event.pcr, event.type, {}, to_buffer(event.data)};
            for (const auto& digest : event.digests)
                copy.digests[digest.algorithm] = to_buffer(digest.value);
            events.push_back(std::move(copy));
        }
    }

    Buffer encode() const {
        Writer out;
        out.bytes(header);
        for (const EditableEvent& event : events) {
            out.little(event.pcr).little(event.type);
            out.little(static_cast<std::uint32_t>(event.digests.size()));
            for (const auto& [algorithm, value] : event.digests)
                out.little(static_cast<std::uint16_t>(algorithm)).bytes(value);
            out.little(static_cast<std::uint32_t>(event.data.size())).bytes(event.data);
        }
        return out.done();
    }
};

} // namespace vouchsafe::test
