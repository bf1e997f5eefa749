// What is read from JSON has bytes that are accepted, and is read again from every form that it is written
// in.
#include "kmipforms/forms.h"
#include "kmipforms/remarks.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const kmipforms::Reading reading{.limits = {},
                                     .placeholders = {{"NOW", "2024-01-01T00:00:00Z"}, {"KEY", "00"}},
                                     .now = from_seconds(1)};
    const auto item = kmipforms::from_json(as_text(Bytes(data, size)), reading);
    if (!item)
        return 0;
    const auto parsed = ttlv::parse(ttlv::encode(*item));
    VS_CHECK(parsed && *parsed == *item);
    const auto again = kmipforms::from_json(kmipforms::to_json(*item), {});
    VS_CHECK(again && *again == *item);
    if (const auto xml = kmipforms::to_xml(*item)) { // some text XML cannot say
        const auto from_xml = kmipforms::from_xml(*xml, {});
        VS_CHECK(from_xml && *from_xml == *item);
    }
    (void)kmipforms::remarks(*item);
    return 0;
}
