// A maker of TPMs: EK certificates for as many software TPMs as one wants.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/ec_key.h"

#include <memory>
#include <string>

namespace vouchsafe::test {

class EkMaker {
public:
    /// What it certifies is valid from a day before `now`, for ten years.
    explicit EkMaker(SysTime now);
    EkMaker(const EkMaker&) = delete;
    EkMaker& operator=(const EkMaker&) = delete;
    ~EkMaker();

    std::string ca_pem() const;
    Buffer certificate(const crypto::EcPrivateKey& ek) const; ///< DER

private:
    struct Impl;
    std::unique_ptr<const Impl> impl_;
};

} // namespace vouchsafe::test
