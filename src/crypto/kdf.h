// Key derivation: HKDF [RFC 5869].
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

#include <cstddef>

namespace vouchsafe::crypto {

/// Extract and expand; `size` is 1 to 255 * 32, anything else ends the process.
Secret hkdf_sha256(Bytes salt, const Secret& ikm, Bytes info, std::size_t size);

} // namespace vouchsafe::crypto
