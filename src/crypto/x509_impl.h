// What a Certificate holds. For the *.cpp of this library only.
#pragma once

#include "crypto/openssl.h"
#include "crypto/x509.h"

#include <optional>

namespace vouchsafe::crypto {

struct Certificate::Impl {
    Buffer der;
    OwnedX509 x509; ///< its extensions are already read, so that threads may share it
    std::string subject;
    std::string issuer;
    std::string common_name;
    std::string serial;
    SysTime not_before;
    SysTime not_after;
    std::vector<std::string> dns_names;
};

/// For libcrypto, whose interfaces take no const certificates.
inline X509& handle(const Certificate& certificate) {
    return *certificate.impl().x509;
}

/// "2.23.133.8.1"
std::string oid_text(const ASN1_OBJECT& object);

/// The texts of a directory name in UTF-8, attribute by attribute, as {OID, value}.
struct NameAttribute {
    std::string oid;
    std::string value;
};

std::vector<NameAttribute> name_attributes(const X509_NAME& name);

using OwnedGeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

/// nullptr when there is none; `malformed` when it does not parse or occurs twice.
Result<OwnedGeneralNames> subject_alt_names(X509& certificate);

/// What the extended key usage says, as OIDs; nullopt when there is none.
Result<std::optional<std::vector<std::string>>> extended_key_usage(X509& certificate);

} // namespace vouchsafe::crypto
