// Stages 3 and 4 of appraise: the log against every quoted bank.
#include "appraisal/boot.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;
namespace type = eventlog::type;

constexpr std::uint32_t pcr_stub = 11;
constexpr std::uint32_t last_required = 14;

/// What systemd-pcrphase of systemd 252 extends into PCR 11 as a boot goes on, in this order.
constexpr std::array<std::string_view, 6> phases{
    "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final"};

bool reached_by_phases(Algorithm bank, Buffer value, Bytes quoted) {
    return std::ranges::any_of(phases, [&](std::string_view phase) {
        value = extend(bank, value, hash(bank, as_bytes(phase)));
        return same_bytes(value, quoted);
    });
}

/// The first event of a PCR whose data must hash to its digest, and does not: where a log was changed.
const Event* suspect(const FirmwareLog& log, std::uint32_t pcr) {
    for (const Event& event : log.events) {
        const bool hashed = event.type == type::separator || event.type == type::efi_action ||
                            event.type == type::efi_variable_driver_config;
        if (event.pcr == pcr && hashed && !data_is_measured(event))
            return &event;
    }
    return nullptr;
}

struct Bank {
    Algorithm algorithm;
    const PcrBank& quoted;
};

Reason replay_reason(const FirmwareLog& log, const Bank& bank, std::uint32_t pcr, Bytes replayed) {
    Reason reason{.code = "eventlog.replay",
                  .message = "the firmware log does not lead to PCR " + std::to_string(pcr) + " of " +
                             to_string(bank.algorithm),
                  .event = {},
                  .expected = {},
                  .hint = "The log was changed or is not of this boot, or something extended the PCR "
                          "without an event."};
    if (const Event* const event = suspect(log, pcr))
        reason.event = event_ref(*event, bank.algorithm);
    reason.expected.push_back({.digest = to_hex(bank.quoted.at(pcr)),
                               .description = "the quoted value; the log leads to " + to_hex(replayed),
                               .image = ""});
    return reason;
}

void check_touched(const FirmwareLog& log,
                   const Bank& bank,
                   const std::vector<std::uint32_t>& exempt,
                   std::vector<Reason>& reasons) {
    const auto replayed = replay_firmware(log, bank.algorithm);
    const Event* const without = event_without(log, bank.algorithm);
    if (!replayed || without != nullptr) {
        reasons.push_back({.code = "eventlog.bank",
                           .message = replayed ? "an event of the log has no digest of the allocated bank " +
                                                     to_string(bank.algorithm)
                                               : replayed.error().detail,
                           .event = {},
                           .expected = {},
                           .hint = "Every event must be in every bank that the TPM has allocated."});
        if (without != nullptr)
            reasons.back().event = event_ref(*without, bank.algorithm);
        return;
    }
    for (const auto& [pcr, value] : *replayed) {
        const auto quoted = bank.quoted.find(pcr);
        const bool excused = std::ranges::find(exempt, pcr) != exempt.end();
        if (quoted == bank.quoted.end() || excused || same_bytes(value, quoted->second))
            continue;
        if (pcr == pcr_stub && reached_by_phases(bank.algorithm, value, quoted->second))
            continue;
        reasons.push_back(replay_reason(log, bank, pcr, value));
    }
    for (const std::uint32_t pcr : image_pcrs) {
        const auto quoted = bank.quoted.find(pcr);
        if (replayed->contains(pcr) || quoted == bank.quoted.end() || is_zero(quoted->second))
            continue;
        reasons.push_back(
            {.code = "pcr.unexplained",
             .message = "PCR " + std::to_string(pcr) + " of " + to_string(bank.algorithm) +
                        " was extended, and no event says by what",
             .event = {},
             .expected = {},
             .hint = "Something measured without writing to a log that came with the evidence."});
    }
}

} // namespace

std::vector<Reason>
check_replay(const FirmwareLog& log, const QuotedPcrs& quoted, const std::vector<std::uint32_t>& exempt) {
    std::vector<Reason> reasons;
    for (const auto& [algorithm, values] : quoted.banks) {
        const auto missing = [&values](std::uint32_t pcr) { return !values.contains(pcr); };
        for (std::uint32_t pcr = 0; pcr <= last_required; ++pcr)
            if (missing(pcr))
                reasons.push_back({.code = "policy.pcrs",
                                   .message = "PCR " + std::to_string(pcr) + " of " + to_string(algorithm) +
                                              " is not quoted",
                                   .event = {},
                                   .expected = {},
                                   .hint = "The quote must cover PCRs 0 to 14 of every allocated bank."});
        check_touched(log, {.algorithm = algorithm, .quoted = values}, exempt, reasons);
    }
    return reasons;
}

} // namespace vouchsafe::appraisal
