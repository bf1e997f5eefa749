// What the key types hold. For the *.cpp of this library only.
#pragma once

#include "crypto/ec_key.h"
#include "crypto/openssl.h"
#include "crypto/rsa.h"

namespace vouchsafe::crypto {

struct EcPublicKey::Impl {
    Curve curve;
    Buffer x;
    Buffer y;
    OwnedPkey key;
};

struct EcPrivateKey::Impl {
    OwnedPkey key;
    EcPublicKey public_key;
};

struct RsaPublicKey::Impl {
    Buffer modulus;
    std::uint32_t exponent;
    OwnedPkey key;
};

} // namespace vouchsafe::crypto
