// Services information: who the authority hosts of a cluster are, verified from the anchor alone.
//
// The document travels through management servers that nobody has to believe:
//   {"information": services token, "key_certificates": [key certificate...], "root": b64 DER certificate}
// The anchor is the digest of the root certificate's key, the root key signed the key certificates, and a
// certified key of use "services" signed the token.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "crypto/x509.h"
#include "json/value.h"
#include "token/jwt.h"
#include "token/key_certificate.h"
#include "token/keys.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::token {

inline constexpr std::string_view services_typ = "vouchsafe-services+jwt";
inline constexpr std::chrono::days max_services_life{3653};
inline constexpr std::size_t max_authority_hosts = 64;

struct ServiceHost {
    AuthorityHostId id;
    std::string hostname;
    std::uint16_t port = 443;

    friend bool operator==(const ServiceHost&, const ServiceHost&) = default;
};

struct ServicesInformation {
    std::string anchor; ///< hex SHA-256 of the root's SubjectPublicKeyInfo
    std::string group;
    std::string cluster;
    std::int64_t version = 1; ///< never goes back
    std::vector<ServiceHost> hosts;
    std::string id; ///< jti
    Times times;

    friend bool operator==(const ServicesInformation&, const ServicesInformation&) = default;
};

/// The token; signed by a key of use "services".
Result<std::string> issue_services_information(const crypto::EcPrivateKey& services_key,
                                               const ServicesInformation& information);

/// The document, of a root certificate, key certificates and a token made before.
json::Value services_document(const crypto::Certificate& root,
                              const std::vector<std::string>& key_certificates,
                              std::string_view information);

struct ServicesRequest {
    const json::Value& document;
    std::string_view anchor;    ///< set on the verifier itself, never by who carried the document
    std::int64_t least_version; ///< the version accepted last; 0 before the first
    SysTime now;
};

class VerifiedServices {
public:
    const ServicesInformation& information() const { return information_; }

    const std::vector<ServiceHost>& hosts() const { return information_.hosts; }

    /// Anchor of the TLS server certificates of the hosts.
    const crypto::Certificate& root() const { return root_; }

    /// Certified keys of a use, of every host or of one.
    KeySet keys(KeyUse use) const;
    KeySet keys(KeyUse use, const AuthorityHostId& host) const;

    /// The document as it was verified, to be stored and sent on.
    const json::Value& document() const { return document_; }

private:
    friend Result<VerifiedServices> verify_services(const ServicesRequest& request);

    VerifiedServices(json::Value document, crypto::Certificate root)
        : document_(std::move(document)), root_(std::move(root)) {}

    json::Value document_;
    crypto::Certificate root_;
    std::vector<VerifiedKeyCertificate> certificates_;
    ServicesInformation information_;
};

/// verify_services establishes, in this order of `where`:
///  services.*            the document's form
///  services.root         a valid self-signed CA certificate whose P-256 key has the anchor's digest
///  token.*               every key certificate is the root's and live
///  services.key          no key is certified for two uses, and one for "services"
///  token.*               such a key signed the token, which is live
///  services.anchor       the token names the same anchor and group
///  services.hosts        every host has one id and one address
///  services.version      not older than least_version                            (`conflict`)
Result<VerifiedServices> verify_services(const ServicesRequest& request);

} // namespace vouchsafe::token
