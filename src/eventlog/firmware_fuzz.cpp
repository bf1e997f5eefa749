// Any bytes: a clear error, or a log whose events lie inside the input, one after the other.
#include "eventlog/event_data.h"
#include "eventlog/firmware.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto log = eventlog::parse_firmware_log({data, size});
    if (!log) {
        VS_CHECK(log.error().where.starts_with("eventlog."));
        return 0;
    }
    VS_CHECK(!log->events.empty() && !log->banks.empty());
    std::size_t end = 0;
    for (const eventlog::Event& event : log->events) {
        VS_CHECK(event.offset == end);
        const auto after = static_cast<std::size_t>(event.data.data() + event.data.size() - data);
        VS_CHECK(event.data.data() == nullptr || after <= size);
        end = event.data.data() == nullptr ? end : after;
        VS_CHECK(is_utf8(eventlog::describe(event)));
        if (const auto image = eventlog::decode_image_load(event.data))
            VS_CHECK(image->device_path.size() <= event.data.size());
    }
    VS_CHECK(end + log->padding == size);
    return 0;
}
