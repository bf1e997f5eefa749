// Digests of many small messages by one algorithm: PCRs and measurement lists are made of them.
#pragma once

#include "crypto/digest.h"

#include <memory>
#include <span>

namespace vouchsafe::crypto {

/// One that is made once asks for memory once, where crypto::digest does so for each message.
class ManyDigests {
public:
    explicit ManyDigests(HashAlg alg);
    ManyDigests(ManyDigests&&) noexcept;
    ManyDigests& operator=(ManyDigests&&) noexcept;
    ManyDigests(const ManyDigests&) = delete;
    ManyDigests& operator=(const ManyDigests&) = delete;
    ~ManyDigests();

    /// The digest of the parts after each other into `out`, which is as long as a digest and may be a part.
    void digest(std::initializer_list<Bytes> parts, std::span<std::uint8_t> out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace vouchsafe::crypto
