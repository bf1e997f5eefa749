// What an attestation leaves: tokens for the host, an observation for administrators, a record for the audit.
#pragma once

#include "attestation/judgement.h"
#include "attestation/verdict.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "inventory/enrolment.h"
#include "inventory/state.h"
#include "json/value.h"
#include "protocol/evidence.h"

#include <chrono>
#include <optional>
#include <string>

namespace vouchsafe::attestation {

struct Issuer {
    const crypto::EcPrivateKey& token_key;
    const crypto::EcPrivateKey& report_key;
    std::chrono::seconds reporting_life;
    Random& random;
    SysTime now;
};

/// The answer to the host with its tokens. A pending host is told only that it is pending. While entries of
/// its IMA list wait for a quote, the tokens end when the wait does: so the host attests again before.
Result<protocol::EvidenceAnswer> issue_answer(const ProvenHost& host,
                                              const Verdict& verdict,
                                              const inventory::AuthorityState& state,
                                              const Issuer& issuer);

/// What is known of the host from now on. `last` keeps its boot id while the TPM was not reset: another
/// kernel does not become the known one by asking twice.
inventory::HostObservation observe(const ProvenHost& host,
                                   const Verdict& verdict,
                                   const std::optional<inventory::HostObservation>& last,
                                   const protocol::EvidenceAnswer& answer,
                                   SysTime now);

/// A TPM whose firmware is another than in `last` is on record with both versions.
json::Object audit_fields(const ProvenHost& host,
                          const Verdict& verdict,
                          const std::optional<inventory::HostObservation>& last,
                          const inventory::AuthorityState& state);

} // namespace vouchsafe::attestation
