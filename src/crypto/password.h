// Passwords of local users: scrypt [RFC 7914].
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::crypto {

struct ScryptCost {
    std::uint64_t n = 32768; ///< a power of two
    std::uint64_t r = 8;
    std::uint64_t p = 1;
};

/// 1 <= size <= 1024; costs over 256 MiB or 2^20 are `malformed`.
Result<Secret> scrypt(const Secret& password, Bytes salt, ScryptCost cost, std::size_t size);

/// "scrypt$N$r$p$salt$hash", salt and hash in base64: what may be stored.
std::string hash_password(const Secret& password, Random& random, ScryptCost cost = {});

/// `untrusted` at "password.wrong"; `malformed` at "password.hash" when the stored text is none of ours.
Result<void> verify_password(const Secret& password, std::string_view stored);

} // namespace vouchsafe::crypto
