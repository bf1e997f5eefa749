#include "appraisal/judge_firmware.h"

#include "appraisal/boot.h"
#include "appraisal/replay.h"

#include <algorithm>
#include <cstddef>
#include <vector>

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

/// By its version, or by what it measured to.
std::string named(const std::string& version, const Buffer& value) {
    constexpr std::size_t digits = 16;
    return version.empty() ? "that measured to " + to_hex(value).substr(0, digits) : named(version);
}

constexpr std::size_t most_tried = 64; ///< events of one PCR
constexpr std::size_t most_listed = 6;

std::vector<const eventlog::Event*> events_of(const eventlog::FirmwareLog& log, std::uint32_t pcr) {
    std::vector<const eventlog::Event*> out;
    for (const eventlog::Event& event : log.events)
        if (event.extends() && event.pcr == pcr)
            out.push_back(&event);
    return out;
}

std::string named(const eventlog::Event& event, Algorithm bank) {
    const EventRef ref = event_ref(event, bank);
    constexpr std::size_t digits = 12;
    return "event " + std::to_string(ref.index) + " " + ref.type +
           (ref.description.empty() ? "" : " '" + ref.description + "'") + " (" +
           ref.digest.substr(0, digits) + ")";
}

/// The event that, left out, makes the PCR the approved one; nullptr where none does.
const eventlog::Event* one_too_many(std::uint32_t pcr, const FirmwareQuestion& question) {
    const auto events = events_of(question.log, pcr);
    if (events.size() > most_tried || !can_hash(question.bank))
        return nullptr;
    eventlog::FirmwareLog of_pcr = question.log;
    std::erase_if(of_pcr.events,
                  [pcr](const eventlog::Event& event) { return event.extends() && event.pcr != pcr; });
    const auto leads_there = [&](const eventlog::Event* left_out) {
        eventlog::FirmwareLog log = of_pcr;
        std::erase_if(log.events,
                      [&](const eventlog::Event& event) { return event.index == left_out->index; });
        const auto values = replay_firmware(log, question.bank);
        const auto value = values ? values->find(pcr) : PcrBank::const_iterator{};
        return values && value != values->end() && same_bytes(value->second, pcr_of(pcr, question.pin));
    };
    const auto found = std::ranges::find_if(events, leads_there);
    return found == events.end() ? nullptr : *found;
}

/// What differs, where versions do not tell.
std::string difference(std::uint32_t pcr, const FirmwareQuestion& question) {
    const std::string& shown = question.shown.version;
    const std::string& approved = question.pin.version;
    std::string out;
    if (shown != approved)
        out = "the firmware is " + named(shown) + ", approved is " + named(approved);
    else
        out = "the firmware is not the approved one, " +
              (shown.empty() ? "and neither names a version" : "though both are " + named(shown)) +
              ": it measured to " + to_hex(pcr_of(pcr, question.shown)) + ", approved is " +
              to_hex(pcr_of(pcr, question.pin));
    if (const eventlog::Event* const added = one_too_many(pcr, question))
        out += "; without " + named(*added, question.bank) + " it would be the approved one";
    return out;
}

/// What the firmware's own log has of this PCR, to compare with evidence that was kept.
std::string what_is_measured(std::uint32_t pcr, const FirmwareQuestion& question) {
    const auto events = events_of(question.log, pcr);
    std::string out;
    for (std::size_t i = 0; i < std::min(events.size(), most_listed); ++i)
        out += (i == 0 ? " This PCR is made of " : ", ") + named(*events[i], question.bank);
    if (events.size() > most_listed)
        out += ", and " + std::to_string(events.size() - most_listed) + " more";
    return out.empty() ? out : out + ".";
}

Reason changed(std::uint32_t pcr, const FirmwareQuestion& question) {
    const FirmwareFacts& shown = question.shown;
    Reason reason{
        .code = "firmware.changed",
        .message = "PCR " + std::to_string(pcr) + ": " + difference(pcr, question),
        .event = EventRef{.index = 0,
                          .pcr = pcr,
                          .type = "pcr",
                          .digest = to_hex(pcr_of(pcr, shown)),
                          .bank = to_string(question.bank),
                          .description = "firmware " + named(shown.version, pcr_of(pcr, shown))},
        .expected = {},
        .hint = "If the change was meant, approve the host's firmware anew, or add it to a firmware set." +
                what_is_measured(pcr, question)};
    const auto expect = [&](const FirmwarePin& firmware, const std::string& where) {
        reason.expected.push_back(
            {.digest = to_hex(pcr_of(pcr, firmware)),
             .description = "firmware " + named(firmware.version, pcr_of(pcr, firmware)) + where,
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
