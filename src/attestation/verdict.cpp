#include "attestation/verdict.h"

#include "attestation/log_position.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vouchsafe::attestation {

using inventory::EnrolmentState;

Reasons check_claims(const ProvenHost& host,
                     const protocol::Evidence& evidence,
                     const inventory::AuthorityState& state) {
    Reasons reasons = check_statement(host, evidence, state.anchor);
    std::ranges::move(check_revocations(host, state), std::back_inserter(reasons));
    return reasons;
}

Verdict refuse(const Judgement& of, const inventory::Enrolment& enrolment, Reasons reasons) {
    return {.outcome = protocol::Outcome::refused,
            .reasons = std::move(reasons),
            .appraisal = {},
            .enrolment = enrolment,
            .ima_pending = pending_entries(of.host, {}, of.last, of.received)};
}

std::string_view broken_continuity(const ProvenHost& host,
                                   const inventory::Enrolment& enrolment,
                                   const std::optional<inventory::HostObservation>& last) {
    if (enrolment.state != EnrolmentState::approved)
        return {};
    if (enrolment.ak_name != host.ak_name)
        return "ak_changed";
    return continuity(host, enrolment, last) == tpm::Continuity::went_back ? "counters_went_back" : "";
}

Verdict judge(const Judgement& of, const inventory::Enrolment& enrolment) {
    Verdict out{.outcome = protocol::Outcome::pending,
                .reasons = check_endorsement(of.host, of.state.settings, of.references),
                .appraisal = appraise_boot({.host = of.host,
                                            .evidence = of.evidence,
                                            .references = of.references,
                                            .settings = of.state.settings,
                                            .enrolment = enrolment,
                                            .now = of.now}),
                .enrolment = enrolment,
                .ima_pending = std::nullopt};
    out.ima_pending = pending_entries(of.host, out.appraisal, of.last, of.received);
    out.tpm_faults = tpm_faults(of.host, of.weak_tpms);
    if (!of.state.settings.unsafe_accept_weak_tpms)
        std::ranges::move(check_tpm(of.host, out.tpm_faults), std::back_inserter(out.reasons));
    std::ranges::move(check_position(of.host), std::back_inserter(out.reasons));
    std::ranges::move(check_boot(of.host, of.last, out.appraisal), std::back_inserter(out.reasons));
    std::ranges::move(check_pending(out.ima_pending, of.received), std::back_inserter(out.reasons));
    std::ranges::move(to_reasons(out.appraisal.reasons), std::back_inserter(out.reasons));
    if (out.reasons.size() > protocol::max_reasons)
        out.reasons.resize(protocol::max_reasons);
    if (enrolment.state == EnrolmentState::approved)
        out.outcome = out.reasons.empty() && out.appraisal.trusted() ? protocol::Outcome::trusted
                                                                     : protocol::Outcome::refused;
    return out;
}

} // namespace vouchsafe::attestation
