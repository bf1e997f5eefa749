#include "appraisal/judge_firmware.h"

#include <algorithm>

namespace vouchsafe::appraisal {

namespace {

const Buffer& pcr_of(std::uint32_t pcr, const auto& firmware) {
    return pcr == 0 ? firmware.pcr0 : firmware.pcr2;
}

bool is_shown(const FirmwareFacts& shown, const FirmwarePin& firmware) {
    return same_bytes(firmware.pcr0, shown.pcr0) && same_bytes(firmware.pcr2, shown.pcr2);
}

/// How much of a firmware is what the host shows, 0 to 3.
int in_common(const FirmwareFacts& shown, const FirmwarePin& firmware) {
    int common = 0;
    for (const bool same : {same_bytes(firmware.pcr0, shown.pcr0),
                            same_bytes(firmware.pcr2, shown.pcr2),
                            !shown.version.empty() && firmware.version == shown.version})
        common += same ? 1 : 0;
    return common;
}

/// The firmware of the sets that has most in common with what is shown; nullptr where none has anything.
const SetFirmware* nearest(const FirmwareQuestion& question) {
    const auto common = [&question](const SetFirmware& one) {
        return in_common(question.shown, one.firmware);
    };
    const auto found = std::ranges::max_element(question.sets, {}, common);
    return found == question.sets.end() || common(*found) == 0 ? nullptr : &*found;
}

std::string named(const std::string& version) {
    return version.empty() ? std::string("without a version") : "version '" + version + "'";
}

Reason changed(std::uint32_t pcr, const FirmwareQuestion& question) {
    const FirmwareFacts& shown = question.shown;
    Reason reason{
        .code = "firmware.changed",
        .message = "PCR " + std::to_string(pcr) + ": the firmware is " + named(shown.version) +
                   ", approved is " + named(question.pin.version),
        .event = EventRef{.index = 0,
                          .pcr = pcr,
                          .type = "pcr",
                          .digest = to_hex(pcr_of(pcr, shown)),
                          .bank = to_string(question.bank),
                          .description = "firmware " + named(shown.version)},
        .expected = {},
        .hint = "If the change was meant, approve the host's firmware anew, or add it to a firmware set."};
    const auto expect = [&](const FirmwarePin& firmware, const std::string& where) {
        reason.expected.push_back({.digest = to_hex(pcr_of(pcr, firmware)),
                                   .description = "firmware " + named(firmware.version) + where,
                                   .image = ""});
    };
    expect(question.pin, "");
    if (const SetFirmware* const near = nearest(question))
        expect(near->firmware, " of firmware set " + near->set);
    return reason;
}

} // namespace

FirmwareJudgement judge_firmware(const FirmwareQuestion& question) {
    FirmwareJudgement out;
    if (is_shown(question.shown, question.pin))
        return out;
    const auto known = std::ranges::find_if(
        question.sets, [&](const SetFirmware& one) { return is_shown(question.shown, one.firmware); });
    if (known != question.sets.end()) {
        out.set = known->set;
        return out;
    }
    for (const std::uint32_t pcr : {0U, 2U})
        if (!same_bytes(pcr_of(pcr, question.pin), pcr_of(pcr, question.shown)))
            out.reasons.push_back(changed(pcr, question));
    return out;
}

} // namespace vouchsafe::appraisal
