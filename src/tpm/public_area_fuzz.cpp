#include "tpm/keys.h"
#include "tpm/public_area.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace vouchsafe;
    const auto area = tpm::parse_public_area({bytes, size});
    if (!area)
        return 0;
    VS_CHECK(same_bytes(tpm::encode(*area), {bytes, size})); // accepted means canonical
    const auto ek = tpm::EndorsementKey::from(*area);
    const auto ak = tpm::AttestationKey::from(*area);
    VS_CHECK(!ek || !ak); // no key is both
    return 0;
}
