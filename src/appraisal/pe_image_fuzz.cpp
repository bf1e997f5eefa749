// Any bytes as an EFI program: what is taken can be hashed, whatever its headers say.
#include "appraisal/pe_image.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    if (const auto image = appraisal::parse_pe_image({data, size})) {
        VS_CHECK(appraisal::authenticode_digest(*image, appraisal::Algorithm::sha256).size() == 32);
        for (const auto& section : image->sections)
            static_cast<void>(appraisal::content(section));
        if (const auto signatures = appraisal::signatures(*image))
            VS_CHECK(signatures->size() <= appraisal::most_signatures_of_image);
    }
    return 0;
}
