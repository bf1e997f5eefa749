// Offline inspection of an EK certificate: does a path lead from it to a CA that one trusts?
#pragma once

#include "appraisal/inspect.h"
#include "base/clock.h"
#include "crypto/ca_set.h"

#include <span>

namespace vouchsafe::appraisal {

/// `certificate` is DER, PEM, or what a TPM's NV index holds (padding around the DER is tolerated); PEM may
/// hold intermediates after the leaf. Each of `cas` is a file of CA certificates (crypto/x509_bundle.h);
/// every one in it that parses is trusted, roots and intermediates alike. `json` is
///   {"verified":bool,"path":[{"subject","issuer","serial","key","not_before","not_after","sha256"}],
///    "reason":{"code","message"} or null,"tpm":{"manufacturer","model","version"} or null}
/// with the path from the leaf to the CA; its checks are those of crypto::verify_ek_chain, at `now`.
InspectReport inspect_ek_certificate(Bytes certificate,
                                     std::span<const Buffer> cas,
                                     SysTime now,
                                     crypto::Expiry expiry = crypto::Expiry::refused);

} // namespace vouchsafe::appraisal
