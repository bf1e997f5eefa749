// A change of rules, tried on kept evidence before it is made.
#pragma once

#include "attestation/reappraisal.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/state.h"

#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::attestation {

/// What would be changed; every part is optional.
struct Supposition {
    std::vector<std::string> remove_images = {}; ///< versions
    std::vector<json::Value> add_images = {};    ///< base image documents
    std::vector<std::string> remove_cas = {};    ///< names
    std::optional<bool> require_endorsement_keys = {};
    std::optional<bool> require_certificate_validation = {};
    std::optional<bool> unsafe_ignore_firmware = {};
    bool require_secure_boot = false; ///< for every image, whatever it says
};

/// Rules as they would be.
struct SupposedRules {
    inventory::AuthorityState state;
    References references;
};

/// The rules after the changes, by the same functions as real ones (inventory::preview), so that what could
/// not be changed fails here as it would there. Both endorsement switches may be off: it is only thought of.
Result<SupposedRules> suppose(inventory::AuthorityState state, const Supposition& what, SysTime now);

enum class TrustChange : std::uint8_t {
    none,
    loses,       ///< was trusted
    gains,       ///< was not
    other_image, ///< trusted before and after, by another base image
};

std::string_view to_string(TrustChange change);

struct HostOutcome {
    TrustChange change = TrustChange::none;
    Verdict before;
    Verdict after;
};

/// One host's kept evidence by both rules.
Result<HostOutcome> compare(const KeptEvidence& kept, const Rules& before, const Rules& after);

} // namespace vouchsafe::attestation
