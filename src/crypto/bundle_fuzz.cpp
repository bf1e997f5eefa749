// Files of CA certificates: what is read keeps to its limits, and every certificate of it goes through PEM.
#include "crypto/ca_set.h"
#include "crypto/x509_bundle.h"

namespace crypto = vouchsafe::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr crypto::BundleLimits limits{.bytes = std::size_t{1} << 16U, .certificates = 16};
    const auto bundle = crypto::certificates_from_bundle({data, size}, limits);
    if (!bundle)
        return 0;
    VS_CHECK(bundle->size() <= limits.certificates);
    std::vector<crypto::Certificate> good;
    for (const auto& one : *bundle)
        if (one)
            good.push_back(*one);
    VS_CHECK(!good.empty());
    const auto again = crypto::certificates_from_pem(crypto::pem_of(good));
    VS_CHECK(again && *again == good);
    VS_CHECK(crypto::roles_of(good).size() == good.size());
    return 0;
}
