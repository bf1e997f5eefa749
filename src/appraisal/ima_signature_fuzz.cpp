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
    const Buffer digest(32, 7);
    for (const bool verity : {false, true}) {
        const eventlog::ImaFile file{.algorithm = "sha256",
                                     .digest = digest,
                                     .verity = verity,
                                     .name = "/a",
                                     .signature = bytes,
                                     .buffer = {},
                                     .unsigned_algorithm = "sha256",
                                     .unsigned_digest = digest,
                                     .appended_signature = bytes};
        VS_CHECK(!signers.verify(file, appraisal::Algorithm::sha256));
        VS_CHECK(!signers.verify_appended(file));
    }
    return 0;
}
