// Policy documents: what is accepted says the same once it is written again.
#include "attestation/policy_document.h"
#include "json/write.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const auto state = attestation::parse_policy(Bytes(data, size));
    if (!state)
        return 0;
    const std::string written = json::canonical(attestation::policy_of(*state));
    const auto again = attestation::parse_policy(as_bytes(written));
    VS_CHECK(again.has_value());
    VS_CHECK(*again == *state);
    return 0;
}
