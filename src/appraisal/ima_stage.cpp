#include "appraisal/ima_stage.h"

#include "appraisal/ima_judge.h"
#include "appraisal/replay.h"

#include <utility>

namespace vouchsafe::appraisal {

namespace {

/// The quoted values, as firmware left them: what userspace and IMA extended came after the boot aggregate.
QuotedPcrs quoted_at_boot(const ImaEvidence& evidence) {
    QuotedPcrs out = evidence.quoted;
    for (const auto& [bank, values] : evidence.left_by_firmware)
        for (const auto& [pcr, value] : values)
            out.banks.at(bank)[pcr] = value;
    return out;
}

} // namespace

ImaOutcome check_ima_stage(const ImaEvidence& evidence) {
    ImaCheck found = check_ima({.list = evidence.list,
                                .present = evidence.present,
                                .position = evidence.start,
                                .begin = evidence.begin,
                                .quoted = evidence.quoted});
    ImaOutcome out;
    if (!found.reasons.empty()) {
        out.reasons = std::move(found.reasons);
        return out;
    }
    out.end.entries = evidence.entries_before() + found.entries;
    out.end.values = std::move(found.values);
    out.pending = evidence.list.entries.size() - found.entries;
    if (out.end.entries == 0 || evidence.entries_before() > 0)
        return out;
    const auto checked = check_boot_aggregate(evidence.list, quoted_at_boot(evidence));
    if (!checked)
        out.reasons.push_back(
            plain("ima.boot_aggregate",
                  "the IMA list is not of this boot: boot_aggregate: " + checked.error().detail,
                  "The list must begin with the boot aggregate of the quoted PCRs."));
    return out;
}

std::vector<Reason>
judge_ima_stage(const BaseImage& image, const ImaEvidence& evidence, const ImaPosition& end) {
    if (end.entries == 0)
        return {plain("ima.absent",
                      "base image " + image.version.text + " judges what IMA lists, and there is no list",
                      "The kernel must have IMA, and the agent must send its list.")};
    if (evidence.entries_before() > 0 && evidence.start->image != image.version.text)
        return {plain("ima.position",
                      "the entries before the list were not judged by base image " + image.version.text,
                      "Nothing: the host sends its whole list at the next attestation.")};
    const QuotedPcrs at_boot = quoted_at_boot(evidence);
    return judge_ima(
        {.image = image, .list = evidence.list, .begin = evidence.entries_before(), .at_boot = at_boot});
}

} // namespace vouchsafe::appraisal
