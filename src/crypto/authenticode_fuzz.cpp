// Any bytes as the signature of a program: what is read has a digest of its algorithm's size, and nobody
// else's certificate is behind it.
#include "crypto/authenticode.h"

#include <chrono>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace crypto = vouchsafe::crypto;
    const vouchsafe::Bytes bytes(data, size);
    static const crypto::Certificate stranger = crypto::make_ca_certificate(
        crypto::EcPrivateKey::generate(),
        "stranger",
        {.not_before = {}, .not_after = vouchsafe::SysTime(std::chrono::hours(1))});
    if (const auto digest = crypto::authenticode_digest(bytes))
        VS_CHECK(digest->digest.size() == crypto::digest_size(digest->hash));
    VS_CHECK(!crypto::verify_authenticode(bytes, stranger));
    return 0;
}
