// crypto: the one wrapper of libcrypto, in our types. No OpenSSL header shows here; what fails inside
// libcrypto for want of memory or through a fault of ours ends the process, what input can cause is a Result.
//
// This header: digests, and comparing in constant time.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace vouchsafe::crypto {

enum class HashAlg : std::uint8_t { sha1, sha256, sha384, sha512, sm3_256 };

/// "sha1", "sha256", "sha384", "sha512", "sm3_256", as tpm2-tools and our documents say them.
std::string_view to_string(HashAlg alg);
Result<HashAlg> hash_alg_from_text(std::string_view text);
std::size_t digest_size(HashAlg alg);

using Sha256Digest = std::array<std::uint8_t, 32>;

Buffer digest(HashAlg alg, Bytes bytes);
Buffer digest(HashAlg alg, std::initializer_list<Bytes> parts); ///< of the parts after each other
Sha256Digest sha256(Bytes bytes);
Sha256Digest sha256(std::initializer_list<Bytes> parts);

/// A digest that grows: Hasher(alg).update(a).update(b).finish().
class Hasher {
public:
    explicit Hasher(HashAlg alg);
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    ~Hasher();

    Hasher& update(Bytes bytes);
    /// The digest; the hasher starts anew afterwards.
    Buffer finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Compares in a time that depends on the sizes alone.
bool equal(Bytes a, Bytes b);
bool equal(const Secret& a, const Secret& b);
bool equal(const Secret& a, Bytes b);

} // namespace vouchsafe::crypto
