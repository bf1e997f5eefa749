// The checks on a proven host's evidence, each a function from values to reasons.
#pragma once

#include "appraisal/appraise.h"
#include "appraisal/weak_tpms.h"
#include "attestation/references.h"
#include "attestation/sealed_challenge.h"
#include "base/clock.h"
#include "inventory/enrolment.h"
#include "inventory/state.h"
#include "protocol/evidence.h"
#include "protocol/reason.h"
#include "protocol/statement.h"
#include "tpm/quote.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::attestation {

using Reasons = std::vector<protocol::Reason>;

/// A host that its TPM proved: every value here was covered by a verified quote, or by the challenge.
struct ProvenHost {
    ChallengeState challenge;
    protocol::Statement statement;
    tpm::VerifiedQuote quote;
    std::string ak_name;         ///< hex
    std::string evidence_digest; ///< hex SHA-256 of the message
};

/// Whether the statement is about what came with it: statement.purpose, statement.anchor, statement.host,
/// statement.release_key, statement.firmware_log, statement.ima_log, statement.userspace_log.
Reasons check_statement(const ProvenHost& host, const protocol::Evidence& evidence, std::string_view anchor);

/// Of these, the three about logs.
Reasons check_logs(const ProvenHost& host, const protocol::Evidence& evidence);

/// revoked.host, revoked.ek, revoked.ak, revoked.tpm_model, revoked.firmware
Reasons check_revocations(const ProvenHost& host, const inventory::AuthorityState& state);

/// The endorsement of an enrolled host: what was found at the challenge, and endorsement.not_registered.
Reasons
check_endorsement(const ProvenHost& host, const inventory::Settings& settings, const References& references);

/// The faults that are published of the host's TPM: by the maker in its EK's certificate and the firmware
/// version in the quote, and by the keys themselves (EK and AK that a faulty TPM made).
std::vector<appraisal::TpmFault> tpm_faults(const ProvenHost& host, const appraisal::WeakTpms& list);

/// tpm.weak: one for each fault.
Reasons check_tpm(const ProvenHost& host, const std::vector<appraisal::TpmFault>& faults);

/// boot.kexec: another kernel was started without a reset of the TPM since `last`, and the base image does
/// not accept that.
Reasons check_boot(const ProvenHost& host,
                   const std::optional<inventory::HostObservation>& last,
                   const appraisal::Appraisal& appraisal);

/// How long entries at the end of an IMA list may wait for the quote that covers them.
inline constexpr std::chrono::minutes pending_life{5};

/// Whether the TPM counted no reset since `last` was observed, under the same AK.
bool same_boot(const ProvenHost& host, const std::optional<inventory::HostObservation>& last);

/// The entries that now wait for a quote, with the time since when. A batch that was seen before keeps its
/// time until a quote covers the whole of it; an appraisal that never came to the list changes nothing.
std::optional<inventory::PendingEntries>
pending_entries(const ProvenHost& host,
                const appraisal::Appraisal& appraisal,
                const std::optional<inventory::HostObservation>& last,
                SysTime now);

/// ima.pending: entries wait for longer than `pending_life`.
Reasons check_pending(const std::optional<inventory::PendingEntries>& pending, SysTime now);

/// PCR 0 and 2 as quoted, in the policy bank: what an approval pins. None where that bank is not allocated.
std::optional<inventory::FirmwarePin> firmware_of(const ProvenHost& host, std::string version);

inventory::Counters counters_of(const ProvenHost& host);

/// The values of every quoted bank, as appraisal takes them.
appraisal::QuotedPcrs quoted_pcrs(const tpm::VerifiedQuote& quote);

/// How the quoted counters stand to the last accepted ones, of enrolment and observation.
tpm::Continuity continuity(const ProvenHost& host,
                           const inventory::Enrolment& enrolment,
                           const std::optional<inventory::HostObservation>& last);

struct AppraisalQuestion {
    const ProvenHost& host;
    const protocol::Evidence& evidence;
    const References& references;
    const inventory::Settings& settings;
    const inventory::Enrolment& enrolment;
    SysTime now;
};

appraisal::Appraisal appraise_boot(const AppraisalQuestion& question);

Reasons to_reasons(const std::vector<appraisal::Reason>& reasons);

/// A reason that no event is behind.
protocol::Reason reason(std::string_view code, std::string message, std::string hint = {});
/// The reason for an endorsement's `failure`.
protocol::Reason endorsement_reason(std::string_view code);

} // namespace vouchsafe::attestation
