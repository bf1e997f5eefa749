#include "attestation/results.h"

#include "attestation/log_position.h"
#include "attestation/release_quote.h"
#include "base/reader.h"
#include "token/results.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::attestation {

namespace {

token::Tier to_tier(appraisal::Tier tier) {
    switch (tier) {
    case appraisal::Tier::none:
        return token::Tier::none;
    case appraisal::Tier::affirming:
        return token::Tier::affirming;
    case appraisal::Tier::warning:
        return token::Tier::warning;
    case appraisal::Tier::contraindicated:
        return token::Tier::contraindicated;
    }
    VS_CHECK(false);
}

token::HostState to_host_state(protocol::Outcome outcome) {
    switch (outcome) {
    case protocol::Outcome::trusted:
        return token::HostState::trusted;
    case protocol::Outcome::pending:
        return token::HostState::pending;
    case protocol::Outcome::refused:
        return token::HostState::refused;
    }
    VS_CHECK(false);
}

// What the tier says of a host as a whole: nothing but a trusted one is affirmed.
appraisal::Tier tier_of(const Verdict& verdict) {
    switch (verdict.outcome) {
    case protocol::Outcome::trusted:
        return verdict.tpm_faults.empty() ? verdict.appraisal.tier : appraisal::Tier::warning;
    case protocol::Outcome::pending:
        return appraisal::Tier::none;
    case protocol::Outcome::refused:
        return appraisal::Tier::contraindicated;
    }
    VS_CHECK(false);
}

// What is claimed of the host, one aspect each: nothing of a pending one.
token::TrustVector vector_of(const Verdict& verdict) {
    constexpr std::int8_t affirmed = 2;         // [AR4SI, instance-identity: recognised]
    constexpr std::int8_t unsafe_hardware = 32; // [AR4SI, hardware: of known weakness]
    if (verdict.outcome == protocol::Outcome::pending)
        return {};
    const appraisal::Claims& claims = verdict.appraisal.claims;
    const bool trusted = verdict.outcome == protocol::Outcome::trusted;
    return {.instance_identity = trusted ? affirmed : std::int8_t{0},
            .configuration = claims.configuration,
            .executables = claims.executables,
            .hardware =
                verdict.tpm_faults.empty() ? claims.hardware : std::max(claims.hardware, unsafe_hardware)};
}

Result<std::string> key_access_token(const ProvenHost& host,
                                     const Verdict& verdict,
                                     const inventory::AuthorityState& state,
                                     const Issuer& issuer,
                                     const token::Times& times) {
    const inventory::Counters counters = counters_of(host);
    VS_TRY(const auto executables, token::executables_from_text(verdict.appraisal.executables));
    VS_CHECK(verdict.appraisal.base_image.has_value()); // nothing is trusted without
    return token::issue_key_access(issuer.token_key,
                                   {.group = state.group,
                                    .host = host.challenge.host,
                                    .id = make_uuid(issuer.random),
                                    .times = times,
                                    .release_key = host.statement.release_key,
                                    .tier = to_tier(tier_of(verdict)),
                                    .vector = vector_of(verdict),
                                    .base_image = *verdict.appraisal.base_image,
                                    .ek_digest = host.challenge.ek_digest,
                                    .ak_name = host.ak_name,
                                    .reset_count = counters.reset,
                                    .restart_count = counters.restart,
                                    .epoch = state.epoch,
                                    .revision = state.revision,
                                    .evidence_digest = host.evidence_digest,
                                    .executables = executables,
                                    .weak_tpm = !verdict.tpm_faults.empty(),
                                    .lab = host.challenge.endorsement.lab});
}

struct ReportingParts {
    const Reasons& reasons; ///< that the host may see
    token::Times times;
};

Result<std::string> reporting_token(const ProvenHost& host,
                                    const Verdict& verdict,
                                    const inventory::AuthorityState& state,
                                    const Issuer& issuer,
                                    ReportingParts parts) {
    token::Reporting out{.group = state.group,
                         .host = host.challenge.host,
                         .id = make_uuid(issuer.random),
                         .times = parts.times,
                         .state = to_host_state(verdict.outcome),
                         .tier = to_tier(tier_of(verdict)),
                         .vector = vector_of(verdict),
                         .base_image = std::nullopt,
                         .executables = std::nullopt,
                         .reasons = protocol::reasons_to_json(parts.reasons),
                         .label = verdict.enrolment.label,
                         .ek_digest = host.challenge.ek_digest,
                         .ak_name = host.ak_name,
                         .not_assessed = {},
                         .epoch = state.epoch,
                         .lab = host.challenge.endorsement.lab};
    if (verdict.outcome == protocol::Outcome::trusted) {
        out.base_image = verdict.appraisal.base_image;
        if (auto executables = token::executables_from_text(verdict.appraisal.executables))
            out.executables = *executables;
        for (const std::uint32_t pcr : verdict.appraisal.not_assessed)
            out.not_assessed.push_back(static_cast<int>(pcr));
    }
    return token::issue_reporting(issuer.report_key, out);
}

std::chrono::seconds
life_of(const Verdict& verdict, const inventory::AuthorityState& state, const Issuer& issuer) {
    if (verdict.outcome != protocol::Outcome::trusted)
        return issuer.reporting_life;
    const std::chrono::seconds whole = state.settings.key_access_life;
    if (!verdict.ima_pending)
        return whole;
    const auto left = verdict.ima_pending->since + pending_life - issuer.now;
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds(1), whole);
}

