// Files of certificates as CAs and makers of TPMs hand them out.
#pragma once

#include "crypto/x509.h"

namespace vouchsafe::crypto {

struct BundleLimits {
    std::size_t bytes = std::size_t{4} << 20U;
    std::size_t certificates = 4096;
};

/// Every certificate of a file, in order: PEM blocks (CERTIFICATE, TRUSTED CERTIFICATE without its trust
/// settings, PKCS7), one DER certificate after another, or PKCS#7 in DER (".p7b", whose signatures are not
/// looked at). A certificate that does not parse is an error in its place. Fails as a whole, at
/// "x509.bundle", where the file is `too_large` or nothing in it is a certificate (`malformed`).
Result<std::vector<Result<Certificate>>> certificates_from_bundle(Bytes file, BundleLimits limits = {});

} // namespace vouchsafe::crypto
