#include "tpm/attest.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace vouchsafe;
    if (const auto attest = tpm::parse_quote_attest({bytes, size}))
        VS_CHECK(same_bytes(tpm::encode(*attest), {bytes, size})); // accepted means canonical
    return 0;
}
