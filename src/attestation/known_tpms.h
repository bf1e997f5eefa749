// What was worked out of a TPM's public parts when its host was challenged before, so that a host that
// attests again costs no parsing of keys and no certification path.
//
// Everything in it follows from the request's own bytes and from the CA certificates that were trusted then;
// it is used only while both are the same and the path is valid. Only approved hosts get in, so that
// strangers cannot push them out.
#pragma once

#include "attestation/references.h"
#include "base/clock.h"
#include "base/id.h"
#include "crypto/digest.h"
#include "protocol/challenge.h"
#include "tpm/keys.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>

namespace vouchsafe::attestation {

/// A TPM as its host presents it: EK, its certificates, and AK.
struct PresentedTpm {
    std::string ek_digest; ///< hex
    HostId host;
    tpm::AttestationKey ak;
    Result<Certification> certification;
    std::shared_ptr<const TrustedCas> cas; ///< that certified it
    crypto::Sha256Digest presentation{};   ///< of the bytes that were presented
};

/// Of EK, certificates and AK, each with its length.
crypto::Sha256Digest presentation_of(const protocol::ChallengeRequest& request);

class KnownTpms {
public:
    using Known = std::shared_ptr<const PresentedTpm>; ///< nullptr: not known

    explicit KnownTpms(std::size_t most = 16'384) : most_(most) {}

    /// One that was presented in the same bytes, was certified by these very CAs, and still is at `now`.
    Known find(const crypto::Sha256Digest& presentation,
               Bytes ak_public,
               const std::shared_ptr<const TrustedCas>& cas,
               SysTime now) const;

    /// The AK of that public area, however it was presented; nullptr when it is not known.
    std::shared_ptr<const tpm::AttestationKey> attestation_key(Bytes ak_public) const;

    void add(Bytes ak_public, Known tpm);

private:
    std::size_t most_;
    std::map<crypto::Sha256Digest, Known> by_ak_; ///< by digest of the AK's public area
};

} // namespace vouchsafe::attestation
