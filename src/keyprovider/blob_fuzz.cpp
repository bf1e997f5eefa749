// What is accepted as a blob encodes to the same bytes.
#include "keyprovider/blob_format.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes bytes(data, size);
    if (const auto blob = keyprovider::parse_blob(bytes))
        VS_CHECK(same_bytes(keyprovider::encode_blob(*blob), bytes));
    return 0;
}
