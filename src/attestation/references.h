// What the authority state trusts, read once for each revision: CA certificates, base images, firmware sets.
#pragma once

#include "appraisal/appraise.h"
#include "appraisal/base_image.h"
#include "appraisal/image_index.h"
#include "attestation/sealed_challenge.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/ca_set.h"
#include "inventory/state.h"
#include "tpm/keys.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace vouchsafe::attestation {

struct NamedCa {
    std::string name;
    bool lab = false;
};

/// CA certificates, none that is revoked.
struct TrustedCas {
    crypto::CaSet certificates;
    std::map<std::string, NamedCa> names; ///< of anchors, by hex fingerprint

    /// What they were read from, to tell whether the state still says the same.
    decltype(inventory::AuthorityState::cas) imported;
    std::set<std::string> revoked; ///< fingerprints

    /// What cannot be read is left out: it was refused at its import.
    static TrustedCas of(const inventory::AuthorityState& state);
};

/// Base images, none that is revoked.
struct ApprovedImages {
    std::vector<appraisal::BaseImage> images;
    std::optional<appraisal::ImageIndex> index; ///< of them
    std::vector<std::string> digests;           ///< of the documents that they were read from
};

/// Firmware of the sets, by bank.
using SetFirmwareByBank = std::map<std::string, std::vector<appraisal::SetFirmware>>;

struct References {
    std::int64_t revision = -1;
    std::shared_ptr<const TrustedCas> cas; ///< neither is nullptr
    std::shared_ptr<const ApprovedImages> images;
    std::unordered_set<std::string> registered; ///< digests of endorsement keys, hex
    SetFirmwareByBank firmware;
    appraisal::FileDigests revoked_files;

    /// What cannot be read is left out: it was refused at its import, and trusts nothing here. What is as in
    /// `before` is taken from there: most changes are of hosts.
    static References of(const inventory::AuthorityState& state, const References* before = nullptr);
};

/// Empty where a value cannot be read, which then approves nothing.
std::optional<appraisal::FirmwarePin> to_pin(const inventory::FirmwarePin& firmware);

/// What an EK's own certificate proves: that it leads to a CA that was imported, though a certificate on the
/// way may have expired (see `validity`).
struct Certification {
    NamedCa ca;
    Buffer certificate; ///< DER
    inventory::TpmModel tpm;
    crypto::Validity validity; ///< of the whole path
};

struct CertificationQuestion {
    const tpm::EndorsementKey& ek;
    std::span<const Buffer> certificates; ///< DER, as the host sent them: its EK's first
    const TrustedCas& cas;
    const inventory::AuthorityState& state;
    SysTime now;
};

/// Errors, by their `where`:
///  endorsement.no_certificate  none is of this EK
///  endorsement.certificate     the EK's leads to no CA that was imported
Result<Certification> certify(const CertificationQuestion& question);

struct EndorsementQuestion {
    const Result<Certification>& certification;
    const std::string& ek_digest; ///< hex
    const inventory::Settings& settings;
    const References& references;
    SysTime now;
};

/// Judges an EK by the settings. `failure` is one of
///  endorsement.no_certificate  a certificate is required, and none is of this EK
///  endorsement.certificate     ... and the EK's leads to no CA that was imported
///  endorsement.expired         ... and a certificate on the way has expired, while the EK is not registered
///  endorsement.absent          neither a certificate that holds nor a registration
/// Whether an approved host's EK must be registered is asked later (lacks_registration).
Endorsement judge_endorsement(const EndorsementQuestion& question);

/// Approval registers an EK; where the settings ask for registered keys, it must still be one
/// (unsafe_auto_enrol approves without).
bool lacks_registration(const inventory::Settings& settings,
                        const References& references,
                        const std::string& ek_digest);

} // namespace vouchsafe::attestation
