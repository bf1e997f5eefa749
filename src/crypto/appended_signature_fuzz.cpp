// Any bytes as the signature that is appended to a kernel module: what is read keeps the limits.
#include "crypto/appended_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace crypto = vouchsafe::crypto;
    if (const auto read = crypto::appended_signature(vouchsafe::Bytes(data, size)))
        VS_CHECK(!read->signature.empty() && read->signature.size() <= crypto::most_appended);
    return 0;
}
