// Signatures in the IMA list [Linux, security.ima]: over a file's digest, by a key of four bytes' name.
#pragma once

#include "appraisal/ima_rule.h"
#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "eventlog/ima.h"

#include <span>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

/// A signature's parts: type 3 (a digital signature), version 2; or type 6 (over fs-verity's digest), version
/// 3.
struct ImaSignature {
    bool verity = false;
    Algorithm algorithm{};
    Buffer key_id; ///< 4 bytes
    Bytes signature;
};

/// u8 type ‖ u8 version ‖ u8 hash ‖ 4 bytes key id ‖ u16 big-endian size ‖ signature. `unsupported` and
/// `malformed` at "ima.signature".
Result<ImaSignature> parse_ima_signature(Bytes bytes);

/// The keys of a rule, read once.
class ImaSigners {
public:
    /// What cannot be read signs nothing: validate() has refused it.
    explicit ImaSigners(std::span<const ImaKey> keys);

    /// One of the keys that the signature names made it over the file's digest. Over fs-verity's it is in
    /// version 3 alone: over the hash of kind, algorithm and digest, so that none passes for the other's.
    /// `untrusted` at "ima.signature".
    Result<void> verify(const eventlog::ImaFile& file, Algorithm algorithm) const;

    /// One of the keys made the signature that is appended to the file over the file without it, whose digest
    /// the kernel lists too. `untrusted` at "ima.signature", besides what appended_signature refuses.
    Result<void> verify_appended(const eventlog::ImaFile& file) const;

private:
    std::vector<std::pair<Buffer, crypto::PublicKey>> keys_; ///< by key id
};

} // namespace vouchsafe::appraisal
