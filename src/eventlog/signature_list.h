// Signature databases of Secure Boot: PK, KEK, db, dbx, and shim's MOK lists [UEFI, Secure Boot, Signature
// Database].
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vouchsafe::eventlog {

inline constexpr std::size_t most_signatures = 8192; ///< in all lists of one variable

/// EFI_SIGNATURE_DATA
struct Signature {
    std::string owner; ///< GUID
    Bytes data;        ///< certificate, hash or key
};

/// EFI_SIGNATURE_LIST
struct SignatureList {
    std::string type; ///< "x509", "sha256", ...; the GUID of a type that has no name here
    std::vector<Signature> signatures;
};

/// All lists of a variable, one after the other; none of empty data. `malformed` where sizes do not fit,
/// `too_large` beyond most_signatures.
Result<std::vector<SignatureList>> decode_signature_lists(Bytes data);

/// One EFI_SIGNATURE_DATA that fills the data: what admitted an image.
Result<Signature> decode_signature(Bytes data);
/// The inverse; the owner must be a GUID.
Buffer encode_signature(const Signature& signature);

/// A list of one certificate in DER, as tools and firmware write it.
Buffer encode_certificate_list(const Signature& certificate);

} // namespace vouchsafe::eventlog
