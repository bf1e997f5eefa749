// What one end of a TLS connection shows, and what it demands of the other.
#pragma once

#include "base/secret.h"

#include <string>
#include <variant>
#include <vector>

namespace vouchsafe::net {

/// A certificate (PEM, the leaf first, further certificates of its chain after it) and its private key
/// (PKCS#8, DER or PEM).
struct TlsIdentity {
    std::string certificate_pem;
    Secret private_key;
};

/// The server's key is this one: hex SHA-256 of its SubjectPublicKeyInfo. Name and dates are not looked at.
struct PinnedKey {
    std::string spki_sha256;
};

/// The server's certificate is under one of these (PEM), names the host, and is within its dates.
struct TrustedCa {
    std::string certificates_pem;
};

/// The server's certificate is exactly one of these (PEM each). Name and dates are not looked at: the
/// administrator said which they are.
struct PinnedCertificates {
    std::vector<std::string> pem;
};

using ServerTrust = std::variant<PinnedKey, TrustedCa, PinnedCertificates>;

} // namespace vouchsafe::net
