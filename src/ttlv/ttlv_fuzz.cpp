// Strictly accepted means canonical; leniently accepted must encode to something strictly accepted.
#include "base/result.h"
#include "ttlv/codec.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes bytes(data, size);
    if (const auto item = ttlv::parse(bytes))
        VS_CHECK(same_bytes(ttlv::encode(*item), bytes));
    if (const auto item = ttlv::parse(bytes, {}, ttlv::Padding::ignored)) {
        const Buffer again = ttlv::encode(*item);
        const auto strict = ttlv::parse(again);
        VS_CHECK(strict && *strict == *item);
        VS_CHECK(!ttlv::describe(*item).empty());
    }
    return 0;
}
