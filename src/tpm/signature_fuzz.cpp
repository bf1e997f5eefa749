#include "tpm/attest.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace vouchsafe;
    if (const auto signature = tpm::parse_signature({bytes, size}))
        VS_CHECK(same_bytes(tpm::encode(*signature), {bytes, size})); // accepted means canonical
    return 0;
}
