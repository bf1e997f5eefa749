#include "attestation/reappraisal.h"

#include "attestation/proof.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::attestation {

namespace {

using inventory::EnrolmentState;

Endorsement endorsement_of(const ChallengeState& challenge, const Rules& rules) {
    const auto ek = read_ek(challenge.ek_public);
    VS_CHECK(ek.has_value()); // reprove has read it
    const Result<Certification> certification = certify({.ek = *ek,
                                                         .certificates = challenge.ek_certificates,
                                                         .cas = *rules.references.cas,
                                                         .state = rules.state,
                                                         .now = rules.now});
    return judge_endorsement({.certification = certification,
                              .ek_digest = challenge.ek_digest,
                              .settings = rules.state.settings,
                              .references = rules.references,
                              .now = rules.now});
}

std::string_view continuity_message(std::string_view cause) {
    return cause == "ak_changed" ? "the host has another attestation key than the approved one"
                                 : "the TPM's counters went back behind the last accepted ones";
}

/// A row of the table: its failures are the reasons whose code begins with one of the prefixes.
struct Step {
    std::string_view name;
    std::array<std::string_view, 3> prefixes;
    bool ends; ///< when it fails, the steps after it are not taken
};

// In the order of the judgement. Endorsement, boot and waiting entries are judged whatever the others say.
constexpr std::array steps = {
    Step{"statement is about this evidence", {"statement."}, true},
    Step{"nothing revoked", {"revoked."}, true},
    Step{"enrolment", {"enrolment."}, true},
    Step{"endorsement of the TPM", {"endorsement."}, false},
    Step{"no published fault of the TPM", {"tpm."}, false},
    Step{"the measured kernel runs", {"boot.kexec"}, false},
    Step{"no IMA entries wait too long", {"ima.pending"}, false},
    Step{"policy bank quoted", {"policy.bank"}, true},
    Step{"firmware log leads to the PCRs", {"eventlog.", "pcr.", "policy."}, true},
    Step{"userspace log", {"userspace."}, true},
    Step{"IMA list leads to PCR 10", {"ima."}, true},
    Step{"Secure Boot", {"secure_boot."}, true},
    Step{"measured operating system", {"boot.no_kernel"}, true},
    Step{"base image", {"image."}, true},
    Step{"firmware", {"firmware."}, true},
};

const Step* step_of(std::string_view code) {
    const auto* const found = std::ranges::find_if(steps, [code](const Step& step) {
        return std::ranges::any_of(step.prefixes, [code](std::string_view prefix) {
            return !prefix.empty() && code.starts_with(prefix);
        });
    });
    return found == steps.end() ? nullptr : found;
}

std::string detail_of(const Step& step, const Reproven& evidence, const Verdict& verdict) {
    const Endorsement& endorsement = evidence.host.challenge.endorsement;
    const appraisal::Appraisal& found = verdict.appraisal;
    if (step.name == "enrolment")
        return std::string(inventory::to_string(verdict.enrolment.state));
    if (step.name == "endorsement of the TPM")
        return endorsement.ca ? "by " + *endorsement.ca + (endorsement.lab ? " (lab)" : "")
                              : std::string(endorsement.registered ? "registered key" : "");
    if (step.name == "IMA list leads to PCR 10" && found.ima_end.entries + found.ima_pending > 0)
        return std::to_string(found.ima_end.entries) + " entries, " + std::to_string(found.ima_pending) +
               " waiting";
    if (step.name == "Secure Boot")
        return found.secure_boot ? "on" : "off";
    if (step.name == "base image" && found.base_image)
        return found.base_image->text + ", userspace: " + found.executables;
    if (step.name == "firmware")
        return found.firmware.version;
    return {};
}

json::Value row(std::string_view name, std::string_view result, std::string detail) {
    return json::object({{"name", name}, {"result", result}, {"detail", std::move(detail)}});
}

} // namespace

Verdict reappraise(Reproven& evidence, const KeptEvidence& kept, const Rules& rules) {
    ProvenHost& host = evidence.host;
    host.challenge.endorsement = endorsement_of(host.challenge, rules);
    const Judgement question{.host = host,
                             .evidence = evidence.evidence,
                             .state = rules.state,
                             .references = rules.references,
                             .weak_tpms = appraisal::weak_tpms(),
                             .last = kept.last,
                             .received = kept.received,
                             .now = rules.now};
    const inventory::Enrolment* const enrolment = rules.state.enrolment(host.challenge.host);
    if (enrolment == nullptr)
        return refuse(question, {}, {reason("enrolment.absent", "this host is not enrolled")});
    Reasons reasons = check_claims(host, evidence.evidence, rules.state);
    if (enrolment->state == EnrolmentState::removed)
        reasons.push_back(reason("enrolment.removed", "an administrator removed this host"));
    if (!reasons.empty())
        return refuse(question, *enrolment, std::move(reasons));
    const std::string_view cause = broken_continuity(host, *enrolment, kept.last);
    if (cause.empty())
        return judge(question, *enrolment);
    inventory::Enrolment pending = *enrolment;
    pending.state = EnrolmentState::pending;
    Verdict out = judge(question, pending);
    out.reasons.insert(
        out.reasons.begin(),
        reason("enrolment." + std::string(cause), std::string(continuity_message(cause)), "approve it anew"));
    return out;
}

json::Value steps_of(const Reproven& evidence, const KeptEvidence& kept, const Verdict& verdict) {
    json::Array rows;
    rows.push_back(row("quote by the attestation key", "yes", "AK " + evidence.host.ak_name));
    rows.push_back(row("attestation key of this TPM",
                       "yes",
                       kept.activated ? "by a credential, says " + kept.challenge.authority_host.text
                                      : "enrolled with this EK, says " + kept.challenge.authority_host.text));
    bool ended = false;
    for (const Step& step : steps) {
        std::vector<std::string> failures;
        for (const protocol::Reason& reason : verdict.reasons)
            if (step_of(reason.code) == &step)
                failures.push_back(reason.code + ": " + reason.message);
        if (ended && failures.empty()) {
            rows.push_back(row(step.name, "not reached", {}));
            continue;
        }
        const bool pending = step.name == "enrolment" && verdict.outcome == protocol::Outcome::pending;
        rows.push_back(row(step.name,
                           failures.empty() && !pending ? "yes" : "no",
                           failures.empty() ? detail_of(step, evidence, verdict) : failures.front()));
        ended = ended || (step.ends && !failures.empty() && !pending);
    }
    for (const protocol::Reason& reason : verdict.reasons)
        if (step_of(reason.code) == nullptr)
            rows.push_back(row(reason.code, "no", reason.message));
    return json::Value(std::move(rows));
}

} // namespace vouchsafe::attestation
