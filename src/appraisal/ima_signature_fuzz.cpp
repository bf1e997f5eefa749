// Any bytes as a signature of the IMA list: what is taken is a part of them, and none verifies by luck.
#include "appraisal/ima_signature.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    static const auto key = crypto::EcPrivateKey::generate();
    static const appraisal::ImaKey named{
        .name = "fuzz", .key_id = Buffer{1, 2, 3, 4}, .public_key = key.public_key().spki_der()};
    static const appraisal::ImaSigners signers({&named, 1});
    const Bytes bytes(data, size);
    if (const auto parsed = appraisal::parse_ima_signature(bytes))
        VS_CHECK(parsed->signature.size() + 9 == size && parsed->key_id.size() == 4);
    VS_CHECK(!signers.verify(bytes, appraisal::Algorithm::sha256, Buffer(32, 7)));
    return 0;
}
