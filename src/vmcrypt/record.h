// What is stored with an encrypted VM: how to get its key again. No secret.
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "protocol/release.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::vmcrypt {

inline constexpr std::size_t max_record_bytes = std::size_t{16} << 10U;

/// Canonical JSON {"blob":b64,"context":{..},"provider":name,"version":1}, kept in the domain's metadata and
/// in the file vouchsafe.json beside the disk. The blob is the key's identity; the provider's name is only
/// where to ask.
struct VmKeyRecord {
    KeyProviderId provider;
    Buffer blob;
    protocol::Context context;

    std::string encode() const;
    /// The inverse; the bytes must be canonical.
    static Result<VmKeyRecord> parse(std::string_view text);

    friend bool operator==(const VmKeyRecord&, const VmKeyRecord&) = default;
};

} // namespace vouchsafe::vmcrypt