json::Value advisories_of(const Verdict& verdict) {
    json::Array out;
    for (const appraisal::TpmFault& fault : verdict.tpm_faults)
        out.emplace_back(fault.advisories.front());
    return json::Value(std::move(out));
}

std::string tpm_firmware(const ProvenHost& host) {
    return tpm_firmware_of(host.quote);
}

} // namespace

Result<protocol::EvidenceAnswer> issue_answer(const ProvenHost& host,
                                              const Verdict& verdict,
                                              const inventory::AuthorityState& state,
                                              const Issuer& issuer) {
    protocol::EvidenceAnswer out;
    out.outcome = verdict.outcome;
    out.epoch = state.epoch;
    const bool trusted = verdict.outcome == protocol::Outcome::trusted;
    const token::Times times = token::times_from(issuer.now, life_of(verdict, state, issuer));
    out.expires = times.expires;
    if (verdict.outcome == protocol::Outcome::pending)
        out.reasons = {reason("enrolment.pending",
                              "this host is not approved",
                              "ask a member of TrustedAdmins to approve it: vouchsafe host approve " +
                                  host.challenge.host.text)};
    else
        out.reasons = verdict.reasons;
    if (trusted && verdict.appraisal.ima_end.can_go_on())
        out.log_positions.emplace("ima", to_known(accepted_position(host, verdict.appraisal, state.epoch)));
    if (trusted) {
        VS_TRY(out.key_access_token, key_access_token(host, verdict, state, issuer, times));
    }
    VS_TRY(out.reporting_token,
           reporting_token(host, verdict, state, issuer, {.reasons = out.reasons, .times = times}));
    return out;
}

inventory::HostObservation observe(const ProvenHost& host,
                                   const Verdict& verdict,
                                   const std::optional<inventory::HostObservation>& last,
                                   const protocol::EvidenceAnswer& answer,
                                   SysTime now) {
    inventory::HostObservation out;
    out.host = host.challenge.host;
    out.counters = counters_of(host);
    const bool trusted = verdict.outcome == protocol::Outcome::trusted;
    out.boot_id = same_boot(host, last) && !trusted ? last->boot_id : host.statement.boot_id;
    out.ima_pending = verdict.ima_pending;
    out.tpm_firmware = tpm_firmware(host);
    out.last_attested = now;
    out.state = protocol::to_string(verdict.outcome);
    out.tier = appraisal::to_string(tier_of(verdict));
    if (verdict.appraisal.base_image)
        out.base_image = verdict.appraisal.base_image->text;
    out.reasons = protocol::reasons_to_json(verdict.reasons);
    out.firmware = firmware_of(host, verdict.appraisal.firmware.version);
    out.firmware_set = verdict.appraisal.firmware_set;
    if (trusted)
        out.accepted = accepted_quote(host);
    if (trusted && verdict.appraisal.ima_end.can_go_on())
        out.log_positions["ima"] = accepted_position(host, verdict.appraisal, answer.epoch);
    out.ak_name = host.ak_name;
    out.ak_public = host.challenge.ak_public;
    out.reporting_token = answer.reporting_token;
    return out;
}

json::Object audit_fields(const ProvenHost& host,
                          const Verdict& verdict,
                          const std::optional<inventory::HostObservation>& last,
                          const inventory::AuthorityState& state) {
    const inventory::Counters counters = counters_of(host);
    json::Array codes;
    for (const protocol::Reason& one : verdict.reasons)
        codes.emplace_back(one.code);
    json::Value fields = json::object(
        {{"ak_name", host.ak_name},
         {"boot_id", host.statement.boot_id},
         {"ek_digest", host.challenge.ek_digest},
         {"epoch", state.epoch},
         {"evidence_digest", host.evidence_digest},
         {"host", host.challenge.host.text},
         {"image",
          verdict.appraisal.base_image ? json::Value(verdict.appraisal.base_image->text) : json::Value()},
         {"outcome", protocol::to_string(verdict.outcome)},
         {"reasons", std::move(codes)},
         {"reset_count", counters.reset},
         {"restart_count", counters.restart},
         {"revision", state.revision},
         {"tpm_firmware", tpm_firmware(host)}});
    if (!verdict.tpm_faults.empty())
        fields.as_object().emplace("tpm_faults", advisories_of(verdict));
    if (verdict.appraisal.firmware_set)
        fields.as_object().emplace("firmware_set", *verdict.appraisal.firmware_set);
    if (last && last->tpm_firmware && last->tpm_firmware != tpm_firmware(host))
        fields.as_object().emplace("tpm_firmware_before", *last->tpm_firmware);
    return std::move(fields.as_object());
}

} // namespace vouchsafe::attestation
