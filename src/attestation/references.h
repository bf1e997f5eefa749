// What the authority state trusts, read once for each revision: CA certificates and base images.
#pragma once

#include "appraisal/base_image.h"
#include "attestation/sealed_challenge.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/x509.h"
#include "inventory/state.h"
#include "tpm/keys.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::attestation {

struct NamedCa {
    std::string name;
    bool lab = false;
};

struct References {
    std::int64_t revision = -1;
    std::vector<crypto::Certificate> anchors;
    std::map<std::string, NamedCa> names; ///< of anchors, by hex fingerprint
    std::vector<crypto::Certificate> intermediates;
    std::vector<appraisal::BaseImage> images; ///< none that is revoked

    /// What cannot be read is left out: it was refused at its import, and trusts nothing here.
    static References of(const inventory::AuthorityState& state);
};

struct EndorsementQuestion {
    const tpm::EndorsementKey& ek;
    std::string_view ek_digest;           ///< hex
    std::span<const Buffer> certificates; ///< DER, as the host sent them: its EK's first
    const inventory::AuthorityState& state;
    const References& references;
    SysTime now;
};

/// Judges an EK by the settings. `failure` is one of
///  endorsement.no_certificate  a certificate is required, and none is of this EK
///  endorsement.certificate     ... and the EK's leads to no CA that was imported
///  endorsement.absent          neither a certificate that holds nor a registration
/// Whether an approved host's EK must be registered is asked later (lacks_registration).
Endorsement judge_endorsement(const EndorsementQuestion& question);

/// Approval registers an EK; where the settings ask for registered keys, it must still be one
/// (unsafe_auto_enrol approves without).
bool lacks_registration(const inventory::AuthorityState& state, std::string_view ek_digest);

} // namespace vouchsafe::attestation
