// Any bytes as a base image: what is taken is the one encoding of its content.
#include "appraisal/base_image.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes document{data, size};
    if (const auto image = appraisal::parse_base_image(document))
        VS_CHECK(same_bytes(appraisal::encode(*image), document) && appraisal::validate(*image));
    return 0;
}
