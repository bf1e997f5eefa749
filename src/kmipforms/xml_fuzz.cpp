// What is read from XML has bytes that are accepted, and is read again from every form that it is written in.
#include "kmipforms/forms.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const kmipforms::Reading reading{.limits = {},
                                     .placeholders = {{"NOW", "2024-01-01T00:00:00Z"}, {"KEY", "00"}},
                                     .now = from_seconds(1)};
    const auto item = kmipforms::from_xml(as_text(Bytes(data, size)), reading);
    if (!item)
        return 0;
    const auto parsed = ttlv::parse(ttlv::encode(*item));
    VS_CHECK(parsed && *parsed == *item);
    const auto xml = kmipforms::to_xml(*item);
    VS_CHECK(xml.has_value()); // it came from XML
    const auto again = kmipforms::from_xml(*xml, {});
    VS_CHECK(again && *again == *item);
    const auto from_json = kmipforms::from_json(kmipforms::to_json(*item), {});
    VS_CHECK(from_json && *from_json == *item);
    return 0;
}
