// Exports of base images: whatever they hold, an image comes of evidence that proves itself, or none.
#include "attestation/image_export.h"
#include "json/parse.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto document =
        json::parse(as_text(Bytes(data, size)), {.bytes = attestation::max_image_export_bytes});
    if (!document || !attestation::is_image_export(*document))
        return 0;
    if (const auto read = attestation::read_image_export(*document))
        VS_CHECK(appraisal::validate(read->derived).has_value());
    return 0;
}
